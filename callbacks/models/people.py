"""People and what they may do. Roles are rows, teams are Django's groups."""

from functools import cached_property

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    APPROVER = "approver", "Approver"
    OPERATOR = "operator", "Operator"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Administrator"


# Who sees every request; an approver sees those whose policy names them or their team.
ROLES_THAT_SEE_ALL = frozenset({Role.OPERATOR, Role.AUDITOR, Role.ADMIN})


class Theme(models.TextChoices):
    SYSTEM = "", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class User(AbstractUser):
    """A person, with the few settings that are theirs alone."""

    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM, blank=True)
    time_zone = models.CharField(max_length=64, default="", blank=True)
    undo_seconds = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty: the policy's or the installation's."
    )
    keys_enabled = models.BooleanField(default=False)

    @property
    def label(self) -> str:
        """The name to show other people."""
        return self.get_full_name() or self.username

    @cached_property
    def roles(self) -> frozenset[str]:
        granted = set(self.role_grants.values_list("role", flat=True))
        if self.is_superuser:
            granted.add(Role.ADMIN)
        return frozenset(granted)

    @cached_property
    def team_ids(self) -> frozenset[int]:
        return frozenset(self.groups.values_list("id", flat=True))

    @property
    def sees_all(self) -> bool:
        return bool(self.roles & ROLES_THAT_SEE_ALL)


class RoleGrant(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_grants"
    )
    role = models.CharField(max_length=16, choices=Role.choices)
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="rolegrant_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"
