"""The demo's connection: the local Step Functions as an account to mirror."""

from __future__ import annotations

from datetime import datetime

from callbacks.audit.configuration import COMMAND
from callbacks.models import Connection
from callbacks.stepfunctions import Access
from callbacks.sync.adding import add_connection


def ensure_connection(*, region: str, endpoint_url: str, now: datetime) -> None:
    """Add the connection, unless there is one to this address, under whatever name.

    Raises StepFunctionsError, NameTaken, AuditUnavailable.
    """
    if Connection.objects.filter(region=region, endpoint_url=endpoint_url).exists():
        return
    add_connection(
        name=_free_name(endpoint_url),
        access=Access(region=region, endpoint_url=endpoint_url),
        check=True,
        actor=COMMAND,
        now=now,
    )


def _free_name(endpoint_url: str) -> str:
    if not Connection.objects.filter(name="demo").exists():
        return "demo"
    return f"demo at {endpoint_url}"[:80]
