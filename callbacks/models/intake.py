"""Task tokens that a worker handed over, instead of leaving them to be found in a history."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from callbacks.models.connection import Connection


class IntakeStatus(models.TextChoices):
    # Its execution is looked up; until that is done nobody can answer it by a rule too few.
    LOOKING = "looking", "being looked up"
    # The execution is not known, or cannot be read: a request of its own.
    ALONE = "alone", "on its own"
    # Found in a history: the mirror's task has it.
    MERGED = "merged", "merged"
    # On its own to the end: answered, or AWS says that it answers nothing any more.
    OVER = "over", "over"


class Intake(models.Model):
    """One token, kept encrypted until the mirror has it from AWS.

    The id is also that of the task which stands for it, and stays that task's id when the
    execution is read later, so that links and answers hold.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="intakes")
    # As the worker said; empty where it did not know.
    execution_arn = models.CharField(max_length=256, blank=True)
    state = models.CharField(max_length=80, blank=True)
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    status = models.CharField(
        max_length=8, choices=IntakeStatus.choices, default=IntakeStatus.LOOKING
    )
    looked_at = models.DateTimeField(null=True)
    # What was said about it is kept under this request, also where another one took its place.
    request_id = models.UUIDField()
    # The task that has it now, where that is another one.
    task_id = models.UUIDField(null=True)
    # Bound to this id, as a task's is to the task's.
    token_ciphertext = models.BinaryField(null=True)
    token_sha256 = models.CharField(max_length=64)
    token_length = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token_sha256"], name="intake_once"),
        ]
        indexes = [
            models.Index(
                fields=["connection", "at"],
                condition=models.Q(status__in=["looking", "alone"]),
                name="intake_open",
            ),
            models.Index(
                fields=["task_id"], condition=models.Q(task_id__isnull=False), name="intake_of_task"
            ),
        ]

    def __str__(self) -> str:
        return f"token of {self.at:%Y-%m-%d %H:%M:%S}, {self.status}"

    @property
    def is_open(self) -> bool:
        """Whether it may still turn out to belong somewhere."""
        return self.status in (IntakeStatus.LOOKING, IntakeStatus.ALONE)
