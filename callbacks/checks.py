"""System checks: what an environment can hold that only judgement finds.

`manage.py`, the worker and beat run them at their start; errors stop them there.
"""

import base64
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

KEY_BYTES = 32
MAKE_KEY = "python -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"


@checks.register(checks.Tags.security)
def check_token_keys(**kwargs: Any) -> list[checks.CheckMessage]:
    keys = settings.TOKEN_ENCRYPTION_KEYS
    if not keys and not settings.DEBUG:
        return [
            checks.Error(
                "TOKEN_ENCRYPTION_KEYS is not set, so no task token can be kept or answered.",
                hint=f"Give one (or TOKEN_ENCRYPTION_KEYS_FILE), made by: {MAKE_KEY}",
                id="holdpoint.E001",
            )
        ]
    bad = [str(number) for number, key in enumerate(keys, 1) if not _is_key(key)]
    if not bad:
        return []
    return [
        checks.Error(
            f"TOKEN_ENCRYPTION_KEYS: number {', '.join(bad)} is not 32 bytes in base64url.",
            hint=f"Keys stand newest first, with commas between them; make one by: {MAKE_KEY}",
            id="holdpoint.E002",
        )
    ]


@checks.register(checks.Tags.security)
def check_audit_key(**kwargs: Any) -> list[checks.CheckMessage]:
    key = settings.AUDIT_SIGNING_KEY
    if (not key and settings.DEBUG) or _is_key(key):
        return []
    wrong = "is not 32 bytes in base64url" if key else "is not set"
    return [
        checks.Error(
            f"AUDIT_SIGNING_KEY {wrong}, so no checkpoint of the audit record can be signed.",
            hint=f"Give one (or AUDIT_SIGNING_KEY_FILE), made by: {MAKE_KEY}",
            id="holdpoint.E003",
        )
    ]


@checks.register(checks.Tags.database, deploy=True)
def check_database_engine(**kwargs: Any) -> list[checks.CheckMessage]:
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return []
    return [
        checks.Warning(
            "The database is SQLite: one writer at a time, on one machine, without a standby.",
            hint="Set DATABASE_URL to a PostgreSQL database for production.",
            id="holdpoint.W001",
        )
    ]


@checks.register(checks.Tags.security)
def check_audit_file(**kwargs: Any) -> list[checks.CheckMessage]:
    path = Path(settings.AUDIT_SINK_FILE)
    # What is not there yet is made inside the nearest folder that is.
    nearest = next(part for part in (path, *path.absolute().parents) if part.exists())
    fits = nearest.is_file() if nearest == path else nearest.is_dir()
    if fits and os.access(nearest, os.W_OK):
        return []
    return [
        checks.Warning(
            f"The audit file {path} cannot be written by this process, so it can send no answer.",
            hint="Set AUDIT_SINK_FILE to a file on a durable disk that the worker may write.",
            id="holdpoint.W002",
        )
    ]


def _is_key(text: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(text)) == KEY_BYTES
    except ValueError:
        return False
