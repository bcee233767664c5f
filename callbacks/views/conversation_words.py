"""What was said about a request, and who is on it, in words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from callbacks.models import Claim
from callbacks.queries.requests import RequestFacts
from callbacks.templatetags.words import moment
from callbacks.views.places import task_page


@dataclass(frozen=True, slots=True)
class CommentWords:
    name: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class ClaimWords:
    words: str
    note: str


@dataclass(frozen=True, slots=True)
class ConversationWords:
    """What templates/parts/conversation.html shows; `comment_id` is the number of the next one."""

    comments: tuple[CommentWords, ...]
    claim: ClaimWords | None
    waits: bool
    comment_id: uuid.UUID
    comment_url: str
    claim_url: str
    hand_over_url: str


def conversation_words(*, facts: RequestFacts, now: datetime) -> ConversationWords:
    page = task_page(facts.task.pk)
    claim = facts.conversation.claim
    return ConversationWords(
        comments=tuple(
            CommentWords(one.user_name, moment(at=one.at, now=now), one.text)
            for one in facts.conversation.comments
        ),
        # A claim says nothing about what is over.
        claim=_claim(claim, now) if claim and facts.task.is_waiting else None,
        waits=facts.task.is_waiting,
        comment_id=uuid.uuid4(),
        comment_url=f"{page}comments/",
        claim_url=f"{page}claim/",
        hand_over_url=f"{page}hand-over/",
    )


def _claim(claim: Claim, now: datetime) -> ClaimWords:
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
