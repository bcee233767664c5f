"""What SQLite is not told by Django: an index that holds the words of a search, and statistics.

PostgreSQL has an index of trigrams (migration 0013) and autovacuum instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps as current_apps
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, connections

# A walk reads no row where the index has every column that is asked for, also the one that its own
# condition names.
SEARCH_INDEX = (
    "CREATE INDEX IF NOT EXISTS task_search ON callbacks_callbacktask "
    "(dies_earliest, id, policy_id, status, search_text) WHERE status = 'waiting'"
)
# Rows of each index that are looked at: of 100,000 tasks it takes a twentieth of a second.
ROWS_LOOKED_AT = 1000


def drop_search_index(*, using: str, plan: Sequence[Any] = (), **_: Any) -> None:
    """A receiver of pre_migrate: Django does not know the index, and may drop a column under it."""
    if connections[using].vendor == "sqlite" and plan:
        with connections[using].cursor() as cursor:
            cursor.execute("DROP INDEX IF EXISTS task_search")


def ensure_search_index(*, using: str, apps: Any = current_apps, **_: Any) -> None:
    """A receiver of post_migrate; `apps` is as the migrations have left it."""
    if connections[using].vendor == "sqlite" and _has_words(apps):
        with connections[using].cursor() as cursor:
            cursor.execute(SEARCH_INDEX)


def _has_words(apps: Any) -> bool:
    """Whether the column is there yet: one may migrate to any state."""
    try:
        apps.get_model("callbacks", "CallbackTask")._meta.get_field("search_text")
    except (LookupError, FieldDoesNotExist):
        return False
    return True


def refresh_statistics() -> None:
    """Let the planner know how many rows there are of what; it takes ten for many otherwise."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit = {ROWS_LOOKED_AT}")
            cursor.execute("ANALYZE")
