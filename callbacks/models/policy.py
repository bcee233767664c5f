"""Policies: who may answer which tasks. Rows are versions; a change is a new row."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from callbacks.models.people import User


class ReasonRule(models.TextChoices):
    NEITHER = "neither", "never"
    APPROVE = "approve", "to approve"
    REJECT = "reject", "to reject"
    BOTH = "both", "always"

    def asks(self, direction: str) -> bool:
        return self == ReasonRule.BOTH or self.value == direction


class PolicyQuerySet(models.QuerySet["Policy"]):
    def current(self) -> PolicyQuerySet:
        return self.filter(retired_at=None)

    def answerable_by(self, user: User) -> PolicyQuerySet:
        """Policies that name this person: those without a team name everybody."""
        return self.filter(Q(team=None) | Q(team_id__in=user.team_ids))


class Policy(models.Model):
    """One version of a rule. The default policy covers every task that no other one covers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(default=1)
    position = models.PositiveIntegerField(help_text="First match wins; the default stands last.")
    is_default = models.BooleanField(default=False)
    team = models.ForeignKey(
        Group, null=True, blank=True, on_delete=models.PROTECT, related_name="policies"
    )
    reason_rule = models.CharField(
        max_length=8, choices=ReasonRule.choices, default=ReasonRule.REJECT
    )
    undo_seconds = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True, retired_at=None),
                name="policy_one_default",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"
