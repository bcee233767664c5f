"""Add an account and region to mirror, after asking whether it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from callbacks.audit.actor import Actor
from callbacks.audit.configuration import configuration_changed
from callbacks.models import Connection
from callbacks.models.identity import connection_id
from callbacks.models.naming import looks
from callbacks.stepfunctions import (
    Access,
    Reader,
    StateMachine,
    StepFunctionsError,
    who_we_are,
    without_own_endpoint,
)
from callbacks.sync.admission import admit

# How we get in may change; account, region and endpoint are the identity.
CHANGEABLE = ("name", "profile", "role_arn", "external_id", "hint_queue_url")


class NameTaken(Exception):
    """Another account or region has this name, or one that looks like it."""


class MirroredAlready(Exception):
    """The account and region are another connection's: each request would stand twice."""


@dataclass(frozen=True, slots=True)
class Added:
    connection: Connection
    is_new: bool
    # What an existing one had before, by the name of its field; without what is secret.
    before: Mapping[str, str] = field(default_factory=dict)


def add_connection(
    *,
    name: str,
    access: Access,
    check: bool,
    actor: Actor,
    now: datetime,
    hint_queue_url: str = "",
    may_double: bool = False,
) -> Added:
    """Make the connection, or bring an existing one of the same identity to these values.

    With `check`, AWS is asked first. `may_double` mirrors an account and region of AWS once more
    at another of its endpoints. Raises StepFunctionsError where AWS does not answer, NameTaken,
    MirroredAlready, BadConnection, or AuditUnavailable; then nothing was changed.
    """
    admit(name=name, access=access, hint_queue_url=hint_queue_url)
    access = without_own_endpoint(access)
    machines = Reader(access=access).list_state_machines() if check else ()
    account = _account(access, machines, may_ask=check)
    endpoint_url = (access.endpoint_url or "").rstrip("/")
    wanted = Connection(
        id=connection_id(account=account, region=access.region, endpoint_url=endpoint_url),
        name=name,
        account=account,
        region=access.region,
        endpoint_url=endpoint_url,
        profile=access.profile or "",
        role_arn=access.role_arn or "",
        external_id=access.external_id or "",
        hint_queue_url=hint_queue_url,
        created_at=now,
    )
    with transaction.atomic():
        return _write(wanted, actor, now, may_double=may_double)


def _account(access: Access, machines: tuple[StateMachine, ...], *, may_ask: bool) -> str:
    """The role's account; else what the ARNs of an emulator or STS say; empty if nothing does."""
    if access.role_arn:
        return _account_of(access.role_arn)
    if access.effective_endpoint and machines:
        return _account_of(machines[0].arn)
    if not may_ask:
        return ""
    try:
        return who_we_are(access=access).account
    except StepFunctionsError:
        if not access.effective_endpoint:
            raise
        return ""  # an emulator without STS


def _account_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[4][:12] if len(parts) > 4 else ""


def _write(wanted: Connection, actor: Actor, now: datetime, *, may_double: bool) -> Added:
    existing = _existing(wanted)
    if existing is None or existing.name != wanted.name:
        _check_name(wanted.name, existing)
    if existing is None:
        if not may_double:
            _check_account(wanted)
        wanted.save(force_insert=True)
        record_connection("connection_added", wanted, actor, now)
        return Added(connection=wanted, is_new=True)
    changed = [one for one in CHANGEABLE if getattr(existing, one) != getattr(wanted, one)]
    if not changed:
        return Added(connection=existing, is_new=False)
    before = {one: "" if one == "external_id" else getattr(existing, one) for one in changed}
    for one in changed:
        setattr(existing, one, getattr(wanted, one))
    existing.save(update_fields=changed)
    record_connection("connection_changed", existing, actor, now)
    return Added(connection=existing, is_new=False, before=before)


def _existing(wanted: Connection) -> Connection | None:
    """The one with the same identity; else one that was kept with AWS's own address as written,
    or before its account, or that of ours, was known: then the same way in tells that it is it.
    """
    same = Connection.objects.filter(pk=wanted.pk).first()
    if same is not None:
        return same
    rows = Connection.objects.filter(region=wanted.region).order_by("created_at", "pk")
    return next((row for row in rows if _is_same(row, wanted)), None)


def _is_same(row: Connection, wanted: Connection) -> bool:
    if without_own_endpoint(row.access).endpoint_url != wanted.access.endpoint_url:
        return False
    if row.account == wanted.account and wanted.account:
        return True
    way_in = (wanted.profile, wanted.role_arn)
    return "" in (row.account, wanted.account) and (row.profile, row.role_arn) == way_in


def _check_name(name: str, existing: Connection | None) -> None:
    others = Connection.objects.all()
    if existing is not None:
        others = others.exclude(pk=existing.pk)
    for other in others.order_by("name").values_list("name", flat=True):
        if other == name:
            raise NameTaken(f"There is a connection named {name} already.")
        if looks(other) == looks(name):
            raise NameTaken(f"There is a connection named {other}, and the two names look alike.")


def _check_account(wanted: Connection) -> None:
    """Of an account that is not known yet nobody can tell; emulators call theirs all the same."""
    rows = Connection.objects.filter(account=wanted.account, region=wanted.region)
    same = (
        row
        for row in rows.order_by("-is_enabled", "created_at")
        if row.access.place == wanted.access.place
    )
    other = next(same, None) if wanted.account else None
    if other is not None:
        off = "" if other.is_enabled else ", which is switched off"
        raise MirroredAlready(
            f"Account {wanted.account} in {wanted.region} is already mirrored as {other.name}{off}."
        )


def record_connection(what: str, connection: Connection, actor: Actor, now: datetime) -> None:
    """Append the change to the audit record. Raises AuditUnavailable."""
    facts = {
        "connection": str(connection.pk),
        "name": connection.name,
        "account": connection.account,
        "region": connection.region,
        "endpoint_url": connection.endpoint_url,
        "profile": connection.profile,
        "role_arn": connection.role_arn,
        "hint_queue_url": connection.hint_queue_url,
    }
    configuration_changed(what=what, actor=actor, now=now, facts=facts)
