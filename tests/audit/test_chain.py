"""Appending: linked, gap-free, never forked, and nothing happens that cannot be recorded."""

import hashlib
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from callbacks.audit import SYSTEM, AuditUnavailable, append
from callbacks.audit.triggers import ENTRIES
from callbacks.audit.verify import verify_chain
from callbacks.models import AuditEntry, AuditPersonal, Role, RoleGrant
from callbacks.people import grant_role
from tests import making
from tests.audit.chains import NOW, add
from tests.conftest import Cast


@pytest.mark.django_db
def test_the_first_entry_follows_nothing() -> None:
    entry = add()
    assert (entry.chain_seq, entry.previous_hash) == (1, "0" * 64)


@pytest.mark.django_db
def test_each_entry_names_the_hash_of_the_one_before() -> None:
    first, second = add(), add()
    assert second.chain_seq == 2
    assert second.previous_hash == first.entry_hash


@pytest.mark.django_db
def test_the_hash_covers_the_canonical_text() -> None:
    entry = add(facts={"z": 1, "a": "ä"})
    entry.refresh_from_db()
    assert entry.entry_hash == hashlib.sha256(entry.body.encode()).hexdigest()
    assert '"facts":{"a":"ä","z":1}' in entry.body


@pytest.mark.django_db
def test_an_entry_says_who_what_and_when() -> None:
    user = making.make_person("ada")
    decision, task = uuid.uuid4(), uuid.uuid4()
    entry = add("answer_sent", actor=making.make_actor(user), decision_id=decision, task_id=task)
    body = json.loads(entry.body)
    assert body["at"] == 1_772_357_415_123_457
    assert (body["actor"], body["channel"]) == (str(user.pk), "page")
    assert (body["decision"], body["task"]) == (str(decision), str(task))


@pytest.mark.django_db
def test_personal_values_stand_beside_the_chain(people: Cast) -> None:
    entry = add(actor=making.make_actor(people.approver), personal={"reason": "Ada asked"})
    values = dict(AuditPersonal.objects.filter(entry=entry).values_list("field", "value"))
    assert values == {
        "actor_name": "approver",
        "actor_address": "192.0.2.7",
        "reason": "Ada asked",
    }
    assert not [value for value in values.values() if value in entry.body]


@pytest.mark.django_db
def test_equal_personal_values_have_different_commitments() -> None:
    bodies = [json.loads(add(personal={"reason": "same"}).body) for _ in range(2)]
    assert bodies[0]["personal"]["reason"] != bodies[1]["personal"]["reason"]


@pytest.mark.django_db
def test_an_empty_personal_value_leaves_nothing_behind() -> None:
    entry = add(personal={"reason": ""})
    assert json.loads(entry.body)["personal"] == {}
    assert not AuditPersonal.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("value", [True, None, 1.5, ["x"]])
def test_a_fact_is_a_string_or_an_integer(value: object) -> None:
    with pytest.raises(TypeError):
        add(facts={"x": value})


@pytest.mark.django_db
def test_an_integer_that_json_readers_round_is_refused() -> None:
    with pytest.raises(ValueError, match="safe integer"):
        add(facts={"x": 2**53})


@pytest.mark.django_db(transaction=True)
def test_an_entry_needs_the_transaction_that_it_records() -> None:
    with pytest.raises(TransactionManagementError):
        append(kind="signed_in", now=NOW, actor=SYSTEM, facts={})


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_entry_leaves_no_gap() -> None:
    add()
    with transaction.atomic():
        add()
        transaction.set_rollback(True)
    assert add().chain_seq == 2


def append_at_once(*, writers: int, each: int) -> None:
    """Let so many threads append so many entries, all starting together."""
    barrier = threading.Barrier(writers)

    def write() -> None:
        barrier.wait()
        try:
            for _ in range(each):
                add(personal={"reason": "because"})
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as pool:
        for done in [pool.submit(write) for _ in range(writers)]:
            done.result()


@pytest.mark.django_db(transaction=True)
def test_eight_writers_at_once_make_one_chain() -> None:
    append_at_once(writers=8, each=25)
    numbers = list(AuditEntry.objects.order_by("chain_seq").values_list("chain_seq", flat=True))
    assert numbers == list(range(1, 201))
    assert verify_chain().entries == 200


@pytest.mark.django_db(transaction=True)
def test_writers_do_not_wait_for_a_long_reader() -> None:
    for _ in range(3):
        add()
    with connection.cursor() as reader:
        # A reading that is begun and not finished holds its view of the database open.
        reader.execute(f"SELECT chain_seq FROM {ENTRIES}")  # noqa: S608 - a fixed name
        reader.fetchone()
        append_at_once(writers=8, each=5)
        assert len(reader.fetchall()) == 2
    assert verify_chain().entries == 43


@pytest.fixture
def broken_record(db: None) -> None:
    """A trigger that refuses every new entry, as a full disk would."""
    refuse = f"CREATE TRIGGER broken BEFORE INSERT ON {ENTRIES} "
    if connection.vendor == "postgresql":
        refuse += "FOR EACH ROW EXECUTE FUNCTION callbacks_keep_record()"
    else:
        refuse += "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    with connection.cursor() as cursor:
        cursor.execute(refuse)


@pytest.mark.usefixtures("broken_record")
def test_a_record_that_takes_nothing_is_said_so() -> None:
    with pytest.raises(AuditUnavailable):
        add()


@pytest.mark.usefixtures("broken_record")
def test_what_cannot_be_recorded_does_not_happen() -> None:
    user = making.make_person("ada")
    with pytest.raises(AuditUnavailable):
        grant_role(user=user, role=Role.ADMIN, actor=SYSTEM, now=NOW)
    assert not RoleGrant.objects.filter(user=user).exists()
