"""A database that forgot is found by what stands outside, stops all sends, goes on on record."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from callbacks.audit import AuditRolledBack, rollback, sink
from callbacks.audit.checkpoint_files import checkpoint_paths
from callbacks.audit.envelope import entry_hash
from callbacks.audit.faults import Fault
from callbacks.audit.lookback import look_back_loudly, read_signed
from callbacks.audit.verify import compare_with_file, verify_chain, verify_file
from callbacks.audit.verify_checkpoints import Watch
from callbacks.models import AuditEntry, AuditPersonal, AuditRollback, Decision
from tests import making
from tests.audit.chains import add, record, run_verify, tamper
from tests.audit.checkpoints import later, made

pytestmark = pytest.mark.django_db
REASON = "Restored after the disk failed."


@pytest.fixture
def decision() -> Decision:
    """Five entries, all outside and under two checkpoints; the decision's is the first."""
    decision = making.make_decision(user=making.make_person("ada"))
    record(decision)
    add()
    made()
    for _ in range(3):
        add()
    made(minutes=1)
    sink.catch_up()
    return decision


def roll_back(to: int = 3) -> None:
    tamper("DELETE FROM callbacks_auditpersonal WHERE entry_id > %s", to)
    tamper("DELETE FROM callbacks_auditentry WHERE chain_seq > %s", to)


def watch(*accepted: AuditEntry) -> Watch:
    names = [f"{entry.chain_seq}:{entry.entry_hash}" for entry in accepted]
    return Watch(read_signed(checkpoint_paths()[0]), accepted=names)


def acknowledge_all() -> list[AuditEntry]:
    found = AuditRollback.objects.values_list("pk", flat=True)
    admin = making.make_actor(making.make_person("admin"))
    return rollback.acknowledge(ids=found, reason=REASON, actor=admin, now=later(5))


def test_the_start_of_a_process_finds_it_and_says_so(decision: Decision, caplog: Any) -> None:
    look_back_loudly()
    assert not caplog.records
    roll_back()
    look_back_loudly()
    assert caplog.records[-1].levelno == logging.CRITICAL
    assert "ends with entry 5" in caplog.text


def test_it_stops_the_sends_of_a_host_whose_own_file_is_in_step(
    decision: Decision, settings: Any, tmp_path: Path
) -> None:
    roll_back()
    look_back_loudly()
    settings.AUDIT_SINK_FILE = str(tmp_path / "other-host" / "sink.jsonl")
    with pytest.raises(AuditRolledBack):
        sink.ensure_written(decision.pk)


def test_it_is_found_by_each_place_and_noted_once(decision: Decision) -> None:
    roll_back()
    for _ in range(2):
        look_back_loudly()
        sink.keep_up()
    found = AuditRollback.objects.get()
    assert (found.outside_seq, found.common_seq) == (5, 2)


def test_other_entries_in_the_place_of_the_lost_ones_do_not_hide_it(decision: Decision) -> None:
    roll_back()
    for _ in range(4):
        add("signed_out")
    look_back_loudly()
    assert AuditRollback.objects.get().outside_seq == 5


def test_a_whole_record_that_was_written_anew_is_found(decision: Decision, caplog: Any) -> None:
    roll_back(to=0)
    for _ in range(5):
        add("signed_out")
    look_back_loudly()
    assert "ends with entry 5" in caplog.text
    with pytest.raises(Fault):
        verify_chain(watch())


def test_the_databases_own_signed_copy_also_tells(decision: Decision) -> None:
    roll_back()
    checkpoint_paths()[0].unlink()
    look_back_loudly()
    assert AuditRollback.objects.get().common_seq == 0


# --- acknowledged ---------------------------------------------------------------------------------
def test_an_acknowledgement_is_on_record_with_what_was_lost(decision: Decision) -> None:
    roll_back()
    look_back_loudly()
    (entry,) = acknowledge_all()
    for part in ('"outside_entries":5', '"common_entries":2', '"database_entries":3'):
        assert part in entry.body
    assert AuditPersonal.objects.get(entry=entry, field="reason").value == REASON


def test_after_it_sends_and_checkpoints_go_on(decision: Decision) -> None:
    roll_back()
    look_back_loudly()
    acknowledge_all()
    sink.ensure_written(decision.pk)
    assert made(minutes=6).checkpoint.size == 4
    assert made(minutes=7).checkpoint.size == 4


@pytest.fixture
def acknowledged(decision: Decision) -> AuditEntry:
    """Two entries are lost, somebody took note, and the record went on from there."""
    roll_back()
    look_back_loudly()
    sink.keep_up()
    (entry,) = acknowledge_all()
    sink.catch_up()
    made(minutes=6)
    return entry


def test_after_it_all_verifies_for_who_accepts_the_gap(acknowledged: AuditEntry) -> None:
    watched = watch(acknowledged)
    assert verify_chain(watched).entries == compare_with_file(sink.sink_path()) == 4
    assert watched.gaps.lines() == [
        "Gap on record: entries 3 to 5 as they once were are lost; acknowledged by entry 4. "
        "It is accepted."
    ]


def test_what_the_record_says_of_a_gap_does_not_excuse_it(acknowledged: AuditEntry) -> None:
    watched = watch()
    with pytest.raises(Fault, match=r"Entries 3 to 5: the last is missing, .* has 5 entries"):
        verify_chain(watched)
    (line,) = watched.gaps.lines()
    assert line.endswith(f"--accept-gap 4:{acknowledged.entry_hash}")


def test_a_gap_whose_lost_end_is_under_no_kept_checkpoint_excuses_nothing(
    acknowledged: AuditEntry,
) -> None:
    """Somebody kept a checkpoint of entry 5, and the record names another entry 5."""
    body = acknowledged.body.replace(
        json.loads(acknowledged.body)["facts"]["outside_hash"], "e" * 64
    )
    tamper(
        "UPDATE callbacks_auditentry SET body = %s, entry_hash = %s WHERE chain_seq = 4",
        body,
        entry_hash(body),
    )
    acknowledged.refresh_from_db()
    kept = [one for one in read_signed(checkpoint_paths()[0]) if one.checkpoint.size != 4]
    watched = Watch(kept, accepted=[f"4:{acknowledged.entry_hash}"])
    with pytest.raises(Fault, match=r"Entries 3 to 5"):
        verify_chain(watched)
    assert watched.gaps.lines()[0].endswith("so it excuses none.")


def test_an_accepted_gap_that_the_record_does_not_have_is_a_fault(
    acknowledged: AuditEntry,
) -> None:
    """A rewritten record cannot put its own acknowledgement in the place of the known one."""
    acknowledged.entry_hash = "0" * 64
    kept = [one for one in read_signed(checkpoint_paths()[0]) if one.checkpoint.size == 4]
    with pytest.raises(Fault, match=rf"the acknowledgement 4:{'0' * 64} is not in the record"):
        verify_chain(Watch(kept, accepted=[f"4:{acknowledged.entry_hash}"]))


def test_the_command_fails_until_the_gap_is_accepted_by_name(acknowledged: AuditEntry) -> None:
    code, said = run_verify()
    assert (code, said.count("Gap on record")) == (1, 1)
    (name,) = re.findall(r"--accept-gap (\S+)", said)
    code, said = run_verify("--accept-gap", name)
    assert code == 0, said
    assert "entries 3 to 5 as they once were are lost" in said


def test_the_lost_lines_are_kept_under_another_name(decision: Decision, audit_sink: Path) -> None:
    lost = audit_sink.read_bytes()
    roll_back()
    sink.keep_up()
    acknowledge_all()
    sink.catch_up()
    (kept,) = audit_sink.parent.glob("sink.lost-5-*.jsonl")
    assert kept.read_bytes() == lost
    assert verify_file(kept).entries == 5


def test_an_acknowledgement_explains_nothing_that_stood_before_it(decision: Decision) -> None:
    """Who rewrites what both told alike is found, whatever was acknowledged."""
    roll_back()
    look_back_loudly()
    (entry,) = acknowledge_all()
    made(minutes=6)
    first = AuditEntry.objects.count()
    roll_back(to=0)
    for _ in range(first):
        add("signed_out")
    with pytest.raises(Fault, match="altered"):
        verify_chain(watch(entry))


def test_without_an_acknowledgement_in_the_chain_a_checkpoint_stays_a_fault(
    decision: Decision,
) -> None:
    roll_back()
    AuditRollback.objects.update(acknowledged_seq=3)
    with pytest.raises(Fault, match=r"Entries 3 to 4: the last is missing, .* has 5 entries"):
        verify_chain(watch())


def test_a_second_roll_back_is_found_again(decision: Decision) -> None:
    roll_back()
    look_back_loudly()
    acknowledge_all()
    made(minutes=6)
    sink.catch_up()
    roll_back(to=3)
    AuditRollback.objects.update(acknowledged_seq=None)
    AuditRollback.objects.all().delete()  # as the older snapshot has none
    look_back_loudly()
    with pytest.raises(AuditRolledBack):
        sink.ensure_written(decision.pk)


def test_who_acknowledges_twice_is_recorded_once(decision: Decision) -> None:
    roll_back()
    look_back_loudly()
    found = list(AuditRollback.objects.values_list("pk", flat=True))
    acknowledge_all()
    actor = making.make_actor(making.make_person("other"))
    assert rollback.acknowledge(ids=found, reason=REASON, actor=actor, now=later(6)) == []
