"""An upgrade holds up nobody who still works with the version before."""

from __future__ import annotations

from django.db.migrations import Migration, RunPython
from django.db.migrations.loader import MigrationLoader

# Those up to here came before the rule, and a history is not rewritten.
LAST_BEFORE = "0081_could_wait"


def late_migrations() -> list[Migration]:
    found = MigrationLoader(None).disk_migrations
    return [one for (app, name), one in found.items() if app == "callbacks" and name > LAST_BEFORE]


def test_no_table_is_locked_while_its_rows_are_rewritten() -> None:
    """A changed table is locked to the transaction's end, even for reading."""
    assert late_migrations()
    for migration in late_migrations():
        kinds = {type(one) for one in migration.operations}
        assert RunPython not in kinds or kinds == {RunPython}, migration.name
        assert RunPython not in kinds or not migration.atomic, migration.name
