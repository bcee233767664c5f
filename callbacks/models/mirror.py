"""Mirror: what AWS has, as sync last read it. May be dropped and rebuilt from AWS."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.db.models import Q

from callbacks.models.connection import Connection


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
    # AWS denies the histories of its executions, and those that it has denied are not asked for
    # until then.
    histories_denied_until = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    # AWS deletes it as soon as its last execution has ended, and ends each at its next state.
    is_deleting = models.BooleanField(default=False)
    # AWS's, by which one of the same name that was made anew is told from the old one.
    created_at = models.DateTimeField(null=True)
    # Somebody may wait in one of its versions, whatever today's definition says.
    versions_wait = models.BooleanField(default=False)
    # Somebody could wait in it at some time: a version may be of then.
    could_wait = models.BooleanField(default=False, db_default=False)
    # Where nobody can wait today: when a page of what runs was last looked at for definitions in
    # which somebody can, and when the next one is due (None: at once).
    surveyed_at = models.DateTimeField(null=True)
    survey_next_at = models.DateTimeField(null=True)
    # In AWS's clock: nobody waits in what ran then; when a survey that goes on began, and where.
    survey_upto = models.DateTimeField(null=True)
    survey_began_at = models.DateTimeField(null=True)
    survey_token = models.TextField(blank=True, db_default="")
    # A key of one's own that encrypts it, as it names it: an ARN, an id or an alias.
    kms_key = models.CharField(max_length=2048, blank=True)
    # AWS's tags, name to value; asked for only while a policy goes by tags. When they were read,
    # and when they were last asked for.
    tags = models.JSONField(default=dict)
    tags_read_at = models.DateTimeField(null=True)
    tags_asked_at = models.DateTimeField(null=True)
    # Of a Map Run: the execution that it is a part of, and since when (AWS's clock) it is over.
    parent = models.ForeignKey(
        "Execution", null=True, on_delete=models.CASCADE, related_name="map_runs"
    )
    over_at = models.DateTimeField(null=True)
    # When the own time limit of an execution that it is a part of ends it at the latest.
    ends_by = models.DateTimeField(null=True)

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
            models.Index(
                fields=["connection", "histories_denied_until"],
                condition=Q(histories_denied_until__isnull=False),
                name="statemachine_denied",
            ),
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
    def known_tags(self) -> Mapping[str, str] | None:
        """None where they were never read."""
        tags: Mapping[str, str] = self.tags
        return tags if tags or self.tags_read_at is not None else None

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
    # The ARN of the execution that started it, as its own input says: only to be shown.
    started_by = models.CharField(max_length=256, blank=True, default="", db_default="")
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
            # Set aside: how many, why, and since when nothing is known.
            models.Index(
                fields=["connection", "problem", "read_at", "problem_since"],
                condition=Q(status="RUNNING", problem__gt=""),
                name="execution_set_aside",
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
    def is_item(self) -> bool:
        """The child of a Map Run; its ARN has the Map's label, which no name has."""
        return "/" in self.arn

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
