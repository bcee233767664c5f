"""What was said about a request, and who is on it, in words."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from callbacks.conversation.comments import MAY_COMMENT
from callbacks.models import Claim, Decision, Direction, User
from callbacks.queries.conversation import Handed
from callbacks.queries.requests import RequestFacts
from callbacks.templatetags.words import moment
from callbacks.views.closings import answer_badge
from callbacks.views.panels import short_text
from callbacks.views.places import decision_page, task_page

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, or an answer with its badge and the address of its record."""

    name: str
    at: str
    text: str
    badge: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ClaimWords:
    words: str
    note: str


@dataclass(frozen=True, slots=True)
class ConversationWords:
    """What templates/parts/conversation.html shows; `comment_id` is the number of the next one."""

    said: tuple[Said, ...]
    claim: ClaimWords | None
    waits: bool
    may_write: bool
    comment_id: uuid.UUID
    comment_url: str
    claim_url: str
    hand_over_url: str
    presence_url: str


def conversation_words(*, facts: RequestFacts, user: User, now: datetime) -> ConversationWords:
    page = task_page(facts.task.pk)
    claim = facts.conversation.claim
    return ConversationWords(
        said=_said(facts, now),
        # A claim says nothing about what is over.
        claim=claim_words(claim, now) if claim and facts.task.is_waiting else None,
        waits=facts.task.is_waiting,
        may_write=bool(user.roles & MAY_COMMENT),
        comment_id=uuid.uuid4(),
        comment_url=f"{page}comments/",
        claim_url=f"{page}claim/",
        hand_over_url=f"{page}hand-over/",
        presence_url=f"{page}presence/",
    )


def _said(facts: RequestFacts, now: datetime) -> tuple[Said, ...]:
    """Comments and answers of all attempts, in the order of time."""
    told = [
        (one.at, Said(one.user_name, moment(at=one.at, now=now), one.text))
        for one in facts.conversation.comments
    ]
    is_off = not facts.task.connection.is_enabled
    told += [(one.decided_at, _answer(one, now, is_off=is_off)) for one in facts.answers]
    return tuple(said for _at, said in sorted(told, key=lambda pair: pair[0]))


def _answer(decision: Decision, now: datetime, *, is_off: bool) -> Said:
    is_approval = decision.direction == Direction.APPROVE
    badge = answer_badge(
        status=decision.status,
        direction=decision.direction,
        outcome=decision.outcome,
        is_off=is_off,
    )
    verb = _("Answer: approve") if is_approval else _("Answer: reject")
    reason = f" “{short_text(decision.reason)}”" if decision.reason.strip() else ""
    return Said(
        decision.decided_by_name,
        moment(at=decision.decided_at, now=now),
        f"{verb}.{reason}",
        badge=badge,
        url=decision_page(decision.pk),
    )


def claim_words(claim: Claim, now: datetime) -> ClaimWords:
    at = moment(at=claim.at, now=now)
    if claim.user_id == claim.by_id:
        words = _("%(name)s is on it since %(at)s.") % {"name": claim.holder, "at": at}
    else:
        words = _("%(by)s handed this to %(name)s, %(at)s.") % {
            "by": claim.by.label,
            "name": claim.holder,
            "at": at,
        }
    return ClaimWords(words, claim.note)


def presence_words(names: Sequence[str]) -> str:
    """Who else has the request open; "" where nobody has."""
    if len(names) > MOST_NAMED:
        return _("%(n)d others are reading this.") % {"n": len(names)}
    if len(names) > 1:
        first, last = ", ".join(names[:-1]), names[-1]
        return _("%(first)s and %(last)s are reading this.") % {"first": first, "last": last}
    return _("%(name)s is reading this.") % {"name": names[0]} if names else ""


@dataclass(frozen=True, slots=True)
class HandedWords:
    """A request that somebody gave to the reader, as the inbox says it on top."""

    url: str
    headline: str
    words: str
    note: str


def handed_words(handed: Sequence[Handed], now: datetime) -> list[HandedWords]:
    return [
        HandedWords(
            url=task_page(one.task_id),
            headline=one.headline,
            words=_("%(by)s handed this to %(name)s, %(at)s.")
            % {"by": one.by, "name": one.to, "at": moment(at=one.at, now=now)},
            note=one.note,
        )
        for one in handed
    ]
