"""What a process that a test starts is told, so that it works on the test's own database."""

from __future__ import annotations

import os

from django.conf import settings
from django.db import connection


def database_url() -> str:
    """The database that this very process uses."""
    used = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{used['NAME']}"
    host = f"{used['HOST'] or 'localhost'}:{used['PORT'] or 5432}"
    return f"postgresql://{used['USER']}:{used['PASSWORD']}@{host}/{used['NAME']}"


def child_environment(**more: str) -> dict[str, str]:
    """Of this process, with its database, its keys and its audit file."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "AUDIT_SINK_FILE": settings.AUDIT_SINK_FILE,
        "TOKEN_ENCRYPTION_KEYS": ",".join(settings.TOKEN_ENCRYPTION_KEYS),
        "SECRET_KEY": settings.SECRET_KEY,
        **more,
    }
