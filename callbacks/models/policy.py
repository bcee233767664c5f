"""Policies: who may answer which tasks, and how. Rows are versions; a change is a new row."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, OuterRef, Q

from callbacks.models.fields import OrderedJSONField

if TYPE_CHECKING:
    from callbacks.models.people import User


class ReasonRule(models.TextChoices):
    NEITHER = "neither", "never"
    APPROVE = "approve", "to approve"
    REJECT = "reject", "to reject"
    BOTH = "both", "always"

    def asks(self, direction: str) -> bool:
        return self == ReasonRule.BOTH or self.value == direction


class RejectionMode(models.TextChoices):
    """What a rejection is to the workflow."""

    FAILURE = "failure", "a failure, with an error name"
    SUCCESS = "success", "a success, with an output that says no"


class PolicyQuerySet(models.QuerySet["Policy"]):
    def current(self) -> PolicyQuerySet:
        return self.filter(retired_at=None)

    def in_order(self) -> PolicyQuerySet:
        """As they are tried: the first that matches covers a task."""
        return self.order_by("is_default", "position", "name")

    def answerable_by(self, user: User) -> PolicyQuerySet:
        """Policies that name this person: those that name nobody name everybody."""
        mine = Q(teams__in=user.team_ids) | Q(users=user.pk)
        named = Policy.objects.filter(mine, pk=OuterRef("pk"))
        return self.filter(Q(teams=None, users=None) | Exists(named)).distinct()


class Policy(models.Model):
    """One version of a rule. The default policy covers every task that no other one covers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(default=1)
    position = models.PositiveIntegerField(help_text="First match wins; the default stands last.")
    is_default = models.BooleanField(default=False)

    # --- which tasks: all of these must match, and empty ones match everything
    connections = models.JSONField(default=list, blank=True)  # names, "*" as in file names
    state_machine = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    tags = models.JSONField(default=dict, blank=True)  # of the state machine, name to value
    conditions = models.JSONField(default=list, blank=True)  # {"path", "is", "value"}

    # --- who: nobody named is every approver
    teams = models.ManyToManyField(Group, through="PolicyTeam", related_name="policies")
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="policies", blank=True)
    approvals_needed = models.PositiveSmallIntegerField(default=1)
    rejections_needed = models.PositiveSmallIntegerField(default=1)
    own_requests_allowed = models.BooleanField(default=False)
    # Where the input (or "$$", the context) says who asked; empty: under the usual names.
    requester_path = models.CharField(max_length=200, blank=True)

    # --- how
    reason_rule = models.CharField(
        max_length=8, choices=ReasonRule.choices, default=ReasonRule.REJECT
    )
    rejection_mode = models.CharField(
        max_length=8, choices=RejectionMode.choices, default=RejectionMode.FAILURE
    )
    rejection_errors = models.JSONField(default=list, blank=True)  # empty: any error name
    rejection_output = models.TextField(blank=True)
    undo_seconds = models.PositiveSmallIntegerField(null=True, blank=True)

    # --- what people read, and what they begin with
    headline = models.CharField(max_length=200, blank=True)  # "Refund {$.amount} to {$.customer}"
    question = models.TextField(blank=True)
    key_fields = models.JSONField(default=list, blank=True)  # {"label", "path"}
    approve_label = models.CharField(max_length=40, blank=True)
    reject_label = models.CharField(max_length=40, blank=True)
    default_output = models.TextField(blank=True)
    output_schema = OrderedJSONField(null=True, blank=True)  # JSON Schema of an approval's output

    # --- the version
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    # When its place in the order last changed; the order is no part of a version.
    moved_at = models.DateTimeField(null=True, blank=True)

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
            models.UniqueConstraint(
                fields=["name"], condition=Q(retired_at=None), name="policy_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    def signatures_needed(self, direction: str) -> int:
        return self.approvals_needed if direction == "approve" else self.rejections_needed


class PolicyTeam(models.Model):
    """A team that a policy names, and how many of the signatures must be theirs."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="policy_teams")
    team = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="policy_teams")
    approvals = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "team"], name="policyteam_once"),
        ]

    def __str__(self) -> str:
        return f"{self.team} in {self.policy_id}"
