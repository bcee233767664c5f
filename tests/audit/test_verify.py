"""Each kind of tampering is found, by somebody who may write the database as they like."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from callbacks.audit import sink, triggers
from callbacks.audit.envelope import GENESIS, entry_hash
from callbacks.audit.faults import Fault
from callbacks.audit.verify import compare_with_file, verify_chain, verify_file
from callbacks.models import AuditEntry, AuditPersonal
from tests import making
from tests.audit.chains import add, record, run_verify, tamper, without_triggers

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> list[AuditEntry]:
    """Five entries about one decision by Ada."""
    decision = making.make_decision(user=making.make_person("ada"), reason="Fits")
    record(decision)
    for step in ("answer_sending", "answer_sent", "answer_confirmed", "signed_out"):
        add(step, decision_id=decision.pk, facts={"payload_sha256": decision.payload_sha256})
    return list(AuditEntry.objects.order_by("chain_seq"))


def sql(text: str) -> str:
    return text.format(entries=triggers.ENTRIES, personal=triggers.PERSONAL)


def rewritten(entry: AuditEntry, **changes: object) -> str:
    body = json.loads(entry.body) | changes
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.usefixtures("chain")
def test_an_untouched_chain_holds() -> None:
    assert verify_chain().entries == 5


def test_an_empty_chain_holds() -> None:
    assert verify_chain().head == GENESIS


def test_a_changed_text_is_found(chain: list[AuditEntry]) -> None:
    tamper(
        sql("UPDATE {entries} SET body = %s WHERE chain_seq = 3"),
        rewritten(chain[2], kind="answer_refused"),
    )
    with pytest.raises(Fault, match=r"Entry 3: its text does not have the hash"):
        verify_chain()


def test_a_changed_text_with_its_hash_made_anew_is_found(chain: list[AuditEntry]) -> None:
    body = rewritten(chain[2], actor="77")
    tamper(
        sql("UPDATE {entries} SET body = %s, entry_hash = %s, actor_id = 77 WHERE chain_seq = 3"),
        body,
        entry_hash(body),
    )
    with pytest.raises(Fault, match=r"Entries 3 to 4: the last does not continue"):
        verify_chain()


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize(
    "change",
    [
        "kind = 'other'",
        "at = '2020-01-01 00:00:00'",
        "actor_id = 77",
        "decision_id = NULL",
        "task_id = '00000000000000000000000000000001'",
        "previous_hash = 'x'",
    ],
)
def test_a_changed_column_is_found(change: str) -> None:
    tamper(sql(f"UPDATE {{entries}} SET {change} WHERE chain_seq = 2"))  # noqa: S608 - fixed texts
    with pytest.raises(Fault, match=r"Entry 2: its column (\w+) says") as found:
        verify_chain()
    assert change.startswith(re.findall(r"column (\w+)", str(found.value))[0])


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("seq", [1, 3])
def test_a_removed_entry_is_found(seq: int) -> None:
    tamper(sql("DELETE FROM {personal} WHERE entry_id = %s"), seq)
    tamper(sql("DELETE FROM {entries} WHERE chain_seq = %s"), seq)
    with pytest.raises(Fault, match=f"Entry {seq}: it is missing"):
        verify_chain()


def test_two_exchanged_entries_are_found(chain: list[AuditEntry]) -> None:
    with without_triggers():
        for seq, place in ((2, 900), (3, 2), (900, 3)):
            AuditEntry.objects.filter(chain_seq=seq).update(chain_seq=place)
    with pytest.raises(Fault, match="Entry 2: it is missing, entry 3 stands in its place"):
        verify_chain()


def test_a_text_in_another_form_is_found(chain: list[AuditEntry]) -> None:
    body = chain[4].body.replace(",", ", ", 1)
    tamper(
        sql("UPDATE {entries} SET body = %s, entry_hash = %s WHERE chain_seq = 5"),
        body,
        entry_hash(body),
    )
    with pytest.raises(Fault, match="Entry 5: the text is not in canonical form"):
        verify_chain()


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("body", ["", "[]", "{}", "[" * 100_000, '{"version":1}'])
def test_a_text_that_is_no_entry_is_found(body: str) -> None:
    tamper(
        sql("UPDATE {entries} SET body = %s, entry_hash = %s WHERE chain_seq = 5"),
        body,
        entry_hash(body),
    )
    with pytest.raises(Fault, match="Entry 5: the text is not a readable entry"):
        verify_chain()


@pytest.mark.usefixtures("chain")
def test_an_altered_personal_value_is_found() -> None:
    tamper(sql("UPDATE {personal} SET value = 'Bob' WHERE field = 'actor_name'"))
    with pytest.raises(Fault, match="Entry 1: its personal value actor_name was altered"):
        verify_chain()


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("column", ["salt", "value"])
def test_a_half_erased_personal_value_is_found(column: str) -> None:
    tamper(sql(f"UPDATE {{personal}} SET {column} = '' WHERE field = 'reason'"))  # noqa: S608
    with pytest.raises(Fault, match="Entry 1: its personal value reason was altered"):
        verify_chain()


@pytest.mark.usefixtures("chain")
def test_a_removed_personal_value_is_found() -> None:
    tamper(sql("DELETE FROM {personal} WHERE field = 'reason'"))
    with pytest.raises(Fault, match="Entry 1: its personal values are not the ones"):
        verify_chain()


@pytest.mark.usefixtures("chain")
def test_a_chain_without_its_personal_values_still_holds() -> None:
    AuditPersonal.objects.update(value="", salt="")
    assert verify_chain().entries == 5


# --- the file sink ------------------------------------------------------------------------------
@pytest.fixture
def file(chain: list[AuditEntry], audit_sink: Path) -> Path:
    sink.catch_up()
    return audit_sink


def test_a_file_in_step_agrees(file: Path) -> None:
    assert compare_with_file(file) == 5


def test_a_file_that_is_behind_agrees(file: Path) -> None:
    add()
    assert compare_with_file(file) == 5


def test_a_database_that_lost_its_last_entries_is_found(file: Path) -> None:
    tamper(sql("DELETE FROM {entries} WHERE chain_seq > 3"))
    assert verify_chain().entries == 3
    with pytest.raises(Fault, match="Entry 4: the audit file has it and the database has not"):
        compare_with_file(file)


def test_a_database_rewritten_from_some_entry_on_is_found(file: Path) -> None:
    tamper(sql("DELETE FROM {entries} WHERE chain_seq > 3"))
    add("answer_refused")
    assert verify_chain().entries == 4
    with pytest.raises(Fault, match="Entry 4: the audit file and the database differ"):
        compare_with_file(file)


def change_line(file: Path, number: int, change: Callable[[str], str]) -> None:
    lines = file.read_text().splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    file.write_text("".join(lines))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda line: line.replace("answer_sent", "answer_lost"), "does not have the hash"),
        (lambda line: line.replace(",", ", ", 1), "not in canonical form"),
        (lambda line: "", "it is missing"),
        (lambda line: "nonsense\n", "not an audit entry"),
    ],
)
def test_a_changed_file_is_found_offline(
    file: Path, change: Callable[[str], str], found: str
) -> None:
    change_line(file, 3, change)
    with pytest.raises(Fault, match=f"Entry 3: .*{found}"):
        verify_file(file)


# --- the command --------------------------------------------------------------------------------
def test_the_command_says_that_all_holds(file: Path) -> None:
    code, said = run_verify()
    assert code == 0
    assert "Holds: 5 entries, 1 decisions with 0 signatures, 0 comments, 0 other actions" in said
    assert f"The audit file {file} agrees: 5 entries." in said


@pytest.mark.usefixtures("chain")
def test_the_command_says_that_there_is_no_file() -> None:
    assert "only the database was checked" in run_verify()[1]


def test_the_command_names_the_first_bad_entry(file: Path) -> None:
    tamper(sql("DELETE FROM {entries} WHERE chain_seq > 3"))
    code, said = run_verify()
    assert code == 1
    assert "Does not hold. Entry 4:" in said


def test_the_command_checks_a_file_alone(file: Path) -> None:
    tamper(sql("DELETE FROM {entries} WHERE chain_seq > 3"))
    code, said = run_verify(str(file))
    assert code == 0
    assert f"Holds: 5 entries, last hash {verify_file(file).head}." in said


def test_the_command_cannot_check_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Cannot read the file"):
        call_command("verify_audit", str(tmp_path / "none"))


@pytest.mark.usefixtures("chain")
def test_the_command_warns_where_nothing_protects_the_record() -> None:
    with connection.cursor() as cursor:
        on_table = f" ON {triggers.ENTRIES}" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {triggers.ENTRIES}_no_update{on_table}")
    code, said = run_verify()
    assert code == 0
    assert "these triggers are missing: callbacks_auditentry_no_update." in said
