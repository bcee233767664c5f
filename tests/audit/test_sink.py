"""The file outside the database: complete, in order, durable, and nothing is sent without it."""

import json
import os
import resource
import stat
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from callbacks.audit import AuditUnavailable, files, sink
from callbacks.audit.verify import compare_with_file, verify_file
from callbacks.models import AuditEntry
from tests import making
from tests.audit.chains import add, record, without_triggers

pytestmark = pytest.mark.django_db


def test_a_decisions_entries_stand_in_the_file_with_all_before_them(audit_sink: Path) -> None:
    add("signed_in")
    entry = record(making.make_decision(reason="Fits"))
    sink.ensure_written(entry.decision_id)
    lines = [json.loads(line) for line in audit_sink.read_text().splitlines()]
    assert [line["body"]["kind"] for line in lines] == ["signed_in", "answer_decided"]
    assert lines[1]["entry_hash"] == entry.entry_hash
    assert verify_file(audit_sink).entries == 2


def test_a_line_tells_which_bytes_were_decided_and_nothing_personal(audit_sink: Path) -> None:
    user = making.make_person("grace")
    decision = making.make_decision(user=user, reason="Fits Bob", output=b'{"secret": 1}')
    record(decision)
    sink.ensure_written(decision.pk)
    text = audit_sink.read_text()
    assert decision.payload_sha256 in text
    assert not [word for word in ("grace", "Fits Bob", "secret") if word in text]


def test_no_entry_is_written_twice(audit_sink: Path) -> None:
    add()
    assert [sink.catch_up(), sink.catch_up()] == [1, 0]
    assert len(audit_sink.read_text().splitlines()) == 1


def test_more_entries_than_a_page_are_all_written(audit_sink: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(sink, "PAGE", 3)
    for _ in range(7):
        add()
    assert sink.catch_up() == 7
    assert compare_with_file(audit_sink) == 7


def test_a_decision_without_an_entry_is_not_let_through() -> None:
    with pytest.raises(AuditUnavailable, match="has no audit entry"):
        sink.ensure_written(uuid.uuid4())


def test_file_and_folder_are_the_owners_alone(audit_sink: Path) -> None:
    add()
    sink.catch_up()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (audit_sink.parent, audit_sink)]
    assert modes == [0o700, 0o600]


def test_each_time_the_file_is_made_durable(monkeypatch: Any) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    add()
    sink.catch_up()
    assert synced


# --- what may stand in the way ------------------------------------------------------------------
def test_a_folder_that_cannot_be_made_stops_everything(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.AUDIT_SINK_FILE = str(tmp_path / "file" / "sink.jsonl")
    add()
    with pytest.raises(AuditUnavailable, match="cannot be written"):
        sink.catch_up()


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Let no file grow beyond this; a write at the border is taken in part, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_stops_everything_until_there_is_room(audit_sink: Path) -> None:
    add()
    sink.catch_up()
    add()
    with disk_of(audit_sink.stat().st_size + 20), pytest.raises(AuditUnavailable):
        sink.catch_up()
    assert sink.catch_up() == 1
    assert compare_with_file(audit_sink) == 2


def test_a_device_is_no_audit_file(settings: Any) -> None:
    settings.AUDIT_SINK_FILE = os.devnull
    add()
    with pytest.raises(AuditUnavailable, match="not a file"):
        sink.catch_up()


def test_a_half_written_last_line_is_written_anew(audit_sink: Path) -> None:
    add()
    sink.catch_up()
    whole = audit_sink.read_bytes()
    add()
    sink.catch_up()
    audit_sink.write_bytes(audit_sink.read_bytes()[: len(whole) + 20])
    assert sink.catch_up() == 1
    assert compare_with_file(audit_sink) == 2


def test_a_line_longer_than_the_first_look_is_found(audit_sink: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(files, "TAIL", 16)
    for _ in range(3):
        add()
    sink.catch_up()
    assert sink.catch_up() == 0


def test_a_damaged_last_line_stops_everything(audit_sink: Path) -> None:
    add()
    sink.catch_up()
    with audit_sink.open("a") as file:
        file.write("nonsense\n")
    with pytest.raises(AuditUnavailable, match="damaged at its end"):
        sink.catch_up()


def test_a_database_that_was_rolled_back_sends_nothing(audit_sink: Path) -> None:
    decision = making.make_decision()
    record(decision)
    add()
    sink.catch_up()
    with without_triggers():
        AuditEntry.objects.filter(chain_seq=2)._raw_delete("default")
    with pytest.raises(AuditUnavailable, match="rolled back"):
        sink.ensure_written(decision.pk)


def test_another_databases_file_is_not_continued(audit_sink: Path) -> None:
    add()
    sink.catch_up()
    with without_triggers():
        AuditEntry.objects.all()._raw_delete("default")
    add("signed_out")
    with pytest.raises(AuditUnavailable, match="another database"):
        sink.catch_up()


# --- several at once ----------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_several_writers_at_once_leave_one_whole_file(audit_sink: Path) -> None:
    writers, each = 6, 10
    barrier = threading.Barrier(writers)

    def work() -> None:
        barrier.wait()
        try:
            for _ in range(each):
                add()
                sink.catch_up()
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as pool:
        for done in [pool.submit(work) for _ in range(writers)]:
            done.result()
    assert compare_with_file(audit_sink) == writers * each


def _hold(path: str, held: Any, release: Any) -> None:
    with files.locked(Path(path)):
        held.set()
        release.wait(10)


def test_a_process_waits_for_the_one_that_writes(audit_sink: Path) -> None:
    context = get_context("fork")
    held, release, done = context.Event(), context.Event(), threading.Event()
    holder = context.Process(target=_hold, args=(str(audit_sink), held, release))
    holder.start()
    assert held.wait(10)

    def write() -> None:
        with files.locked(audit_sink):
            done.set()

    waiter = threading.Thread(target=write)
    waiter.start()
    assert not done.wait(0.1)
    release.set()
    assert done.wait(10)
    holder.join(10)
    waiter.join(10)


def test_a_process_that_hangs_with_the_file_locked_hangs_nobody_else(
    audit_sink: Path, settings: Any
) -> None:
    settings.AUDIT_LOCK_SECONDS = 0.05
    decision = making.make_decision()
    record(decision)
    context = get_context("fork")
    held, release = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(str(audit_sink), held, release))
    holder.start()
    assert held.wait(10)
    with pytest.raises(AuditUnavailable, match="locked by another process"):
        sink.ensure_written(decision.pk)
    release.set()
    holder.join(10)
    sink.ensure_written(decision.pk)
    assert compare_with_file(audit_sink) == 1
