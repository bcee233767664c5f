"""Remarks, claims and presence for their pages: a fixed number of queries, whatever there is."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from callbacks.models import CallbackTask, Claim, Comment, Decision, Intake, TaskStatus, User
from callbacks.queries.sight import Sight, answerable_tasks

# A request with more has its others in the API and in the record.
MOST_SHOWN = 200
MOST_HANDED = 10


@dataclass(frozen=True, slots=True)
class Conversation:
    comments: Sequence[Comment]
    claim: Claim | None


NOTHING_SAID = Conversation((), None)


def conversation_of(*, task: CallbackTask, now: datetime) -> Conversation:
    """Two queries: the latest comments, the oldest first, and who is on it."""
    return Conversation(comments_of(task=task), claim_of(task=task, now=now))


def comments_of(*, task: CallbackTask) -> Sequence[Comment]:
    """The latest comments on the task's request, the oldest first."""
    # Said about a token that was handed over, before it was found to be this task's.
    before = Intake.objects.filter(Q(pk=task.pk) | Q(task_id=task.pk)).values("request_id")
    about = Q(request_id=task.request_id) | Q(request_id__in=before)
    rows = Comment.objects.filter(about).order_by("-at", "-id")
    return tuple(reversed(rows[:MOST_SHOWN]))


def claim_of(*, task: CallbackTask, now: datetime) -> Claim | None:
    """Who is on the task's request, if anybody still is."""
    return standing_claims(now).filter(request_id=task.request_id).first()


def holders_of(*, request_ids: Collection[uuid.UUID], now: datetime) -> Mapping[uuid.UUID, str]:
    """Who is on which of these requests: one query."""
    rows = standing_claims(now).filter(request_id__in=request_ids)
    return {claim.request_id: claim.holder for claim in rows}


def standing_claims(now: datetime) -> QuerySet[Claim]:
    """Claims that still say something: an answer given since ends one, so does time.

    What was handed over waits for its new owner however long that takes.
    """
    lapsed = Q(user=F("by"), at__lt=now - timedelta(seconds=settings.CLAIM_SECONDS))
    answered = Decision.objects.live().filter(
        request_id=OuterRef("request_id"), decided_at__gte=OuterRef("at")
    )
    rows = Claim.objects.select_related("user", "team", "by")
    return rows.exclude(lapsed).filter(~Exists(answered))


def on_it(*, user_id: int, team_ids: Collection[int], now: datetime) -> QuerySet[Claim]:
    """Claims that are this person's or their teams'."""
    return standing_claims(now).filter(Q(user=user_id) | Q(team__in=team_ids))


@dataclass(frozen=True, slots=True)
class Handed:
    """A waiting request that somebody gave to this person or a team of theirs."""

    task_id: uuid.UUID
    headline: str
    by: str
    to: str
    note: str
    at: datetime


def handed_to(*, user: User, sight: Sight, now: datetime) -> list[Handed]:
    """What others gave this person and still waits, the latest first: two queries."""
    waiting = answerable_tasks(sight).filter(status=TaskStatus.WAITING)
    given = on_it(user_id=user.pk, team_ids=user.team_ids, now=now).exclude(by=user.pk)
    given = given.filter(Exists(waiting.filter(request_id=OuterRef("request_id"))))
    claims = {claim.request_id: claim for claim in given.order_by("-at")[:MOST_HANDED]}
    waiting = waiting.filter(request_id__in=claims)
    found = [
        Handed(task_id, headline, claim.by.label, claim.holder, claim.note, claim.at)
        for task_id, request_id, headline in waiting.values_list("pk", "request_id", "headline")
        for claim in (claims[request_id],)
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)
