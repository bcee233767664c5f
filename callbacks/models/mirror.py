"""Mirror: what AWS has, as sync last read it. May be dropped and rebuilt from AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from callbacks.asl.definition import is_activity
from callbacks.models.connection import Connection
from callbacks.models.policy import Policy

if TYPE_CHECKING:
    from callbacks.models.people import User


class Definition(models.Model):
    """A state machine's definition, kept once however many executions run on it."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    text = models.TextField()
    can_wait = models.BooleanField()

    def __str__(self) -> str:
        return self.sha256[:12]


# Of state machines: somebody may wait in executions that begin now.
MAY_WAIT = Q(definition__can_wait=True) | Q(versions_wait=True)


class StateMachineQuerySet(models.QuerySet["StateMachine"]):
    def without_map_runs(self) -> StateMachineQuerySet:
        """Those that AWS lists as state machines."""
        return self.filter(parent=None)


class StateMachine(models.Model):
    """What has a list of executions: a state machine, or one Map Run of a distributed Map.

    A Map Run has the ARN of the run and the name of its state machine, which is what people and
    policies call it by.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="state_machines"
    )
    arn = models.CharField(max_length=256)
    name = models.CharField(max_length=80)
    type = models.CharField(max_length=16, default="STANDARD")
    # Today's definition; an execution keeps the one that it started on.
    definition = models.ForeignKey(Definition, null=True, on_delete=models.PROTECT)
    revision_id = models.CharField(max_length=64, blank=True)
    # In AWS's clock: since when each description showed this revision, and when the last one did.
    revision_since = models.DateTimeField(null=True)
    described_at = models.DateTimeField(null=True)
    # When its lists were last read down to what was known.
    listed_at = models.DateTimeField(null=True)
    # In AWS's clock: everything that had begun or ended by then stands in the mirror.
    looked_at = models.DateTimeField(null=True)
    # A look that goes on in the next pass: when it began, and AWS's token of the page to go on at.
    look_began_at = models.DateTimeField(null=True)
    look_token = models.TextField(blank=True)
    # All pages of one listing have to be asked for alike (API_ListExecutions).
    look_size = models.PositiveIntegerField(default=100)
    # How many executions a second begin or end, averaged over minutes.
    news = models.FloatField(default=0.0)
    # When the last whole sweep of the running ones ended.
    swept_at = models.DateTimeField(null=True)
    # A sweep that goes on: when it began in AWS's clock, where, and below which of the running.
    sweep_began_at = models.DateTimeField(null=True)
    sweep_token = models.TextField(blank=True)
    sweep_upto = models.DateTimeField(null=True)
    sweep_carried = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True)
    # When AWS last refused a call about it; it is left alone for a while after that.
    problem_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    # AWS deletes it as soon as its last execution has ended, and ends each at its next state.
    is_deleting = models.BooleanField(default=False)
    # AWS's, by which one of the same name that was made anew is told from the old one.
    created_at = models.DateTimeField(null=True)
    # Somebody may wait in one of its versions, whatever today's definition says.
    versions_wait = models.BooleanField(default=False)
    # When what runs was last looked at for versions, where nobody can wait today.
    surveyed_at = models.DateTimeField(null=True)
    # A key of one's own that encrypts it, as it names it: an ARN, an id or an alias.
    kms_key = models.CharField(max_length=2048, blank=True)
    # AWS's tags, name to value; asked for only while a policy goes by tags.
    tags = models.JSONField(default=dict)
    tags_read_at = models.DateTimeField(null=True)
    # Of a Map Run: the execution that it is a part of, and since when (AWS's clock) it is over.
    parent = models.ForeignKey(
        "Execution", null=True, on_delete=models.CASCADE, related_name="map_runs"
    )
    over_at = models.DateTimeField(null=True)

    objects = StateMachineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "arn"], name="statemachine_once"),
        ]
        indexes = [
            # Map Runs that were let go stay, and no pass is to read past all of them.
            models.Index(
                fields=["connection"], condition=Q(gone_at=None), name="statemachine_there"
            ),
            models.Index(fields=["connection"], condition=Q(parent=None), name="statemachine_own"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_map_run(self) -> bool:
        return ":mapRun:" in self.arn

    @property
    def may_wait(self) -> bool:
        """As MAY_WAIT asks it."""
        return self.versions_wait or (self.definition is not None and self.definition.can_wait)

    @property
    def state_machine_arn(self) -> str:
        """What AWS says its executions are of; a Map Run's are of `…:stateMachine:NAME/LABEL`."""
        if not self.is_map_run:
            return self.arn
        return self.arn.rpartition(":")[0].replace(":mapRun:", ":stateMachine:", 1)


class StateMachineVersion(models.Model):
    """A published version, which never changes."""

    state_machine = models.ForeignKey(
        StateMachine, on_delete=models.CASCADE, related_name="versions"
    )
    number = models.CharField(max_length=20)
    definition = models.ForeignKey(Definition, on_delete=models.PROTECT)
    # AWS's; empty where only an execution of it could still be asked about.
    created_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state_machine", "number"], name="version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.state_machine_id}:{self.number}"


class ExecutionStatus(models.TextChoices):
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"
    PENDING_REDRIVE = "PENDING_REDRIVE"
    # AWS no longer knows it (90 days after its end).
    FORGOTTEN = "FORGOTTEN"
    # Stands for one that is not known, or cannot be read: all that is known is a task's token,
    # which a worker handed over. Never asked for, and gone once the real one is read.
    UNREAD = "UNREAD"


class Execution(models.Model):
    id = models.UUIDField(primary_key=True, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="executions")
    state_machine = models.ForeignKey(
        StateMachine, on_delete=models.CASCADE, related_name="executions"
    )
    # The definition that this execution runs on; empty until it is known for certain.
    definition = models.ForeignKey(Definition, null=True, on_delete=models.PROTECT)
    arn = models.CharField(max_length=256)
    name = models.CharField(max_length=80)
    # By which version it was started, and by which alias that led there; mostly by neither.
    version = models.CharField(max_length=20, blank=True)
    alias = models.CharField(max_length=80, blank=True)
    status = models.CharField(
        max_length=16, choices=ExecutionStatus.choices, default=ExecutionStatus.RUNNING
    )
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    redrive_count = models.PositiveIntegerField(default=0)
    # By what AWS's list of the running ones is sorted: the start, or the last redrive.
    ordered_at = models.DateTimeField()
    # Since when it is missing from that list: it must be over, but what ended it is not read yet.
    left_at = models.DateTimeField(null=True)
    # JSON texts with every token masked.
    input = models.TextField(blank=True)
    output = models.TextField(blank=True)
    error = models.CharField(max_length=256, blank=True)
    cause = models.TextField(blank=True)
    last_event_id = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    # A branch is running, so the history can grow by itself; otherwise only an answer, a deadline
    # or a stop can change it.
    is_moving = models.BooleanField(default=True)
    read_next_at = models.DateTimeField(null=True)
    # Why the last reading was not used; the execution is left alone until `read_next_at`.
    problem = models.CharField(max_length=500, blank=True)
    problem_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "arn"], name="execution_once"),
        ]
        indexes = [
            # Listed, and never read.
            models.Index(
                fields=["connection", "started_at"],
                condition=Q(status="RUNNING", read_at__isnull=True),
                name="execution_new",
            ),
            models.Index(
                fields=["connection", "read_next_at"],
                condition=Q(status="RUNNING", read_at__isnull=False),
                name="execution_to_read",
            ),
            # The longest unread.
            models.Index(
                fields=["connection", "read_at"],
                condition=Q(status="RUNNING", read_at__isnull=False),
                name="execution_by_reading",
            ),
            # A sweep holds its pages against these.
            models.Index(
                fields=["state_machine", "ordered_at"],
                condition=Q(status="RUNNING"),
                name="execution_by_order",
            ),
            models.Index(
                fields=["connection", "left_at"],
                condition=Q(left_at__isnull=False),
                name="execution_left",
            ),
            # What stands for one that is not known.
            models.Index(
                fields=["connection"], condition=Q(status="UNREAD"), name="execution_stand_in"
            ),
            # Over, but what closed its tasks is not read yet.
            models.Index(
                fields=["connection", "read_next_at"],
                condition=~Q(status="RUNNING") & Q(read_next_at__isnull=False),
                name="execution_unread",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_known(self) -> bool:
        """Whether AWS can be asked about it."""
        return self.status != ExecutionStatus.UNREAD

    @property
    def label(self) -> str:
        """Its name, for people."""
        return self.name if self.is_known else "A run that is not known here"


class HistorySkeleton(models.Model):
    """What is kept of a long history while it runs, so that only its new events need be read.

    Written in the transaction that writes its last reading; without one a history is read whole.
    """

    execution = models.OneToOneField(
        Execution, primary_key=True, on_delete=models.CASCADE, related_name="skeleton"
    )
    last_event_id = models.PositiveIntegerField()
    form = models.PositiveSmallIntegerField()
    # Bones and payloads, bound to this row; see callbacks/asl/skeleton.py.
    ciphertext = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.last_event_id} events"


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
