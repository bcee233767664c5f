"""Keys by which programs act for a person, and the answers that a repeated call gets again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q


class Scope(models.TextChoices):
    """What a key may do; never more than its person may."""

    READ = "read", "Read"
    DECIDE = "decide", "Answer requests"
    OPERATE = "operate", "Act on runs"
    INTAKE = "intake", "Hand over task tokens"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, now: datetime) -> ApiKeyQuerySet:
        """Keys that open the door now: not revoked, not over, their person still active."""
        lasts = Q(expires_at=None) | Q(expires_at__gt=now)
        return self.filter(lasts, revoked_at=None, user__is_active=True)


class ApiKey(models.Model):
    """The secret itself is shown once and kept nowhere: it is random, so its hash is enough."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    label = models.CharField(max_length=80)
    # The beginning of the key, by which people tell keys apart.
    prefix = models.CharField(max_length=16, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    # Names of state machines that the key is for; empty: all that its person sees.
    state_machines = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # Begins a minute, within which calls are counted: one write says both.
    last_used_at = models.DateTimeField(null=True)
    calls = models.PositiveIntegerField(default=0)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "created_at"], name="apikey_by_person")]

    def __str__(self) -> str:
        return f"{self.prefix} of {self.user_id}"


class ApiCall(models.Model):
    """A POST with an Idempotency-Key, while it runs and for a day after."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_calls"
    )
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    began_at = models.DateTimeField()
    # None while it runs, or where it did nothing and may be tried again.
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "path", "key"], name="apicall_once"),
        ]
        indexes = [models.Index(fields=["began_at"], name="apicall_by_time")]

    def __str__(self) -> str:
        return f"{self.path} {self.key}"
