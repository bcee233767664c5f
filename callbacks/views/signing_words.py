"""An answer that collects signatures, in words: who signed what, and what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.decisions.policy import Missing
from callbacks.decisions.votes import Standing, Tally, tally
from callbacks.models import CallbackTask, Decision, DecisionStatus, Direction, Vote
from callbacks.views.answer_form import as_seen
from callbacks.views.clocks import short_moment
from callbacks.views.panels import Fact, short_text


@dataclass(frozen=True, slots=True)
class Signature:
    """`counts` today; `note` says why not."""

    name: str
    at: str
    reason: str
    is_own: bool
    counts: bool
    note: str


@dataclass(frozen=True, slots=True)
class Signing:
    """What templates/parts/signing.html shows. `lacks` are the signatures still missing.

    `count_after` is what one more by the reader would make of `count`. `is_outdated`: the policy
    has changed since, so that none of them counts and the next answer begins anew.
    """

    decision: Decision
    is_outdated: bool
    count: str
    count_after: str
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
    found = _tally(decision, task, user_id)
    signatures = tuple(_signature(vote, found, user_id, now) for vote in standing)
    wanted = _wanted(task, decision.direction)
    return Signing(
        decision=decision,
        is_outdated=found is None,
        count=_count(found.now) if found else count_words(0, wanted),
        count_after=_count(found.after) if found else count_words(1, wanted),
        lacks=_lacks(found.now.missing, task)
        if found
        else _("The policy has changed since: the next answer begins anew."),
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


def after_this_one(
    task: CallbackTask, direction: Direction, signing: Signing | None, *, output: str
) -> str:
    """What a signature given now would make of the count, under a button.

    `output`: the answer as it is written now. Signatures are bound to the exact bytes.
    """
    if signing is None:
        return count_words(1, _wanted(task, direction))
    signed = signing.decision
    is_other = direction == Direction.APPROVE and as_seen(signed.output_text) != output
    if signed.direction == direction and not is_other:
        return signing.count_after
    count = count_words(1, _wanted(task, direction))
    if not signing.others or signing.is_outdated:
        return count
    return _("%(count)s, %(names)s void") % {"count": count, "names": signing.others}


def _tally(decision: Decision, task: CallbackTask, user_id: int) -> Tally | None:
    """None where another version of the policy holds now."""
    if decision.policy_id != task.policy_id:
        return None
    return tally(decision=decision, policy=task.policy, asked_by=task.asked_by, reader=user_id)


def _count(standing: Standing) -> str:
    have = len(standing.valid)
    return count_words(have, have + standing.missing.at_least)


def _wanted(task: CallbackTask, direction: str) -> int:
    """How many signatures it takes from none on."""
    needed = task.policy.signatures_needed(direction)
    if direction != Direction.APPROVE:
        return needed
    return max(needed, sum(one.approvals for one in task.policy.policy_teams.all()))


def _signature(vote: Vote, found: Tally | None, user_id: int, now: datetime) -> Signature:
    counts = found is not None and vote.user_id in found.now.valid
    note = _("may not sign any more, so it does not count") if found and not counts else ""
    return Signature(
        counts=counts,
        note=note,
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
    if lacking.is_nothing:
        return ""
    n = lacking.at_least
    words = ngettext("%(n)d more signature is needed", "%(n)d more signatures are needed", n) % {
        "n": n
    }
    teams = {one.team_id: one.team.name for one in task.policy.policy_teams.all()}
    of_teams = [
        _("%(n)d of %(team)s") % {"n": count, "team": teams.get(team, "")}
        for team, count in lacking.of_teams
    ]
    if not of_teams:
        return f"{words}."
    return f"{words}: {_('at least')} {', '.join(of_teams)}."
