"""Remarks and claims for their pages: a fixed number of queries, whatever there is."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from callbacks.models import CallbackTask, Claim, Comment

# A request with more has its others in the API and in the record.
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Conversation:
    comments: Sequence[Comment]
    claim: Claim | None


NOTHING_SAID = Conversation((), None)


def conversation_of(*, task: CallbackTask) -> Conversation:
    """Two queries: the latest comments, the oldest first, and who is on it."""
    comments = Comment.objects.filter(request_id=task.request_id).order_by("-at", "-id")
    claim = Claim.objects.select_related("user", "team", "by").filter(request_id=task.request_id)
    return Conversation(tuple(reversed(comments[:MOST_SHOWN])), claim.first())


def holders_of(*, request_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """Who is on which of these requests: one query."""
    rows = Claim.objects.select_related("user", "team").filter(request_id__in=request_ids)
    return {claim.request_id: claim.holder for claim in rows}
