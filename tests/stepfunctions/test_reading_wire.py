"""How reading meets a bad wire: it repeats, it counts, and it never takes a cut for an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from callbacks.stepfunctions import (
    Access,
    CallCounter,
    IncompleteAnswer,
    Reader,
    Throttled,
    Unanswered,
)
from tests.stepfunctions import wire_server as on
from tests.stepfunctions.wire_server import WireServer

EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:Order:o-1"
EVENT = {"id": 1, "type": "ExecutionStarted", "timestamp": 1764072000.5}
NO_ANSWERS = {
    "an object without the key": on.reply({}),
    "an array": on.reply([]),
    "a foreign page": on.HTML,
    "cut in the headers": on.CUT_IN_HEADERS,
    "cut in the body": on.reply(b'{"events": [], "next', length=500),
    "no request id": on.reply({"events": [EVENT]}, request_id=None),
    "an event without type": on.reply({"events": [{"id": 1, "timestamp": 1}]}),
    "not a time": on.reply({"events": [EVENT | {"timestamp": "soon"}]}),
}


@pytest.mark.parametrize("act", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_whole_answer_is_never_an_empty_history(
    wire: WireServer, access: Access, act: on.Act
) -> None:
    wire.play(act)
    with pytest.raises(Unanswered):
        Reader(access=access).history(execution_arn=EXECUTION)


def test_a_cut_second_page_loses_the_whole_history(wire: WireServer, access: Access) -> None:
    wire.play(on.reply({"events": [EVENT], "nextToken": "n"}), on.CUT_IN_BODY)
    with pytest.raises(IncompleteAnswer):
        Reader(access=access).history(execution_arn=EXECUTION)


@pytest.mark.parametrize("act", [on.close, on.reset, on.error("InternalFailure", status=500)])
def test_a_failed_read_is_repeated_and_each_request_counted(
    wire: WireServer, access: Access, act: on.Act
) -> None:
    wire.play(act, on.reply({"stateMachines": []}))
    calls = CallCounter()
    assert not Reader(access=access, calls=calls).list_state_machines()
    assert calls.calls == {"ListStateMachines": 2}
    assert len(wire.requests) == 2


def test_throttled_reads_are_counted_and_end_after_three(wire: WireServer, access: Access) -> None:
    wire.play(on.error("ThrottlingException", "Rate exceeded"))
    reader = Reader(access=access)
    with pytest.raises(Throttled):
        reader.list_state_machines()
    assert reader.calls.calls == reader.calls.throttles == {"ListStateMachines": 3}
    assert len(wire.requests) == 3


def test_a_stalled_read_ends_with_its_timeout(wire: WireServer, access: Access) -> None:
    wire.play(wire.stall)
    reader = Reader(access=access, read_timeout=0.1, attempts=1)
    with pytest.raises(Unanswered) as raised:
        reader.list_state_machines()
    assert raised.value.code == "ReadTimeoutError"
    # An answer that never came was waited for, too.
    assert reader.calls.slowest >= 0.1


def test_every_request_is_admitted_repeats_included(wire: WireServer, access: Access) -> None:
    wire.play(on.close, on.reply({"stateMachines": []}))
    admitted: list[str] = []
    Reader(access=access, admit=admitted.append).list_state_machines()
    assert admitted == ["ListStateMachines", "ListStateMachines"]


def test_a_request_that_is_not_admitted_does_not_leave(wire: WireServer, access: Access) -> None:
    class BudgetSpent(Exception):
        pass

    def refuse(_: str) -> None:
        raise BudgetSpent

    wire.play(on.reply({"stateMachines": []}))
    reader = Reader(access=access, admit=refuse)
    with pytest.raises(BudgetSpent):
        reader.list_state_machines()
    assert (wire.requests, reader.calls.calls) == ([], {})


def test_the_offset_of_the_clocks_is_measured(wire: WireServer, access: Access) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    wire.play(on.reply({"stateMachines": []}, date=format_datetime(ahead, usegmt=True)))
    reader = Reader(access=access)
    assert reader.calls.clock_offset is None
    reader.list_state_machines()
    assert reader.calls.clock_offset == pytest.approx(600, abs=5)


def test_times_come_in_utc_with_their_fraction(wire: WireServer, access: Access) -> None:
    wire.play(on.reply({"events": [EVENT]}))
    moment = Reader(access=access).history(execution_arn=EXECUTION)[0]["timestamp"]
    assert moment == datetime(2025, 11, 25, 12, 0, 0, 500000, tzinfo=UTC)
    assert moment.tzinfo is UTC
