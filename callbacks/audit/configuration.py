"""Record that somebody changed how Holdpoint works: people, connections, policies."""

import getpass
from collections.abc import Mapping
from datetime import datetime

from callbacks.audit.actor import Actor
from callbacks.audit.chain import append
from callbacks.audit.envelope import Fact
from callbacks.models import AuditEntry

# Whoever runs `manage.py`: no signed-in person, but a login on the machine.
COMMAND = Actor(user=None, channel="command")


def configuration_changed(
    *,
    what: str,
    actor: Actor,
    now: datetime,
    facts: Mapping[str, Fact],
    personal: Mapping[str, str] | None = None,
) -> AuditEntry:
    """Append the change, as the last statement of the transaction that makes it.

    `what` is the kind of entry, such as "person_created", "connection_added", "policy_changed".
    Raises AuditUnavailable; the change must then not happen.
    """
    values = dict(personal or {})
    if actor.channel == COMMAND.channel:
        values["system_user"] = _system_user()
    return append(kind=what, now=now, actor=actor, facts=facts, personal=values)


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container may run under a number that has no name.
        return ""
