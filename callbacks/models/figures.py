"""What was measured of waits now and then, because no list can ask for it row by row.

Lost, it is measured again, but for how many waited at a moment that is over.
"""

from django.db import models


class WorkflowFigures(models.Model):
    """Of one state machine: how many waited in the last days, and how the waits were that ended."""

    state_machine = models.OneToOneField(
        "callbacks.StateMachine",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="figures",
    )
    measured_at = models.DateTimeField()
    # [[unix seconds of the hour, how many waited], …], the oldest first.
    waiting = models.JSONField(default=list)
    ended = models.PositiveIntegerField(default=0)
    ran_out = models.PositiveIntegerField(default=0)
    # Seconds; None where none has ended.
    median = models.FloatField(null=True)
    p95 = models.FloatField(null=True)

    def __str__(self) -> str:
        return f"figures of {self.state_machine_id}"


class Measurement(models.Model):
    """Of all workflows together, one row an hour."""

    hour = models.DateTimeField(primary_key=True)
    waiting = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.waiting} waiting at {self.hour:%Y-%m-%d %H}"


class OpinionCount(models.Model):
    """How often AWS's own forecast (TestState) was asked for, by how it stood to ours."""

    connection = models.ForeignKey(
        "callbacks.Connection", on_delete=models.CASCADE, related_name="opinion_counts"
    )
    verdict = models.CharField(max_length=16)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "verdict"], name="opinion_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.verdict}"
