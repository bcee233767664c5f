"""An export proves itself: `manage.py verify_audit FILE` needs no database to check it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.audit import keys
from callbacks.audit.checkpointing import write_checkpoint
from callbacks.audit.envelope import entry_hash
from callbacks.audit.notes import Signer
from callbacks.models import AuditEntry, AuditPersonal
from tests.audit.chains import run_verify
from tests.making import make_task

Lines = list[dict[str, Any]]


@pytest.fixture
def exported(people, program_of, tmp_path) -> Callable[..., Path]:
    """Two approved and one rejected with a reason, a checkpoint, and the record as a file."""
    approver, auditor = program_of(people.approver), program_of(people.auditor)
    for reason in ("Fits.", "Fits too."):
        approver.post(f"/tasks/{make_task().pk}/approve", {"output": 1, "reason": reason})
    approver.post(f"/tasks/{make_task().pk}/reject", {"reason": "Nò.‮"})
    write_checkpoint(now=timezone.now())

    def export(**filters: str) -> Path:
        answer = auditor.get("/audit/export", format="jsonl", **filters)
        file: Path = tmp_path / "audit.jsonl"
        file.write_bytes(b"".join(answer.streaming_content))
        return file

    return export


def read(file: Path) -> Lines:
    return [json.loads(line) for line in file.read_text().splitlines()]


def write(file: Path, lines: Lines) -> None:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def find(lines: Lines, kind: str) -> dict[str, Any]:
    return next(line for line in lines if line.get("kind") == kind)


def test_a_whole_export_holds_with_its_checkpoint(exported):
    code, said = run_verify(str(exported()))
    assert code == 0, said
    assert f"{AuditEntry.objects.count() - 1} entries, last hash" in said
    assert "1 checkpoints are read" in said


@pytest.mark.parametrize(
    "filters",
    [{"kind": "answer_decided"}, {"kind": "no_such_kind"}, {"until": "2999-01-01T00:00:00Z"}],
)
def test_of_a_part_nothing_is_proved_and_that_is_said(exported, filters):
    with pytest.raises(CommandError, match="Of a part nothing can be proved"):
        run_verify(str(exported(**filters)))


def test_no_database_is_needed(exported):
    file = exported()
    with CaptureQueriesContext(connection) as queries:
        assert run_verify(str(file))[0] == 0
    assert len(queries) == 0


def test_what_was_erased_before_the_export_is_no_fault(exported):
    AuditPersonal.objects.update(value="", salt="")
    assert run_verify(str(exported()))[0] == 0


def alter_reason(line: dict[str, Any]) -> None:
    line["personal"]["reason"] = "Another."


def alter_proved_reason(line: dict[str, Any]) -> None:
    alter_reason(line)
    line["evidence"]["personal"]["reason"]["value"] = "Another."


def alter_name(line: dict[str, Any]) -> None:
    line["actor"]["name"] = "Somebody Else"


def alter_actor(line: dict[str, Any]) -> None:
    line["actor"]["id"] = 9_999


def alter_kind(line: dict[str, Any]) -> None:
    line["kind"] = "answer_withdrawn"


def alter_time(line: dict[str, Any]) -> None:
    line["at"] = "2020-01-01T00:00:00+00:00"


def alter_facts(line: dict[str, Any]) -> None:
    line["facts"]["direction"] = "neither"


def alter_task(line: dict[str, Any]) -> None:
    line["task"] = None


def alter_number(line: dict[str, Any]) -> None:
    line["seq"] += 1


def alter_text(line: dict[str, Any]) -> None:
    line["evidence"]["body"] = line["evidence"]["body"].replace("decided", "refused")


def drop_person(line: dict[str, Any]) -> None:
    del line["evidence"]["personal"]["actor_name"]


def drop_evidence(line: dict[str, Any]) -> None:
    del line["evidence"]


def put_in_a_name(line: dict[str, Any]) -> None:
    line["verdict"] = "approved"


def break_text(line: dict[str, Any]) -> None:
    line["evidence"]["personal"]["reason"]["value"] = "\ud800"


def break_evidence(line: dict[str, Any]) -> None:
    line["evidence"]["personal"] = ["reason"]


ALTERED = {
    alter_reason: "its personal values say something else than its evidence",
    alter_proved_reason: "its personal value reason was altered",
    alter_name: "its personal values say something else",
    alter_actor: "its actor says something else than its text",
    alter_kind: "its kind says something else",
    alter_time: "its at says something else",
    alter_facts: "its facts says something else",
    alter_task: "its task says something else",
    alter_number: "its seq says something else",
    alter_text: "its text does not have the hash",
    drop_person: "its personal values are not the ones that were recorded",
    drop_evidence: "a line has no evidence that can be read",
    put_in_a_name: "its line has not the names that an export has",
    break_text: "a line has no evidence that can be read",
    break_evidence: "a line has no evidence that can be read",
}


def test_whatever_is_altered_in_the_file_is_found(exported):
    file = exported()
    whole = file.read_text()
    for alter, told in ALTERED.items():
        lines = [json.loads(line) for line in whole.splitlines()]
        alter(find(lines, "answer_decided"))
        write(file, lines)
        code, said = run_verify(str(file))
        assert (code, told in said) == (1, True), (alter.__name__, said)


@pytest.mark.parametrize(
    "change",
    [
        {"facts": 5}, {"facts": None}, {"personal": ["a"]}, {"personal": None}, {"seq": "x"},
        {"seq": True}, {"seq": None}, {"at": 1.5}, {"kind": 1}, {"facts": {"a": []}},
    ],
    ids=str,
)  # fmt: skip
def test_an_entry_of_other_kinds_of_values_is_a_clear_line(exported, change):
    file = exported()
    lines = read(file)
    first = lines[-2]
    body = json.loads(first["evidence"]["body"]) | change
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    first |= change | {"entry_hash": entry_hash(text)}
    first["evidence"]["body"] = text
    write(file, lines)
    code, said = run_verify(str(file))
    assert (code, "no evidence that can be read" in said) == (1, True), said


def test_a_name_that_stands_twice_is_found(exported):
    file = exported()
    file.write_text(file.read_text().replace('"kind"', '"kind": "x", "kind"', 1))
    code, said = run_verify(str(file))
    assert (code, "no evidence that can be read" in said) == (1, True), said


def test_a_checkpoint_of_broken_text_does_not_count(exported):
    file = exported()
    lines = read(file)
    lines[-1]["checkpoint"] = "\ud800" + lines[-1]["checkpoint"]
    write(file, lines)
    code, said = run_verify(str(file))
    assert (code, "does not count: it is no text" in said) == (1, True), said


def test_lines_in_another_order_are_found(exported):
    file = exported()
    lines = read(file)
    lines[0], lines[2] = lines[2], lines[0]
    write(file, lines)
    code, said = run_verify(str(file))
    assert (code, "stands in its place" in said) == (1, True), said


def test_a_line_that_was_left_out_of_a_whole_export_is_missed(exported):
    file = exported()
    lines = read(file)
    del lines[2]
    write(file, lines)
    code, said = run_verify(str(file))
    assert (code, "stands in its place" in said) == (1, True), said


def test_newest_entries_that_were_left_out_are_missed_by_the_checkpoint(exported):
    file = exported()
    write(file, read(file)[-3:])
    code, said = run_verify(str(file))
    assert (code, "the last is missing" in said) == (1, True), said


def test_a_file_of_which_nothing_is_left_does_not_hold(exported):
    file = exported()
    file.write_bytes(b"")
    code, said = run_verify(str(file))
    assert (code, "nothing in the file is an entry" in said) == (1, True), said


@pytest.mark.parametrize("keep", [-1, -20, 300, 30])
def test_a_file_that_was_cut_off_is_named_as_such(exported, keep):
    file = exported()
    file.write_bytes(file.read_bytes()[:keep])
    code, said = run_verify(str(file))
    assert (code, "the file was cut off" in said) == (1, True), said


def test_a_checkpoint_that_somebody_else_signed_does_not_count(exported, tmp_path):
    file = exported()
    lines = read(file)
    own = keys.signer()
    other = Signer(name=own.verifier.name, seed=base64.urlsafe_b64encode(b"1" * 32).decode())
    lines[-1]["checkpoint"] = other.sign(lines[-1]["checkpoint"].split("\n\n")[0] + "\n")
    write(file, lines)
    code, said = run_verify(str(file))
    assert (code, "the checkpoint at its end does not count" in said) == (1, True), said
