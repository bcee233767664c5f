"""Make people and give them roles, always with an audit entry; commands and the demo use it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from callbacks.audit.actor import Actor
from callbacks.audit.configuration import configuration_changed
from callbacks.models import Role, RoleGrant, User

# What people set for themselves.
PREFERENCES = frozenset({"theme", "time_zone", "undo_seconds", "keys_enabled"})


class PersonExists(Exception):
    """Somebody has this username already; nothing was changed."""


def create_person(
    *,
    username: str,
    password: str,
    roles: Collection[Role],
    teams: Collection[str] = (),
    actor: Actor,
    now: datetime,
    full_name: str = "",
) -> User:
    """Create a person with roles and teams; a team that does not exist yet is made.

    Raises PersonExists, django's ValidationError (username or password), AuditUnavailable.
    """
    first, _, last = full_name.partition(" ")
    user = User(username=username, first_name=first, last_name=last)
    _check(user, password)
    user.set_password(password)
    with transaction.atomic():
        user.save()
        RoleGrant.objects.bulk_create(
            [RoleGrant(user=user, role=role, granted_at=now) for role in sorted(set(roles))]
        )
        user.groups.set([Group.objects.get_or_create(name=name)[0] for name in sorted(set(teams))])
        configuration_changed(
            what="person_created",
            actor=actor,
            now=now,
            facts={
                "person": user.pk,
                "roles": ",".join(sorted(set(roles))),
                "teams": ",".join(sorted(set(teams))),
            },
            personal={"username": username},
        )
    return user


def grant_role(*, user: User, role: Role, actor: Actor, now: datetime) -> None:
    """Give a person one more role. Does nothing where they have it. Raises AuditUnavailable."""
    with transaction.atomic():
        _, is_new = RoleGrant.objects.get_or_create(
            user=user, role=role, defaults={"granted_at": now}
        )
        if is_new:
            configuration_changed(
                what="role_granted",
                actor=actor,
                now=now,
                facts={"person": user.pk, "role": str(role)},
                personal={"username": user.username},
            )


def _check(user: User, password: str) -> None:
    if User.objects.filter(username=user.username).exists():
        raise PersonExists(f"There is a person named {user.username} already.")
    user.clean_fields(exclude=["password"])
    validate_password(password, user)


def change_preferences(
    *, user: User, changes: Mapping[str, str | int | bool | None], actor: Actor, now: datetime
) -> None:
    """Keep a person's own settings; what stays as it was leaves no entry.

    `changes` are fields of PREFERENCES, checked by the caller. Raises AuditUnavailable.
    """
    new = {name: value for name, value in changes.items() if getattr(user, name) != value}
    if not new:
        return
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(
            **{name: new[name] for name in PREFERENCES & set(new)}
        )
        configuration_changed(
            what="preferences_changed",
            actor=actor,
            now=now,
            facts={"person": user.pk, **{name: str(value) for name, value in new.items()}},
        )
    for name, value in new.items():
        setattr(user, name, value)
