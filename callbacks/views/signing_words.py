"""An answer that collects signatures, in words: who signed what, and what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.decisions.policy import Missing
from callbacks.decisions.votes import still_missing
from callbacks.models import CallbackTask, Decision, DecisionStatus, Direction, Vote
from callbacks.views.clocks import short_moment
from callbacks.views.panels import Fact, short_text


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    at: str
    reason: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Signing:
    """What templates/parts/signing.html shows. `lacks` are the signatures still missing.

    `valid` of them count today: not those of people who may not sign any more, and none where the
    policy has changed since.
    """

    decision: Decision
    valid: int
    count: str
    lacks: str
    signatures: tuple[Signature, ...]
    has_signed: bool
    answer: tuple[tuple[str, str], ...]
    others: str


def signing_of(
    *,
    decision: Decision | None,
    task: CallbackTask,
    votes: Sequence[Vote],
    user_id: int,
    now: datetime,
) -> Signing | None:
    """None where no answer collects signatures. Asks who of the signers still counts."""
    if decision is None or decision.status != DecisionStatus.COLLECTING:
        return None
    standing = standing_votes(decision, votes)
    signatures = tuple(_signature(vote, user_id, now) for vote in standing)
    needed = task.policy.signatures_needed(decision.direction)
    if decision.policy_id == task.policy_id:
        lacking = still_missing(decision=decision, policy=task.policy, asked_by=task.asked_by)
        valid, lacks = needed - lacking.count, _lacks(lacking, task)
    else:
        valid, lacks = 0, _("The policy has changed since: the next answer begins anew.")
    return Signing(
        decision=decision,
        valid=valid,
        count=count_words(valid, needed),
        lacks=lacks,
        signatures=signatures,
        has_signed=any(one.is_own for one in signatures),
        answer=answer_texts(decision),
        others=", ".join(one.name for one in signatures if not one.is_own),
    )


def standing_votes(decision: Decision, votes: Sequence[Vote]) -> list[Vote]:
    """Signatures under this answer that nobody took back, the first first."""
    mine = (vote for vote in votes if vote.decision_id == decision.pk)
    return sorted((vote for vote in mine if vote.withdrawn_at is None), key=lambda vote: vote.at)


def count_words(have: int, needed: int) -> str:
    return ngettext(
        "%(have)d of %(needed)d signature", "%(have)d of %(needed)d signatures", needed
    ) % {"have": have, "needed": needed}


def answer_texts(decision: Decision) -> tuple[tuple[str, str], ...]:
    """What was signed, exactly: the output, or error and cause."""
    if decision.output is not None:
        return ((_("Answer"), decision.output_text),)
    return ((_("Error"), decision.error), (_("Cause"), decision.cause))


def signature_facts(decision: Decision, votes: Sequence[Vote], now: datetime) -> tuple[Fact, ...]:
    """Who signed, and who took it back, for the record and for panels."""
    mine = sorted((v for v in votes if v.decision_id == decision.pk), key=lambda vote: vote.at)
    return tuple(Fact(_("Signed by"), _signed(vote, now)) for vote in mine)


def after_this_one(task: CallbackTask, direction: Direction, signing: Signing | None) -> str:
    """What a signature given now would make of the count, under a button."""
    needed = task.policy.signatures_needed(direction)
    if signing is None or signing.decision.direction != direction:
        return count_words(1, needed)
    return count_words(min(needed, signing.valid + 1), needed)


def _signature(vote: Vote, user_id: int, now: datetime) -> Signature:
    return Signature(
        name=vote.user_name,
        at=short_moment(vote.at, now),
        reason=short_text(vote.reason),
        is_own=vote.user_id == user_id,
    )


def _signed(vote: Vote, now: datetime) -> str:
    words = f"{vote.user_name}, {short_moment(vote.at, now)}"
    if vote.withdrawn_at is not None:
        words += " · " + _("taken back %(at)s") % {"at": short_moment(vote.withdrawn_at, now)}
    return f"{words} · “{short_text(vote.reason)}”" if vote.reason.strip() else words


def _lacks(lacking: Missing, task: CallbackTask) -> str:
    teams = {one.team_id: one.team.name for one in task.policy.policy_teams.all()}
    parts = []
    if lacking.count:
        parts.append(
            ngettext(
                "%(n)d more signature is needed", "%(n)d more signatures are needed", lacking.count
            )
            % {"n": lacking.count}
        )
    parts += [
        _("%(n)d of %(team)s") % {"n": count, "team": teams.get(team, "")}
        for team, count in lacking.of_teams
    ]
    return ", ".join(parts) + "." if parts else ""
