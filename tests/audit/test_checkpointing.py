"""Checkpoints leave the database in time, go on from the last one, and never sign another past."""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pymerkle import InmemoryTree

from callbacks.audit import AuditRolledBack, AuditUnavailable, checkpointing, triggers
from callbacks.audit.checkpoint_files import checkpoint_paths, last_note, read_notes
from callbacks.audit.commitments import readings_between
from callbacks.audit.faults import Fault
from callbacks.audit.lookback import look_back, read_signed
from callbacks.audit.verify import verify_chain
from callbacks.audit.verify_checkpoints import Watch
from callbacks.models import AuditEntry, AuditTree, Reading
from callbacks.tasks import write_checkpoint as task
from tests import making
from tests.audit.chains import NOW, add, tamper, without_triggers
from tests.audit.checkpoints import later, made

pytestmark = pytest.mark.django_db


def root_by_other_means() -> bytes:
    tree = InmemoryTree(algorithm="sha256")
    for digest in AuditEntry.objects.order_by("chain_seq").values_list("entry_hash", flat=True):
        tree.append_entry(bytes.fromhex(digest))
    root: bytes = tree.get_root()
    return root


def sizes(path: Path | None = None) -> list[int]:
    return [signed.checkpoint.size for signed in read_signed(path or checkpoint_paths()[0])]


# --- what is written ----------------------------------------------------------------------------
def test_a_checkpoint_has_the_root_over_all_entries() -> None:
    for _ in range(5):
        last = add()
    checkpoint = made().checkpoint
    assert (checkpoint.size, checkpoint.head) == (5, last.entry_hash)
    assert checkpoint.root == root_by_other_means()


def test_each_checkpoint_continues_the_one_before() -> None:
    for minutes in range(9):
        add()
        assert made(minutes=minutes).checkpoint.root == root_by_other_means()
    assert sizes() == list(range(1, 10))


def test_an_empty_record_has_a_checkpoint_too() -> None:
    assert made().checkpoint.size == 0


def test_a_checkpoint_without_a_new_entry_shows_that_nothing_happened() -> None:
    add()
    made()
    made(minutes=1)
    assert sizes() == [1, 1]


def test_it_stands_in_every_place(settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_CHECKPOINT_SINKS = [str(tmp_path / "bucket"), str(tmp_path / "mail")]
    note = made().note
    assert [last_note(path) for path in checkpoint_paths()] == [note, note, note]


def test_only_entries_since_the_last_one_are_read(monkeypatch: Any) -> None:
    for _ in range(5):
        add()
    made()
    add()
    asked: list[int] = []
    walk = checkpointing.entry_hashes

    def counted(*, after: int = 0) -> Any:
        for pair in walk(after=after):
            asked.append(pair[0])
            yield pair

    monkeypatch.setattr(checkpointing, "entry_hashes", counted)
    made(minutes=1)
    assert asked == [6]


# --- when ---------------------------------------------------------------------------------------
def test_it_is_due_at_once_then_after_a_window_then_after_many_entries(settings: Any) -> None:
    window = settings.AUDIT_CHECKPOINT_SECONDS
    settings.AUDIT_CHECKPOINT_ENTRIES = 3
    assert checkpointing.is_due(now=NOW)
    made()
    assert not checkpointing.is_due(now=NOW + timedelta(seconds=1))
    assert checkpointing.is_due(now=NOW + timedelta(seconds=window))
    add()
    add()
    assert not checkpointing.is_due(now=NOW)
    add()
    assert checkpointing.is_due(now=NOW)


def test_the_windows_end_is_never_later_than_promised(settings: Any) -> None:
    made()
    look = settings.AUDIT_CHECKPOINT_LOOK_SECONDS
    latest = NOW + timedelta(seconds=settings.AUDIT_CHECKPOINT_SECONDS - look)
    assert checkpointing.is_due(now=latest)


def test_the_periodic_job_writes_one_and_then_waits() -> None:
    task()
    task()
    assert sizes() == [0]


# --- where something is in the way --------------------------------------------------------------
def test_without_a_key_nothing_is_signed_and_it_is_told(settings: Any, caplog: Any) -> None:
    settings.AUDIT_SIGNING_KEY = ""
    checkpointing.keep_up(now=NOW)
    assert caplog.records[-1].levelno == logging.ERROR
    assert "AUDIT_SIGNING_KEY is not set" in caplog.text


def test_a_place_that_is_away_does_not_stop_the_others(
    settings: Any, tmp_path: Path, caplog: Any
) -> None:
    (tmp_path / "away").write_text("")
    settings.AUDIT_CHECKPOINT_SINKS = [str(tmp_path / "away"), str(tmp_path / "there")]
    made()
    made(minutes=1)
    assert sizes(checkpoint_paths()[2]) == [0, 0]
    assert "one place less" in caplog.text


def test_a_first_place_that_takes_nothing_is_told_and_nothing_is_noted(
    audit_sink: Path, caplog: Any
) -> None:
    audit_sink.parent.write_text("")
    checkpointing.keep_up(now=NOW)
    assert caplog.records[-1].levelno == logging.ERROR
    assert not AuditTree.objects.exists()


def test_a_half_written_checkpoint_is_left_out_and_written_over() -> None:
    add()
    made()
    path = checkpoint_paths()[0]
    path.write_bytes(path.read_bytes() + b'{"note": "half')
    assert sizes() == [1]
    made(minutes=1)
    assert sizes() == [1, 1]


@pytest.mark.parametrize("line", ['{"note": "forged\\n\\n"}\n', "nonsense\n", '{"note": 1}\n'])
def test_what_is_not_ours_is_not_continued(line: str) -> None:
    made()
    path = checkpoint_paths()[0]
    path.write_text(path.read_text() + line)
    with pytest.raises(AuditUnavailable, match="does not count"):
        made(minutes=1)


def test_a_new_key_goes_on_once_the_earlier_one_is_listed(settings: Any) -> None:
    earlier = checkpointing.keys.signer().verifier.text()
    add()
    made()
    settings.AUDIT_SIGNING_KEY = "A" * 43 + "="
    with pytest.raises(AuditUnavailable, match="AUDIT_VERIFY_KEYS"):
        made(minutes=1)
    settings.AUDIT_VERIFY_KEYS = [earlier]
    assert made(minutes=2).checkpoint.size == 1


# --- what the database keeps is believed only as far as it is signed ------------------------------
def lost(row: AuditTree) -> None:
    row.delete()


def behind(row: AuditTree) -> None:
    """A worker was killed between the file and the row."""
    add()
    made(minutes=1)
    row.save()


def damaged(row: AuditTree) -> None:
    AuditTree.objects.update(nodes="00" * 32)


def forged(row: AuditTree) -> None:
    AuditTree.objects.update(note=row.note.replace("\n", " "))


@pytest.mark.parametrize("change", [lost, behind, damaged, forged])
def test_the_tree_is_made_anew_where_the_row_is(change: Callable[[AuditTree], None]) -> None:
    for _ in range(5):
        add()
    made()
    change(AuditTree.objects.get())
    add()
    assert made(minutes=2).checkpoint.root == root_by_other_means()


def test_another_host_goes_on_from_what_the_database_keeps(settings: Any, tmp_path: Path) -> None:
    for _ in range(3):
        add()
    made()
    settings.AUDIT_SINK_FILE = str(tmp_path / "elsewhere" / "sink.jsonl")
    add()
    assert made(minutes=1).checkpoint.root == root_by_other_means()


def test_a_past_that_was_rewritten_is_never_signed() -> None:
    for _ in range(5):
        add()
    made()
    tamper("UPDATE callbacks_auditentry SET entry_hash = %s WHERE chain_seq = 2", "ab" * 32)
    add()
    rewritten = root_by_other_means()
    # The tree grows from what was signed, so the old root stays under the new one ...
    assert made(minutes=1).checkpoint.root != rewritten
    # ... and where it must be made anew, nothing is signed.
    AuditTree.objects.all().delete()
    with pytest.raises(AuditUnavailable, match="the record was altered"):
        made(minutes=2)


def test_a_missing_entry_stops_checkpoints() -> None:
    for _ in range(3):
        add()
    tamper("DELETE FROM callbacks_auditentry WHERE chain_seq = 2")
    with pytest.raises(AuditUnavailable, match="Entry 2 is missing"):
        made()


def test_a_database_that_is_behind_is_found_before_anything_is_signed() -> None:
    for _ in range(3):
        add()
    made()
    with without_triggers():
        AuditEntry.objects.filter(chain_seq=3)._raw_delete("default")
    with pytest.raises(AuditRolledBack, match="ends with entry 3"):
        look_back()
    with pytest.raises(AuditRolledBack):
        made(minutes=1)
    assert sizes() == [3]


# --- readings -----------------------------------------------------------------------------------
def read_by(user: Any, number: int) -> None:
    for at in range(number):
        hour = later(60 * at)
        Reading.objects.create(
            user=user, task_id=making.uuid.uuid4(), hour=hour, first_at=hour, view="page"
        )


def test_a_checkpoint_commits_the_readings_since_the_last_one() -> None:
    user = making.make_person("ada")
    read_by(user, 3)
    first = made().checkpoint.readings
    read_by(user, 2)
    second = made(minutes=1).checkpoint.readings
    third = made(minutes=2).checkpoint.readings
    assert [one.count for one in (first, second, third)] == [3, 2, 0]
    assert (second.after, third.after) == (first.upto, second.upto)
    assert readings_between(after=first.after, upto=first.upto) == first


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM callbacks_reading WHERE view = 'page'",
        "UPDATE callbacks_reading SET view = 'other'",
        "UPDATE callbacks_reading SET user_id = user_id + 1",
    ],
)
def test_readings_that_were_altered_are_found(change: str) -> None:
    read_by(making.make_person("ada"), 3)
    watch = Watch([made()])
    verify_chain(watch)
    watch.check_readings()
    tamper(change)
    with pytest.raises(Fault, match=r"readings .* are not the 3 that the checkpoint"):
        watch.check_readings()


def test_readings_whose_table_is_held_wait_for_the_next_checkpoint(monkeypatch: Any) -> None:
    read_by(making.make_person("ada"), 3)

    def held() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    with monkeypatch.context() as patched:
        patched.setattr("callbacks.audit.commitments._wait_for_writers", held)
        assert made().checkpoint.readings.count == 0
    assert made(minutes=1).checkpoint.readings.count == 3


def test_a_note_in_a_file_is_whole_and_plain() -> None:
    add()
    signed = made()
    (note,) = read_notes(checkpoint_paths()[0])
    origin, size, _root, *_rest = note.split("\n")
    assert (origin, size) == (signed.checkpoint.origin, "1")
    assert note == signed.note


def test_the_record_of_the_triggers_does_not_hold_the_tree() -> None:
    """It is a cache: it must be possible to write and to drop it."""
    assert AuditTree._meta.db_table not in triggers.TABLES
