"""Record: who answered what, and what became of it. Never lost, never deleted.

Names and identities are copied as text and keys into the mirror carry no database constraint, so
the record stands when the mirror is rebuilt. Triggers forbid what this module does not offer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NoReturn

from django.db import models
from django.db.models import Q

from callbacks.models.people import User
from callbacks.models.tasks import CallbackTask
from callbacks.stepfunctions.wire import DENIAL_CODES


class Direction(models.TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"


class DecisionStatus(models.TextChoices):
    COLLECTING = "collecting", "Collecting signatures"
    HELD = "held", "Held, then sent"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    CONFIRMED = "confirmed", "Confirmed"
    UNKNOWN = "unknown", "Outcome unknown"
    WITHDRAWN = "withdrawn", "Taken back"
    LOST = "lost", "Somebody else was first"
    REFUSED = "refused", "AWS refused the answer"


class VoidOutcome(StrEnum):
    """Why signatures that were collected count for nothing: the `outcome` of such an answer."""

    OTHER_ANSWER = "other_answer"
    REJECTED = "rejected"
    POLICY_CHANGED = "policy_changed"
    # The task's token was handed over, and its execution read after the answer was given.
    RUN_READ = "run_read"


VOID_OUTCOMES = frozenset(VoidOutcome)

# A task has at most one of these; confirmed stays, for its token is spent.
LIVE = (
    DecisionStatus.COLLECTING,
    DecisionStatus.HELD,
    DecisionStatus.SENDING,
    DecisionStatus.SENT,
    DecisionStatus.UNKNOWN,
    DecisionStatus.CONFIRMED,
)
# What a sweep must still move on.
UNSETTLED = (
    DecisionStatus.COLLECTING,
    DecisionStatus.HELD,
    DecisionStatus.SENDING,
    DecisionStatus.SENT,
    DecisionStatus.UNKNOWN,
)


# Answers that AWS took, and those that it denied us: what is known of the rights of answering.
_TAKEN = ~Q(aws_request_id="")
SUCCESS_TAKEN = _TAKEN & Q(output__isnull=False)
FAILURE_TAKEN = _TAKEN & Q(output__isnull=True)
_ANSWERED_BADLY = ~Q(answer_code="")
DENIED = _ANSWERED_BADLY & Q(answer_code__in=sorted(DENIAL_CODES))


class RecordError(Exception):
    """Somebody tried to delete from the record."""


class RecordQuerySet(models.QuerySet[Any]):
    def delete(self) -> NoReturn:
        raise RecordError("The record is never deleted.")


class DecisionQuerySet(models.QuerySet["Decision"]):
    def live(self) -> DecisionQuerySet:
        return self.filter(status__in=LIVE)

    def unsettled(self) -> DecisionQuerySet:
        return self.filter(status__in=UNSETTLED)

    def delete(self) -> NoReturn:
        raise RecordError("The record is never deleted.")


class Decision(models.Model):
    """A person's answer to a task, frozen when it was made, and what became of it."""

    # Chosen by the form or the caller: sending the form twice makes one decision.
    id = models.UUIDField(primary_key=True, editable=False)
    # May point nowhere while the mirror is rebuilt; made of the identity, so it points again after.
    task = models.ForeignKey(
        CallbackTask,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="decisions",
    )

    # --- the task as text
    request_id = models.UUIDField()
    connection_id = models.UUIDField()
    connection_name = models.CharField(max_length=80)
    region = models.CharField(max_length=32)
    state_machine_name = models.CharField(max_length=80)
    execution_arn = models.CharField(max_length=256)
    execution_name = models.CharField(max_length=80)
    state = models.CharField(max_length=80)
    iteration = models.CharField(max_length=500, blank=True)
    attempt = models.PositiveIntegerField()
    redrive_count = models.PositiveIntegerField()
    scheduled_event_id = models.PositiveIntegerField()
    headline = models.CharField(max_length=300)
    # What the person had before them: SHA-256 over the masked input and the definition.
    shown_sha256 = models.CharField(max_length=64)
    # What it would do, by the forecast of that moment (asl.forecast.Verdict). Only somebody who may
    # override that has ever sent a fatal one.
    forecast = models.CharField(max_length=8, blank=True)

    # --- the answer: exactly these bytes are sent, and nothing here ever changes
    direction = models.CharField(max_length=8, choices=Direction.choices)
    output = models.BinaryField(null=True)
    error = models.CharField(max_length=256, blank=True)
    cause = models.TextField(blank=True)
    payload_sha256 = models.CharField(max_length=64)
    payload_bytes = models.PositiveIntegerField()
    reason = models.TextField(blank=True)

    # --- who, when, under which rule
    decided_by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="decisions",
    )
    decided_by_name = models.CharField(max_length=200)
    decided_at = models.DateTimeField()
    channel = models.CharField(max_length=16)
    policy_id = models.UUIDField()
    policy_name = models.CharField(max_length=100)
    policy_version = models.PositiveIntegerField()

    # --- how it stands
    status = models.CharField(max_length=12, choices=DecisionStatus.choices)
    status_at = models.DateTimeField()
    send_after = models.DateTimeField()
    # Grows with every claim, and when an answer is held no more; a write counts only for the
    # generation that was read.
    generation = models.PositiveIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    # The last event that the mirror had read at the first claim: what closes the task later has a
    # higher id.
    event_id_before = models.PositiveIntegerField(null=True)
    first_sent_at = models.DateTimeField(null=True)
    look_after = models.DateTimeField(null=True)
    looks = models.PositiveIntegerField(default=0)
    # When the sweep last sent a message about it, so that a slow broker is not flooded.
    hinted_at = models.DateTimeField(null=True)

    # --- what AWS said
    aws_request_id = models.CharField(max_length=64, blank=True)
    answer_code = models.CharField(max_length=80, blank=True)
    answer_message = models.TextField(blank=True)
    closing_event_id = models.PositiveIntegerField(null=True)
    closing_event_type = models.CharField(max_length=60, blank=True)
    closing_at = models.DateTimeField(null=True)
    # How it ended in facts, from which pages make their words; a code and its parameters.
    outcome = models.CharField(max_length=40, blank=True)
    outcome_facts = models.JSONField(default=dict)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task"],
                condition=Q(status__in=[str(status) for status in LIVE]),
                name="decision_one_live",
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "send_after"],
                condition=Q(status__in=[str(status) for status in UNSETTLED]),
                name="decision_to_move",
            ),
            models.Index(fields=["decided_at", "id"], name="decision_by_time"),
            models.Index(fields=["decided_by", "decided_at"], name="decision_by_person"),
            models.Index(fields=["request_id"], name="decision_by_request"),
            # When each right of answering was last seen at work, or denied.
            models.Index(
                fields=["connection_id", "first_sent_at"],
                condition=SUCCESS_TAKEN,
                name="decision_success_taken",
            ),
            models.Index(
                fields=["connection_id", "first_sent_at"],
                condition=FAILURE_TAKEN,
                name="decision_failure_taken",
            ),
            models.Index(
                fields=["connection_id", "answer_code", "status_at"],
                condition=_ANSWERED_BADLY,
                name="decision_denied",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} by {self.decided_by_name}: {self.status}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RecordError("The record is never deleted.")

    @property
    def is_unsent(self) -> bool:
        """Nobody is at it: held, or kept after a call that certainly changed nothing."""
        if self.status == DecisionStatus.SENDING:
            return self.lease_until is None
        return self.status == DecisionStatus.HELD

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def output_text(self) -> str:
        """The answer as the person gave it."""
        return bytes(self.output).decode() if self.output is not None else ""


class Vote(models.Model):
    """One person's signature under a decision that needs several: over exactly its bytes."""

    # Chosen by the form or the caller, as a decision's is; the first vote has its decision's id.
    id = models.UUIDField(primary_key=True, editable=False)
    decision = models.ForeignKey(Decision, on_delete=models.DO_NOTHING, related_name="votes")
    user = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, related_name="votes"
    )
    user_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    payload_sha256 = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    channel = models.CharField(max_length=16)
    withdrawn_at = models.DateTimeField(null=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "user"], condition=Q(withdrawn_at=None), name="vote_once"
            ),
        ]
        indexes = [models.Index(fields=["user", "at"], name="vote_by_person")]

    def __str__(self) -> str:
        return f"{self.user_name} under {self.decision_id}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RecordError("The record is never deleted.")


class AuditEntry(models.Model):
    """One link of the chain. `body` is the canonical JSON (RFC 8785) that `entry_hash` covers."""

    chain_seq = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    decision_id = models.UUIDField(null=True)
    task_id = models.UUIDField(null=True)
    body = models.TextField()
    previous_hash = models.CharField(max_length=64, unique=True)
    entry_hash = models.CharField(max_length=64, unique=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["decision_id"], name="audit_by_decision"),
            models.Index(fields=["task_id"], name="audit_by_task"),
            models.Index(fields=["kind", "chain_seq"], name="audit_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.chain_seq} {self.kind}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RecordError("The record is never deleted.")


class AuditPersonal(models.Model):
    """A personal value beside the chain, which holds only SHA-256(salt + value).

    Value and salt may be erased; the entry still verifies.
    """

    entry = models.ForeignKey(AuditEntry, on_delete=models.DO_NOTHING, related_name="personal")
    field = models.CharField(max_length=40)
    salt = models.CharField(max_length=64, blank=True)
    value = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "field"], name="auditpersonal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.field}"


class Reading(models.Model):
    """That a person opened a request: one row per person, attempt and hour."""

    user = models.ForeignKey(User, on_delete=models.DO_NOTHING, db_constraint=False)
    task_id = models.UUIDField()
    hour = models.DateTimeField()
    first_at = models.DateTimeField()
    view = models.CharField(max_length=16)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "task_id", "hour"], name="reading_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} read {self.task_id}"
