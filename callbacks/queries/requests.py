"""One request for its page: task, attempts, answers, draft, and its place in the queue."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q

from callbacks.models import (
    LIVE,
    CallbackTask,
    Decision,
    Draft,
    Intake,
    PolicyTeam,
    TaskStatus,
    User,
    Vote,
)
from callbacks.queries.conversation import NOTHING_SAID, Conversation, conversation_of
from callbacks.queries.paging import Cursor, after, bounded_count
from callbacks.queries.sight import Sight, answerable_tasks, visible_tasks

# A retry with many attempts is told by its latest; all stand in the history.
ATTEMPTS_SHOWN = 20
NAMED_TEAMS = PolicyTeam.objects.select_related("team")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task stands in its reader's inbox, dying soonest first; counted to a bound."""

    number: int
    total: int
    previous: uuid.UUID | None
    next: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """`attempts` holds every attempt of the request, the latest first, without payloads."""

    task: CallbackTask
    attempts: Sequence[CallbackTask]
    answers: Sequence[Decision]
    draft: Draft | None
    # All signatures under these answers, also those that were taken back.
    votes: Sequence[Vote] = ()
    conversation: Conversation = NOTHING_SAID
    # Whoever handed its token over, and what they said.
    intake: Intake | None = None

    @property
    def live_answer(self) -> Decision | None:
        """The answer that holds for this attempt, whoever gave it."""
        return self.live_answer_to(self.task)

    def live_answer_to(self, attempt: CallbackTask) -> Decision | None:
        """The same for any attempt of the request."""
        theirs = [answer for answer in self.answers if answer.task_id == attempt.pk]
        return next((answer for answer in theirs if answer.status in LIVE), None)

    @property
    def last_answer(self) -> Decision | None:
        """The latest answer to this attempt, also one that was taken back, lost or refused."""
        mine = [answer for answer in self.answers if answer.task_id == self.task.pk]
        return mine[0] if mine else None

    @property
    def live_attempt(self) -> CallbackTask | None:
        """The attempt that waits or runs now, where it is another one than this."""
        waiting = (attempt for attempt in self.attempts if attempt.is_open)
        return next((attempt for attempt in waiting if attempt.pk != self.task.pk), None)


def find_task(*, task_id: uuid.UUID, sight: Sight) -> CallbackTask | None:
    """The task with all that its page shows, or None where this person may not know of it."""
    return (
        visible_tasks(sight)
        .select_related("connection", "policy", "execution__state_machine", "execution__definition")
        .prefetch_related(Prefetch("policy__policy_teams", NAMED_TEAMS), "policy__users")
        .filter(pk=task_id)
        .first()
    )


def request_facts(*, task: CallbackTask, user: User, now: datetime) -> RequestFacts:
    """Six queries (attempts, answers, draft, comments, claim, intake), seven with answers."""
    attempts = (
        CallbackTask.objects.filter(request_id=task.request_id)
        .defer("input", "context", "parameters", "variables", "closed_output", "token_ciphertext")
        .order_by("-redrive_count", "-scheduled_event_id")[:ATTEMPTS_SHOWN]
    )
    of_it = Q(request_id=task.request_id) | Q(task_id=task.pk)
    rows = Decision.objects.filter(of_it).order_by("-decided_at", "-id")
    answers = tuple(rows[:ATTEMPTS_SHOWN])
    votes = Vote.objects.filter(decision__request_id=task.request_id) if answers else ()
    return RequestFacts(
        task=task,
        attempts=tuple(attempts),
        answers=answers,
        draft=Draft.objects.filter(user=user, request_id=task.request_id).first(),
        conversation=conversation_of(task=task, now=now),
        votes=tuple(votes),
        intake=Intake.objects.filter(Q(pk=task.pk) | Q(task_id=task.pk)).first(),
    )


def place_in_queue(*, task: CallbackTask, sight: Sight, total: int) -> Place | None:
    """Where it stands among the `total` that wait for this person; None where it does not.

    Three queries.
    """
    queue = answerable_tasks(sight).filter(status=TaskStatus.WAITING)
    if not task.is_waiting or task.policy_id not in sight.policy_ids or not sight.is_approver:
        return None
    here = Cursor(at=task.dies_earliest, id=task.pk)
    earlier = queue.filter(after("dies_earliest", here, descending=True))
    later = queue.filter(after("dies_earliest", here))
    ids = {
        "previous": earlier.order_by("-dies_earliest", "-id").values_list("pk", flat=True).first(),
        "next": later.order_by("dies_earliest", "id").values_list("pk", flat=True).first(),
    }
    return Place(number=bounded_count(earlier) + 1, total=total, **ids)


def next_for(*, sight: Sight, but: uuid.UUID) -> tuple[uuid.UUID, str] | None:
    """What waits for this person next, without an answer yet: its id and headline. One query."""
    answered = Decision.objects.live().filter(task_id=OuterRef("pk"))
    queue = answerable_tasks(sight).filter(~Exists(answered), status=TaskStatus.WAITING)
    rows = queue.exclude(pk=but).order_by("dies_earliest", "id")
    found: tuple[uuid.UUID, str] | None = rows.values_list("pk", "headline").first()
    return found
