"""Long histories are read on from what was kept of them; where that does not do, they are read
whole, and no row ever lacks a payload."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from callbacks.models import CallbackTask, Execution, HistorySkeleton
from callbacks.stepfunctions import IncompleteAnswer
from callbacks.sync import reading
from tests import making
from tests.asl.histories import Script, aws_token
from tests.sync.telling import Mirrored, Told
from tests.sync.world import machine, task

ONCE_WHOLE = {"start": 1, "end": 1}
TWICE_WHOLE = {"start": 2, "end": 1}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def every_history_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_PAGE", 1)


def mirrored(script: Script, **options: Any) -> Mirrored:
    text = json.dumps(machine(Ask=task(Next="Next"), Next=task()))
    return Mirrored(making.make_machine(definition=text), Told(script.events, **options))


def answered() -> tuple[Script, int]:
    """A history in which one task is answered and another waits, and where the first one waits."""
    script = Script(input='{"order": 7}')
    known = script.wait("Ask", 0, aws_token("one"), given='{"order": 7}')
    done = script.exit("Ask", script.add("TaskSucceeded", known, output='{"is": "good"}'))
    script.wait("Next", done, aws_token("two"), given='{"is": "good"}')
    return script, known


def told(at: Mirrored) -> list[tuple[str, str, str, str]]:
    rows = CallbackTask.objects.filter(execution=at.key).order_by("scheduled_event_id")
    return [(row.state, row.status, row.input, row.closed_output) for row in rows]


BOTH = [
    ("Ask", "answered", '{"order": 7}', '{"is": "good"}'),
    ("Next", "waiting", '{"is": "good"}', ""),
]


def test_only_what_is_new_is_read() -> None:
    script, known = answered()
    at = mirrored(script)

    at.read_at([known, len(script.events)])

    assert told(at) == BOTH
    assert at.told.calls == ONCE_WHOLE
    assert at.skeleton is not None
    assert at.skeleton.last_event_id == len(script.events)


def test_an_emulator_that_ignores_the_order_is_understood() -> None:
    script, known = answered()
    at = mirrored(script, obeys=False)

    at.read_at([known, len(script.events)])

    assert told(at) == BOTH


def _of_another_form(row: HistorySkeleton) -> None:
    row.form += 1


def _of_another_event(row: HistorySkeleton) -> None:
    row.last_event_id -= 1


def _of_another_row(row: HistorySkeleton) -> None:
    *rest, last = bytes(row.ciphertext)
    row.ciphertext = bytes([*rest, last ^ 1])


def _under_another_key(row: HistorySkeleton) -> None:
    row.ciphertext = b"00000000" + bytes(row.ciphertext)[8:]


@pytest.mark.parametrize(
    "spoil", [_of_another_form, _of_another_event, _of_another_row, _under_another_key]
)
def test_one_that_does_not_fit_is_not_used(spoil: Any) -> None:
    script, known = answered()
    at = mirrored(script)
    at.read(known)
    row = at.skeleton
    assert row is not None
    spoil(row)
    row.save()

    at.read(len(script.events))

    assert told(at) == BOTH
    assert at.told.calls == TWICE_WHOLE


def test_a_state_that_goes_on_after_it_was_given_up_has_its_input() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    given_up = script.wait("Ask", started, aws_token("one"), given='{"order": 7}')
    failed = script.add("TaskFailed", script.wait("Next", started, aws_token("two")))
    known = script.add("ParallelStateFailed", failed)
    script.add("ExecutionFailed", failed)
    script.add("ExecutionRedriven", len(script.events))
    script.attempt(given_up, aws_token("three"))
    at = mirrored(script)

    at.read_at([known, len(script.events)])

    assert told(at)[-1] == ("Ask", "waiting", '{"order": 7}', "")
    assert at.told.calls == TWICE_WHOLE


def test_a_task_that_the_mirror_has_lost_is_found_again_with_its_payloads() -> None:
    script, known = answered()
    at = mirrored(script)
    at.read(known)
    CallbackTask.objects.filter(execution=at.key).delete()

    at.read(len(script.events))
    assert told(at) == []
    assert Execution.objects.get(pk=at.key).read_next_at == at.now(len(script.events))
    at.read(len(script.events))

    assert told(at) == BOTH


def test_a_token_of_the_old_part_is_masked_in_what_comes_after_it() -> None:
    """As an emulator gives them: nothing in its shape says what it is."""
    script = Script()
    known = script.wait("Ask", 0, "7b1a-a-token-of-an-emulator")
    done = script.add("TaskSucceeded", known, output='{"by": "7b1a-a-token-of-an-emulator"}')
    given = '{"by": "7b1a-a-token-of-an-emulator"}'
    script.wait("Next", script.exit("Ask", done), aws_token("two"), given=given)
    at = mirrored(script)

    at.read_at([known, len(script.events)])

    assert "7b1a" not in json.dumps(told(at))
    assert at.told.calls == ONCE_WHOLE


def test_a_history_that_has_become_shorter_is_refused() -> None:
    script, known = answered()
    at = mirrored(script)
    at.read(len(script.events))

    with pytest.raises(reading.BadHistory, match="was there before"):
        at.read(known)


def test_a_history_with_a_hole_is_asked_for_whole_and_refused() -> None:
    script, known = answered()
    at = mirrored(script)
    at.read(known)
    del script.events[known + 1]

    with pytest.raises(IncompleteAnswer):
        at.read(len(script.events))


def test_none_is_left_when_the_execution_is_over() -> None:
    script, known = answered()
    script.add("ExecutionAborted", 0)
    at = mirrored(script)

    at.read(known)
    assert at.skeleton is not None
    at.read(len(script.events))

    assert at.skeleton is None
    assert at.told.calls == ONCE_WHOLE


def test_it_is_kept_while_the_history_lags_behind_the_end() -> None:
    script, known = answered()
    at = mirrored(script)
    at.read(known)
    Execution.objects.filter(pk=at.key).update(status="ABORTED")
    at.told.stopped_at = at.now(known)

    at.read(known)
    assert at.skeleton is not None
    script.add("ExecutionAborted", 0)
    at.read(len(script.events))

    assert [row[1] for row in told(at)] == ["answered", "stopped"]
    assert at.told.calls == {"start": 1, "end": 2}


def test_none_is_left_of_one_whose_history_never_tells_its_end() -> None:
    script, known = answered()
    at = mirrored(script)
    at.read(known)
    Execution.objects.filter(pk=at.key).update(status="ABORTED")
    at.told.stopped_at = at.now(known) - timedelta(hours=1)

    at.read(known)

    assert [row[1] for row in told(at)] == ["stopped"]
    assert at.skeleton is None


def test_what_ended_unread_is_read_on_to_its_end() -> None:
    """A list has shown that it is over; what closed its tasks stands in the new events."""
    script, known = answered()
    script.add("ExecutionAborted", 0)
    at = mirrored(script)
    at.read(known)
    Execution.objects.filter(pk=at.key).update(status="ABORTED")

    at.read(len(script.events))

    assert [row[1] for row in told(at)] == ["answered", "stopped"]
    assert at.told.calls == ONCE_WHOLE
