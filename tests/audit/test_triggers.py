"""The record's tables refuse what nobody may do to them, even by raw SQL."""

import uuid
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction
from django.db.models import Field
from django.utils import timezone

from callbacks.audit import triggers
from callbacks.models import AuditEntry, AuditPersonal, Decision, DecisionStatus, Reading, Vote
from tests import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> AuditEntry:
    row = AuditEntry.objects.create(
        chain_seq=1,
        kind="signed_in",
        at=timezone.now(),
        body="{}",
        previous_hash="0" * 64,
        entry_hash="1" * 64,
    )
    AuditPersonal.objects.create(entry=row, field="actor_name", salt="ab", value="Ada")
    return row


def refuses(statement: str, *params: object) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params)
    except Error as exc:
        return triggers.SAYS in str(exc)
    return False


def test_all_triggers_stand_after_the_migrations() -> None:
    assert triggers.missing(connection) == []


@pytest.mark.parametrize("name", ["kind = 'x'", "body = 'x'", "chain_seq = 9"])
def test_an_audit_entry_is_never_changed(entry: AuditEntry, name: str) -> None:
    assert refuses(f"UPDATE {triggers.ENTRIES} SET {name}")  # noqa: S608 - fixed texts


@pytest.mark.parametrize("table", triggers.TABLES)
def test_no_row_of_the_record_is_deleted(entry: AuditEntry, table: str) -> None:
    user = making.make_person("ada")
    decision = making.make_decision(user=user)
    now = timezone.now()
    making.make_vote(decision, user)
    making.make_rescue(decision.task.execution, user)
    making.make_comment(user)
    Reading.objects.create(user=user, task_id=uuid.uuid4(), hour=now, first_at=now, view="page")
    assert refuses(f"DELETE FROM {table}")  # noqa: S608 - fixed names


@pytest.mark.parametrize("table", triggers.TABLES)
def test_no_table_of_the_record_is_truncated(table: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    assert refuses(f"TRUNCATE {table} CASCADE")


def test_a_reading_is_never_changed() -> None:
    user, now = making.make_person("ada"), timezone.now()
    Reading.objects.create(user=user, task_id=uuid.uuid4(), hour=now, first_at=now, view="page")
    assert refuses(f"UPDATE {triggers.READINGS} SET view = 'x'")  # noqa: S608 - fixed


@pytest.mark.parametrize("change", ["value = 'Bob'", "value = ''", "salt = ''", "field = 'x'"])
def test_a_personal_value_is_not_altered(entry: AuditEntry, change: str) -> None:
    assert refuses(f"UPDATE {triggers.PERSONAL} SET {change}")  # noqa: S608 - fixed texts


def test_a_personal_value_may_be_erased_with_its_salt(entry: AuditEntry) -> None:
    assert not refuses(f"UPDATE {triggers.PERSONAL} SET value = '', salt = ''")  # noqa: S608


@pytest.mark.parametrize("column", triggers.FROZEN_IN_DECISION)
def test_what_a_decision_says_is_frozen(column: str) -> None:
    decision = making.make_decision(user=making.make_person("ada"))
    field = next(f for f in decision._meta.concrete_fields if f.column == column)
    with pytest.raises(Error, match=triggers.SAYS), transaction.atomic():
        Decision.objects.update(**{field.attname: _other(field)})


@pytest.mark.parametrize("column", triggers.FROZEN_IN_VOTE)
def test_what_a_signature_says_is_frozen(column: str) -> None:
    user = making.make_person("ada")
    vote = making.make_vote(making.make_decision(user=user), user)
    field = next(f for f in vote._meta.concrete_fields if f.column == column)
    with pytest.raises(Error, match=triggers.SAYS), transaction.atomic():
        Vote.objects.update(**{field.attname: _other(field)})


def _other(field: Field) -> object:
    """A value that fits the column and is not what `make_decision` puts there."""
    kinds: dict[str, object] = {
        "UUIDField": uuid.uuid4(),
        "ForeignKey": uuid.uuid4() if field.name in ("task", "decision") else 77,
        "DateTimeField": timezone.now() + timedelta(days=1),
        "PositiveIntegerField": 99,
        "BinaryField": b"other",
    }
    return kinds.get(field.get_internal_type(), "other")


def test_how_a_decision_stands_may_move_on() -> None:
    decision = making.make_decision()
    decision.status = DecisionStatus.SENT
    decision.aws_request_id = "r-1"
    decision.save()
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.SENT
