"""Put a policy in force as a new version, retire it, or move it: always with an audit entry."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from callbacks.audit.actor import Actor
from callbacks.audit.configuration import configuration_changed
from callbacks.models import Policy, PolicyTeam, User
from callbacks.policies.check import problems
from callbacks.policies.fields import SAME, PolicyFields, as_text, fields_of

LONGEST_NOTE = 2_000
Entry = Callable[[], object]


class PolicyProblems(Exception):
    """The policy cannot be put in force; `errors` says why, by field. Nothing was changed."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(said)}" for name, said in errors.items()))
        self.errors = errors


class PolicyMoved(PolicyProblems):
    """Somebody else has changed the policy since its writer began. Nothing was changed."""


def at_once(entry: Entry) -> None:
    """Append the entry now, at the end of the transaction that makes the change."""
    entry()


def put_in_force(
    *,
    fields: PolicyFields,
    note: str,
    actor: Actor,
    now: datetime,
    begun_with: int | None = None,
    record: Callable[[Entry], None] = at_once,
) -> Policy:
    """Make this the version in force; the same as is in force makes no new one.

    `begun_with` is the version that the writer saw, 0 for a new policy; None where nobody looked.
    `record` takes the audit entry, here as below: who makes several changes in one transaction
    keeps the entries for its end, as whoever appends holds up everybody else who does.
    Raises PolicyProblems (PolicyMoved where that is no longer in force) and AuditUnavailable.
    """
    with transaction.atomic():
        before = _current(fields.name)
        _check_unmoved(before, begun_with)
        if before is not None:
            # What stands in the row, whatever a form or a file says: limits go by it.
            fields = replace(fields, is_default=before.is_default)
        found = problems(fields)
        if before is None and fields.is_default:
            found.setdefault("name", []).append("The default policy keeps its name.")
        if found:
            raise PolicyProblems(found)
        if before is not None and fields_of(before) == fields:
            return before
        try:
            policy = _insert(fields, before, note, actor, now)
        except IntegrityError:
            # Two began a policy of one name; there was no row yet to wait for.
            raise PolicyProblems({"name": [_TAKEN]}) from None
        kind = "policy_changed" if before else "policy_created"
        record(_entry(kind, policy, note, actor, now))
    return policy


def retire(
    *,
    name: str,
    note: str,
    actor: Actor,
    now: datetime,
    record: Callable[[Entry], None] = at_once,
) -> Policy:
    """Take a policy out of force. Raises PolicyProblems where it is the default or not in force."""
    with transaction.atomic():
        policy = _current(name)
        if policy is None:
            raise PolicyProblems({"name": [f"“{name}” is not in force."]})
        if policy.is_default:
            raise PolicyProblems({"name": ["The default policy cannot be retired."]})
        _end(policy, now)
        record(_entry("policy_retired", policy, note, actor, now))
    return policy


def move(
    *,
    name: str,
    to: int,
    actor: Actor,
    now: datetime,
    record: Callable[[Entry], None] = at_once,
) -> None:
    """Let a policy be tried at place `to` (from 0) of those in force; the default stays last.

    The order is no part of a version: what a decision was made under is what its policy says.
    """
    with transaction.atomic():
        lock(Policy.objects.current().filter(is_default=False))
        order = list(Policy.objects.current().filter(is_default=False).in_order())
        policy = next((one for one in order if one.name == name), None)
        if policy is None:
            raise PolicyProblems({"name": [_why_unmovable(name)]})
        order.remove(policy)
        order.insert(max(0, to), policy)
        for position, one in enumerate(order):
            one.position = position
        Policy.objects.bulk_update(order, ["position"])
        # What waits may be covered by another one now.
        Policy.objects.filter(pk=policy.pk).update(moved_at=now)
        record(_entry("policy_moved", policy, "", actor, now))


def lock(policies: QuerySet[Policy]) -> None:
    """Wait for whoever changes one of these; always in one order, so that no two wait in a ring.

    Who only refers to one, as tasks and decisions do, is not waited for.
    """
    list(policies.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


_TAKEN = "There is a policy of this name already."


def _current(name: str) -> Policy | None:
    """The version in force, with all of this name locked.

    Read after the lock: a version that somebody put in force meanwhile is a new row, which a
    query that waited does not see.
    """
    lock(Policy.objects.filter(name=name))
    return Policy.objects.current().filter(name=name).first()


def _why_unmovable(name: str) -> str:
    if Policy.objects.current().filter(name=name, is_default=True).exists():
        return "The default policy stays last."
    return f"“{name}” is not in force."


def _check_unmoved(before: Policy | None, begun_with: int | None) -> None:
    if begun_with is None or begun_with == (before.version if before else 0):
        return
    if before is None:
        said = "Somebody else has retired this policy since you began."
    elif begun_with == 0 and before.version == 1:
        said = _TAKEN
    else:
        said = f"Somebody else has put version {before.version} in force since you began."
    raise PolicyMoved({"name": [said]})


def _insert(
    fields: PolicyFields, before: Policy | None, note: str, actor: Actor, now: datetime
) -> Policy:
    if before is not None:
        _end(before, now)
    policy = Policy.objects.create(
        name=fields.name,
        version=_next_version(fields.name),
        position=before.position if before else _last_position() + 1,
        is_default=before.is_default if before else False,
        created_at=now,
        created_by_name=actor.name,
        note=note,
        **{name: getattr(fields, name) for name in SAME},
    )
    groups = Group.objects.filter(name__in=fields.teams)
    PolicyTeam.objects.bulk_create(
        [
            PolicyTeam(policy=policy, team=group, approvals=fields.teams[group.name])
            for group in groups
        ]
    )
    policy.users.set(User.objects.filter(username__in=fields.users))
    return policy


def _end(policy: Policy, now: datetime) -> None:
    policy.retired_at = now
    policy.save(update_fields=["retired_at"])


def _next_version(name: str) -> int:
    last = Policy.objects.filter(name=name).aggregate(last=Max("version"))["last"]
    return (last or 0) + 1


def _last_position() -> int:
    rows = Policy.objects.current().filter(is_default=False)
    last: int | None = rows.aggregate(last=Max("position"))["last"]
    return -1 if last is None else last


def _entry(kind: str, policy: Policy, note: str, actor: Actor, now: datetime) -> Entry:
    text = as_text(fields_of(policy))
    return partial(
        configuration_changed,
        what=kind,
        actor=actor,
        now=now,
        facts={
            "policy": policy.name,
            "policy_version": policy.version,
            "position": policy.position,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
        personal={"reason": note},
    )
