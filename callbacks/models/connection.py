"""A connection: one AWS account and region at one endpoint, and how we get in."""

from __future__ import annotations

from dataclasses import replace

from django.db import models

from callbacks.stepfunctions import Access


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def enabled(self) -> ConnectionQuerySet:
        return self.filter(is_enabled=True)


class Connection(models.Model):
    """Its id is part of every identity below it, so account, region and endpoint never change."""

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(max_length=80, unique=True)
    account = models.CharField(max_length=12, blank=True, help_text="Empty where not known yet.")
    region = models.CharField(max_length=32)
    endpoint_url = models.CharField(max_length=200, blank=True)
    profile = models.CharField(max_length=64, blank=True)
    role_arn = models.CharField(max_length=2048, blank=True)
    external_id = models.CharField(max_length=1224, blank=True)
    # An SQS queue of events about executions; read, and never believed.
    hint_queue_url = models.CharField(max_length=400, blank=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "region", "endpoint_url"], name="connection_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        return f"{self.name} · {self.region}"

    @property
    def access(self) -> Access:
        return Access(
            region=self.region,
            endpoint_url=self.endpoint_url or None,
            profile=self.profile or None,
            role_arn=self.role_arn or None,
            external_id=self.external_id or None,
        )

    def access_as(self, session: str) -> Access:
        """The same under a name of somebody's own; "" is nobody's."""
        return replace(self.access, session_name=session) if session else self.access


class Hint(models.Model):
    """Somebody says that an execution which the mirror does not hold has something new."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="hints")
    execution_arn = models.CharField(max_length=256)
    at = models.DateTimeField()
    # Nobody can wait in its state machine today, but perhaps in the version that it runs on.
    is_doubtful = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "execution_arn"], name="hint_once"),
        ]

    def __str__(self) -> str:
        return self.execution_arn


class ConnectionHealth(models.Model):
    """What the last pass saw. Rewritten by every pass, and gone without harm."""

    connection = models.OneToOneField(
        Connection, primary_key=True, on_delete=models.CASCADE, related_name="health"
    )
    pass_started_at = models.DateTimeField(null=True)
    pass_finished_at = models.DateTimeField(null=True)
    # The moment up to which what we show is known to be true.
    read_ok_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=80, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    throttled_at = models.DateTimeField(null=True)
    # Figures of the last finished pass, as `manage.py sync --json` prints them.
    figures = models.JSONField(default=dict)
    # What the last passes took, and how old the data was in the last hour: `sync.trail`.
    passes = models.JSONField(default=list)
    ages = models.JSONField(default=list)
    machines_listed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"health of {self.connection_id}"


class CallBudget(models.Model):
    """What is left of our share of one of AWS's quotas, for all workers together."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="budgets")
    operation = models.CharField(max_length=60)
    # Calls left at a moment; below zero where some were made that could not wait.
    level = models.FloatField()
    at = models.DateTimeField()
    # AWS throttled us: then our share was lowered to this part of it, and grows again.
    throttled_at = models.DateTimeField(null=True)
    lowered_to = models.FloatField(default=1.0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "operation"], name="callbudget_once"),
        ]

    def __str__(self) -> str:
        return f"{self.operation}: {self.level:.1f}"


class CallCount(models.Model):
    """Calls on the wire per connection, operation and hour: counted, never estimated."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="calls")
    operation = models.CharField(max_length=60)
    hour = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)
    throttles = models.PositiveIntegerField(default=0)
    denials = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "operation", "hour"], name="callcount_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation}: {self.calls}"
