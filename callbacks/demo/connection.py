"""The demo's connection: the local Step Functions as an account to mirror."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from callbacks.audit.configuration import COMMAND, configuration_changed
from callbacks.models import Connection
from callbacks.models.identity import connection_id


def ensure_connection(*, account: str, region: str, endpoint_url: str, now: datetime) -> None:
    """Add the connection where it is not there yet. Raises AuditUnavailable."""
    identity = connection_id(account=account, region=region, endpoint_url=endpoint_url)
    if Connection.objects.filter(id=identity).exists():
        return
    with transaction.atomic():
        connection = Connection.objects.create(
            id=identity,
            name=_free_name(endpoint_url),
            account=account,
            region=region,
            endpoint_url=endpoint_url,
            created_at=now,
        )
        configuration_changed(
            what="connection_added",
            actor=COMMAND,
            now=now,
            facts={"connection": str(identity), "name": connection.name, "region": region},
        )


def _free_name(endpoint_url: str) -> str:
    if not Connection.objects.filter(name="demo").exists():
        return "demo"
    return f"demo at {endpoint_url}"[:80]
