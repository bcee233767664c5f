"""Working rows: what people and processes have in hand. Losing them loses no record."""

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """What one person has typed for one request, kept with each POST."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    # By id, without a constraint: a draft outlives a rebuilt mirror.
    request_id = models.UUIDField()
    output = models.TextField(blank=True)
    error = models.TextField(blank=True)
    cause = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "request_id"], name="draft_once"),
        ]

    def __str__(self) -> str:
        return f"draft of {self.user_id} for {self.request_id}"


class Claim(models.Model):
    """Who says that they are on a request, or was given it. A hint: anybody may still answer."""

    # By id, without a constraint, as a draft.
    request_id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="claims"
    )
    team = models.ForeignKey(
        "auth.Group", null=True, on_delete=models.CASCADE, related_name="claims"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="claims_made"
    )
    note = models.TextField(blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.holder} on {self.request_id}"

    @property
    def holder(self) -> str:
        """The person or the team, as others call them."""
        if self.user is not None:
            return self.user.label
        return self.team.name if self.team else ""


class Presence(models.Model):
    """That a person has a request open, and when their page last said so."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="presences"
    )
    request_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request_id", "user"], name="presence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.request_id}"


class Lease(models.Model):
    """Who may do a job that only one process may do at a time."""

    name = models.CharField(primary_key=True, max_length=120)
    holder = models.CharField(max_length=80)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} by {self.holder}"


class Pulse(models.Model):
    """When a periodic job last ran, so that its silence can be seen."""

    name = models.CharField(primary_key=True, max_length=60)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"
