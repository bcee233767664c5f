"""Mirror: the callback tasks of executions, each an attempt of a request that somebody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from callbacks.asl.definition import is_activity
from callbacks.models.connection import Connection
from callbacks.models.mirror import Execution
from callbacks.models.policy import Policy

if TYPE_CHECKING:
    from callbacks.models.people import User


class Request(models.Model):
    """What a person sees as one thing: all attempts of one visit of one state."""

    id = models.UUIDField(primary_key=True, editable=False)
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="requests")
    state = models.CharField(max_length=80)
    # Where in the Maps and Parallels around it, such as "ReviewPhotos[2]"; empty at the top.
    iteration = models.CharField(max_length=500, blank=True)
    entry_number = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["execution", "state", "iteration", "entry_number"], name="request_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.iteration}".strip()


class TaskStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    # A job that the workflow waits for by itself (.sync); an answer may end that early.
    RUNNING = "running", "Job runs"
    ANSWERED = "answered", "Answered"
    TIMED_OUT = "timed_out", "Ran out of time"
    STOPPED = "stopped", "Stopped"
    # By a sibling, a retry around it, the execution's end, or no longer known.
    CLOSED = "closed", "Closed"


# What an answer can still reach.
OPEN_TASKS = (TaskStatus.WAITING, TaskStatus.RUNNING)


class TokenState(models.TextChoices):
    HELD = "held", "held"
    # Not in the history, or more than one candidate is left: stop or redrive are the ways out.
    MISSING = "missing", "not passed to the worker"
    AMBIGUOUS = "ambiguous", "more than one candidate"
    ACTIVITY = "activity", "only the activity's worker has it"
    # Handed over moments ago; what it belongs to is being looked up.
    PENDING = "pending", "being looked up"


class DeadlineKind(models.TextChoices):
    EXACT = "exact", "exact"
    RANGE = "range", "a range"
    NONE = "none", "none"
    # The execution cannot be read, so that nobody knows.
    UNKNOWN = "unknown", "unknown"


class TaskQuerySet(models.QuerySet["CallbackTask"]):
    def waiting(self) -> TaskQuerySet:
        """What somebody has to answer."""
        return self.filter(status=TaskStatus.WAITING)

    def unfinished(self) -> TaskQuerySet:
        """Also what runs by itself and could be ended early."""
        return self.filter(status__in=OPEN_TASKS)

    def visible_to(self, user: User) -> TaskQuerySet:
        """What this person may know of; everything else is 404."""
        if user.sees_all:
            return self
        return self.answerable_by(user)

    def answerable_by(self, user: User) -> TaskQuerySet:
        # Two small queries instead of a join per row: there are few policies and many tasks.
        policy_ids = list(Policy.objects.answerable_by(user).values_list("id", flat=True))
        return self.filter(policy_id__in=policy_ids)


# What a job that runs by itself came to is no end of a wait.
_ENDED_ELSEWHERE = Q(answered_here=False, early_completion=False, closed_at__isnull=False)
# Somebody answered the wait, and with a yes.
WENT_WELL = Q(status="answered", closed_kind="succeeded")


class CallbackTask(models.Model):
    """One attempt of one task state that waits for a token, or that its token can end early.

    Carries everything that a list shows or filters by, so that a list is one table and one index.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="attempts")
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="tasks")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="tasks")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="tasks")

    # --- which attempt this is
    redrive_count = models.PositiveIntegerField(default=0)
    scheduled_event_id = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField(default=1)
    resource = models.CharField(max_length=256)
    # A .sync task that was given its token: nobody has to answer it, and an answer ends it early.
    early_completion = models.BooleanField(default=False)

    # --- what lists show
    state_machine_name = models.CharField(max_length=80)
    state = models.CharField(max_length=80)
    iteration = models.CharField(max_length=500, blank=True)
    headline = models.CharField(max_length=300)
    # Up to six of the workflow's own values: [[label, text], …], in the order of the input.
    key_fields = models.JSONField(default=list)
    asked_by = models.CharField(max_length=200, blank=True)
    # What a search looks through, in one column that PostgreSQL has a trigram index on.
    search_text = models.TextField(blank=True)

    # --- how long it may wait
    # Where both clocks begin; None where it has not been seen to start.
    started_at = models.DateTimeField(null=True)
    # How the worker calls itself that an activity's task was handed to.
    worker = models.CharField(max_length=256, blank=True)
    waiting_since = models.DateTimeField()
    dies_earliest = models.DateTimeField()
    dies_latest = models.DateTimeField()
    deadline_kind = models.CharField(max_length=8, choices=DeadlineKind.choices)
    deadline_reason = models.CharField(max_length=40, blank=True)
    timeout_seconds = models.PositiveBigIntegerField(null=True)
    heartbeat_seconds = models.PositiveBigIntegerField(null=True)

    # --- how it stands
    status = models.CharField(max_length=12, choices=TaskStatus.choices, default=TaskStatus.WAITING)
    closed_at = models.DateTimeField(null=True)
    closed_event_id = models.PositiveIntegerField(null=True)
    closed_event_type = models.CharField(max_length=60, blank=True)
    closed_kind = models.CharField(max_length=40, blank=True)
    closed_output = models.TextField(blank=True)
    closed_error = models.CharField(max_length=256, blank=True)
    closed_cause = models.TextField(blank=True)
    # An answer of ours is confirmed to have ended it. The record knows; this spares a list of the
    # other ends from passing over all of ours.
    answered_here = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    # --- what the approver reads: JSON texts as AWS gave them, every token masked
    input = models.TextField(blank=True)
    context = models.TextField(blank=True)
    parameters = models.TextField(blank=True)
    # A JSON object of what the state could read by name; "" where there was nothing, or too much.
    variables = models.TextField(blank=True)

    # --- the bearer secret: encrypted and bound to this row, found by its hash
    token_state = models.CharField(max_length=12, choices=TokenState.choices)
    token_ciphertext = models.BinaryField(null=True)
    token_sha256 = models.CharField(max_length=64, blank=True)
    token_length = models.PositiveIntegerField(default=0)

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["execution", "redrive_count", "scheduled_event_id"], name="task_once"
            ),
        ]
        indexes = [
            # The inbox: whose it is, what dies first.
            models.Index(
                fields=["policy", "dies_earliest", "id"],
                condition=Q(status="waiting"),
                name="task_inbox",
            ),
            models.Index(
                fields=["dies_earliest", "id"], condition=Q(status="waiting"), name="task_waiting"
            ),
            models.Index(
                fields=["dies_earliest", "id"], condition=Q(status="running"), name="task_running"
            ),
            # What nothing of its own ever ends.
            models.Index(
                fields=["dies_earliest", "id"],
                condition=Q(status="waiting", deadline_kind="none"),
                name="task_no_clock",
            ),
            # The other orders of the lists: waiting longest, newest.
            models.Index(
                fields=["waiting_since", "id"], condition=Q(status="waiting"), name="task_by_age"
            ),
            # One workflow, or one step of all, in the usual order.
            models.Index(
                fields=["state_machine_name", "dies_earliest", "id"],
                condition=Q(status="waiting"),
                name="task_by_workflow",
            ),
            models.Index(
                fields=["state", "dies_earliest", "id"],
                condition=Q(status="waiting"),
                name="task_by_step",
            ),
            # How many wait per connection.
            models.Index(
                fields=["connection"], condition=Q(status="waiting"), name="task_by_connection"
            ),
            # What ended, or ended in this way, and not by an answer of ours.
            models.Index(
                fields=["closed_at", "id"],
                condition=_ENDED_ELSEWHERE,
                name="task_ended",
            ),
            models.Index(
                fields=["status", "closed_at", "id"],
                condition=_ENDED_ELSEWHERE,
                name="task_ended_otherwise",
            ),
            # What answers to a step were, the newest first.
            models.Index(
                fields=["connection", "state_machine_name", "state", "-closed_at"],
                condition=WENT_WELL,
                name="task_went_well",
            ),
            models.Index(fields=["changed_at"], name="task_changed"),
            models.Index(fields=["token_sha256"], name="task_token"),
        ]

    def __str__(self) -> str:
        return self.headline

    @property
    def is_waiting(self) -> bool:
        return self.status == TaskStatus.WAITING

    @property
    def is_open(self) -> bool:
        """Not over: somebody is waited for, or a job that an answer may end early."""
        return self.status in OPEN_TASKS

    @property
    def is_activity(self) -> bool:
        return is_activity(self.resource)

    @property
    def job_ended(self) -> bool:
        """A job came to its end: by itself, or somebody ended the wait for it early."""
        ends = ("succeeded", "failed")
        return self.status == TaskStatus.CLOSED and self.closed_kind in ends

    @property
    def can_be_answered(self) -> bool:
        return self.is_open and self.token_state == TokenState.HELD
