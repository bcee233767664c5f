"""Switch a connection off, so that nothing is read of it and no answer is taken, or on again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from callbacks.audit.actor import Actor
from callbacks.models import Connection
from callbacks.sync.adding import record_connection


class NoSuchConnection(Exception):
    """Nothing has this name."""


def switch_connection(*, name: str, is_on: bool, actor: Actor, now: datetime) -> bool:
    """Return whether it was otherwise before.

    Raises NoSuchConnection, or AuditUnavailable; then nothing was changed.
    """
    with transaction.atomic():
        rows = Connection.objects.filter(name=name)
        if rows.filter(is_enabled=not is_on).update(is_enabled=is_on):
            what = "connection_switched_on" if is_on else "connection_switched_off"
            record_connection(what, rows.get(), actor, now)
            return True
        if not rows.exists():
            raise NoSuchConnection(f"There is no connection named {name}.")
        return False
