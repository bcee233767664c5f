"""Database triggers that keep the record as it was written, whoever holds the connection.

The migration puts them in place; the tests' flush takes them off and puts them back.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

ENTRIES = "callbacks_auditentry"
PERSONAL = "callbacks_auditpersonal"
READINGS = "callbacks_reading"
DECISIONS = "callbacks_decision"
VOTES = "callbacks_vote"
COMMENTS = "callbacks_comment"
RESCUES = "callbacks_rescueaction"

# What a decision says and who said it; how it stands (status and after) may move on.
FROZEN_IN_DECISION = (
    "id",
    "task_id",
    "request_id",
    "connection_id",
    "connection_name",
    "region",
    "state_machine_name",
    "execution_arn",
    "execution_name",
    "state",
    "iteration",
    "attempt",
    "redrive_count",
    "scheduled_event_id",
    "headline",
    "shown_sha256",
    "forecast",
    "direction",
    "output",
    "error",
    "cause",
    "payload_sha256",
    "payload_bytes",
    "reason",
    "decided_by_id",
    "decided_by_name",
    "decided_at",
    "channel",
    "policy_id",
    "policy_name",
    "policy_version",
)
FROZEN_IN_PERSONAL = ("id", "entry_id", "field")
# All but the time at which it was taken back.
FROZEN_IN_VOTE = (
    "id",
    "decision_id",
    "user_id",
    "user_name",
    "at",
    "payload_sha256",
    "reason",
    "channel",
)
# What was asked, and by whom.
FROZEN_IN_RESCUE = (
    "id",
    "kind",
    "execution_id",
    "task_id",
    "connection_id",
    "connection_name",
    "region",
    "state_machine_name",
    "execution_arn",
    "execution_name",
    "redrive_count",
    "state",
    "iteration",
    "scheduled_event_id",
    "error",
    "cause",
    "reason",
    "waiting_tasks",
    "live_answers",
    "asked_by_id",
    "asked_by_name",
    "asked_at",
    "channel",
)
# A table of the record, and the columns in it that never change. None: no column ever does.
FROZEN: dict[str, tuple[str, ...] | None] = {
    ENTRIES: None,
    READINGS: None,
    PERSONAL: FROZEN_IN_PERSONAL,
    DECISIONS: FROZEN_IN_DECISION,
    VOTES: FROZEN_IN_VOTE,
    COMMENTS: None,
    RESCUES: FROZEN_IN_RESCUE,
}
TABLES = tuple(FROZEN)
# Erasing a personal value takes the salt with it, else the value could be guessed.
ALSO_REFUSED = {PERSONAL: "NEW.value <> '' OR NEW.salt <> ''"}
SAYS = "The record is never changed or deleted."


def create(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place, over older ones of the same name.

    A migration that makes or alters one of these tables must call this at its end: SQLite makes an
    altered table anew, without its triggers. Tables and columns of later migrations are left out.
    """
    drop(connection)
    _run(connection, [_create_sql(connection, *rule) for rule in _rules(connection)])
    if connection.vendor == "postgresql":
        _run(connection, [_forbid_truncate(table) for table in _columns(connection)])


def drop(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off, where they are."""
    on_table = connection.vendor == "postgresql"
    names = [(_name(table, event), table) for table, event, _ in _rules(connection)]
    if on_table:
        names += [(_name(table, "truncate"), table) for table in _columns(connection)]
    _run(
        connection,
        [
            f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if on_table else "")
            for name, table in names
        ],
    )


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that should be there and are not (or are disabled)."""
    expected = [_name(table, event) for table, event, _ in _rules(connection)]
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        expected += [_name(table, "truncate") for table in TABLES]
        query = "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = {name for (name,) in cursor.fetchall()}
    return [name for name in expected if name not in found]


def _rules(connection: BaseDatabaseWrapper) -> list[tuple[str, str, str]]:
    """Table, event, and the condition under which the event is refused ("" is always)."""
    # The same comparison in the words of each; SQLite reads the standard's only since 3.39.
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    rules = []
    for table, columns in _columns(connection).items():
        conditions = [f'NEW."{name}" {differs} OLD."{name}"' for name in columns]
        if table in ALSO_REFUSED:
            conditions.append(ALSO_REFUSED[table])
        rules += [(table, "update", " OR ".join(conditions)), (table, "delete", "")]
    return rules


def _columns(connection: BaseDatabaseWrapper) -> dict[str, list[str]]:
    """The tables of the record that are there now, with the frozen columns that they have."""
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor)) & set(FROZEN)
        return {
            table: [name for name in _names(cursor, table) if name in (FROZEN[table] or ())]
            for table in FROZEN
            if table in present
        }


def _names(cursor: CursorWrapper, table: str) -> list[str]:
    # Django's introspection tells more and parses each table's whole text for it.
    cursor.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 - our own table's name
    return [column[0] for column in cursor.description]


def _name(table: str, event: str) -> str:
    return f"{table}_no_{event}"


def _create_sql(connection: BaseDatabaseWrapper, table: str, event: str, condition: str) -> str:
    when = f"WHEN ({condition}) " if condition else ""
    start = f"CREATE TRIGGER {_name(table, event)} BEFORE {event.upper()} ON {table} FOR EACH ROW "
    if connection.vendor == "postgresql":
        return start + when + "EXECUTE FUNCTION callbacks_keep_record()"
    return start + when + f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"


def _forbid_truncate(table: str) -> str:
    name = _name(table, "truncate")
    return (
        f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION callbacks_keep_record()"
    )


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    if connection.vendor == "postgresql":
        statements = [_FUNCTION, *statements]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


_FUNCTION = f"""
CREATE OR REPLACE FUNCTION callbacks_keep_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{SAYS}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
