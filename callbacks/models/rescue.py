"""Record: what a person did to a task or a run beside answering it, and what AWS said.

As in `record`, names are copied as text and keys into the mirror carry no constraint, so that it
stands without the mirror; triggers keep what was asked and by whom.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q

from callbacks.models.mirror import Execution
from callbacks.models.people import User
from callbacks.models.record import RecordError, RecordQuerySet
from callbacks.models.tasks import CallbackTask


class RescueKind(models.TextChoices):
    HEARTBEAT = "heartbeat", "Heartbeat"
    STOP = "stop", "Stop"
    REDRIVE = "redrive", "Redrive"


class RescueStatus(models.TextChoices):
    REQUESTED = "requested", "Asked for"
    SENDING = "sending", "Sending"
    SENT = "sent", "AWS took it"
    DONE = "done", "Done"
    REFUSED = "refused", "Not done"
    UNKNOWN = "unknown", "Outcome unknown"


# What may still change, and of which a run has at most one per kind. A heartbeat leaves no trace
# in AWS, so that its "unknown" stays.
OPEN_RESCUES = (
    RescueStatus.REQUESTED,
    RescueStatus.SENDING,
    RescueStatus.SENT,
    RescueStatus.UNKNOWN,
)
_OPEN = Q(status__in=[str(status) for status in OPEN_RESCUES])
_OF_THE_RUN = Q(kind__in=[str(RescueKind.STOP), str(RescueKind.REDRIVE)])


class RescueAction(models.Model):
    """One heartbeat, stop or redrive by a person: frozen as asked for, moving as it goes."""

    # Chosen by the form or the caller: sending the form twice makes one action. It is also the
    # client token of a redrive, by which AWS knows a repeat.
    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=12, choices=RescueKind.choices)
    execution = models.ForeignKey(
        Execution,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="rescues",
    )
    # Of a heartbeat only.
    task = models.ForeignKey(
        CallbackTask,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="rescues",
    )

    # --- what it was done to, as text
    connection_id = models.UUIDField()
    connection_name = models.CharField(max_length=80)
    region = models.CharField(max_length=32)
    state_machine_name = models.CharField(max_length=80)
    execution_arn = models.CharField(max_length=256)
    execution_name = models.CharField(max_length=80)
    # Of the run when it was asked for: a redrive is seen by its having grown.
    redrive_count = models.PositiveIntegerField()
    state = models.CharField(max_length=80, blank=True)
    iteration = models.CharField(max_length=500, blank=True)
    scheduled_event_id = models.PositiveIntegerField(null=True)

    # --- what was asked, by whom, and what they were told would be lost
    error = models.CharField(max_length=256, blank=True)
    cause = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    waiting_tasks = models.PositiveIntegerField(default=0)
    live_answers = models.PositiveIntegerField(default=0)
    asked_by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="rescues",
    )
    asked_by_name = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    channel = models.CharField(max_length=16)

    # --- how it stands
    status = models.CharField(max_length=12, choices=RescueStatus.choices)
    status_at = models.DateTimeField()
    # Grows with every claim; an outcome is written only by the claim that has it.
    generation = models.PositiveIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    first_sent_at = models.DateTimeField(null=True)
    look_after = models.DateTimeField(null=True)
    looks = models.PositiveIntegerField(default=0)
    hinted_at = models.DateTimeField(null=True)

    # --- what AWS said
    aws_request_id = models.CharField(max_length=64, blank=True)
    # In AWS's clock where it told: from then on a heartbeat counts.
    taken_at = models.DateTimeField(null=True)
    answer_code = models.CharField(max_length=80, blank=True)
    answer_message = models.TextField(blank=True)
    outcome = models.CharField(max_length=40, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["execution", "kind"], condition=_OPEN & _OF_THE_RUN, name="rescue_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "look_after"], condition=_OPEN, name="rescue_to_move"),
            models.Index(fields=["execution", "asked_at"], name="rescue_by_execution"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.asked_by_name}: {self.status}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RecordError("The record is never deleted.")
