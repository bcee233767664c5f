"""Policies for their pages: those in force in order, one version with its others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from callbacks.models import Policy
from callbacks.models.policy import PolicyQuerySet


@dataclass(frozen=True, slots=True)
class PolicyDetail:
    """One version; `versions` are all of its name, the newest first."""

    policy: Policy
    versions: Sequence[Policy]

    @property
    def newest(self) -> Policy:
        return self.versions[0]

    @property
    def before(self) -> Policy | None:
        """The version that this one replaced."""
        older = [one for one in self.versions if one.version < self.policy.version]
        return older[0] if older else None


def policies_in_force() -> Sequence[Policy]:
    """Three queries, in the order in which they are tried."""
    return list(_whole(Policy.objects.current()).in_order())


def policies_retired() -> Sequence[Policy]:
    """The last version of each name that is not in force any more, the latest first: 3 queries."""
    current = Policy.objects.current().values("name")
    newer = Policy.objects.filter(name=OuterRef("name"), version__gt=OuterRef("version"))
    rows = Policy.objects.exclude(name__in=current).filter(~Exists(newer))
    return list(_whole(rows).order_by("-retired_at", "name"))


def policy_detail(*, policy_id: uuid.UUID) -> PolicyDetail | None:
    """One version with all others of its name: four queries."""
    policy = Policy.objects.filter(pk=policy_id).first()
    if policy is None:
        return None
    versions = list(_whole(Policy.objects.filter(name=policy.name)).order_by("-version"))
    return PolicyDetail(next(one for one in versions if one.pk == policy_id), versions)


def _whole(rows: PolicyQuerySet) -> PolicyQuerySet:
    return rows.prefetch_related("policy_teams__team", "users")
