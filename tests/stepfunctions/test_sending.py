"""What a send puts on the wire: exactly what it was given, and nothing that is empty."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from callbacks.stepfunctions import Access, Sender, Throttled
from tests.stepfunctions import wire_server as on
from tests.stepfunctions.wire_server import WireServer

EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:Order:o-1"
ODD = '{"b": 1.0,  "a":12345678901234567890123, "text": "Ä\\u0000\\ud83d 😀"}\n'


@pytest.fixture
def sender(wire: WireServer, access: Access) -> Sender:
    wire.play(on.reply({"stopDate": 1764072000, "redriveDate": 1764072000}))
    return Sender(access=access)


def test_the_output_is_sent_as_it_was_given(wire: WireServer, sender: Sender) -> None:
    sender.send_task_success(token="t+/=", output=ODD)
    assert json.loads(wire.requests[0].body) == {"taskToken": "t+/=", "output": ODD}


def test_a_failure_says_error_and_cause(wire: WireServer, sender: Sender) -> None:
    sender.send_task_failure(token="t", error="Rejected", cause="Too dear")
    assert json.loads(wire.requests[0].body) == {
        "taskToken": "t",
        "error": "Rejected",
        "cause": "Too dear",
    }


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_empty_error_and_cause_are_left_out(
    wire: WireServer, sender: Sender, nothing: str | None
) -> None:
    sender.send_task_failure(token="t", error=nothing, cause=nothing)
    assert json.loads(wire.requests[0].body) == {"taskToken": "t"}


def test_a_heartbeat_needs_the_token_alone(wire: WireServer, sender: Sender) -> None:
    sender.send_task_heartbeat(token="t")
    assert wire.operations == ["SendTaskHeartbeat"]
    assert json.loads(wire.requests[0].body) == {"taskToken": "t"}


def test_an_execution_is_stopped_with_its_reason(wire: WireServer, sender: Sender) -> None:
    reply = sender.stop_execution(execution_arn=EXECUTION, error="Stopped", cause="By hand")
    assert reply.request_id == on.REQUEST_ID
    assert json.loads(wire.requests[0].body) == {
        "executionArn": EXECUTION,
        "error": "Stopped",
        "cause": "By hand",
    }


def test_a_redrive_can_be_repeated_under_its_own_name(wire: WireServer, sender: Sender) -> None:
    sender.redrive_execution(execution_arn=EXECUTION, client_token="once")
    assert json.loads(wire.requests[0].body) == {
        "executionArn": EXECUTION,
        "clientToken": "once",
    }


def test_every_send_is_counted_by_name(wire: WireServer, sender: Sender) -> None:
    sender.send_task_heartbeat(token="t")
    sender.send_task_heartbeat(token="t")
    sender.stop_execution(execution_arn=EXECUTION)
    assert sender.calls.calls == {"SendTaskHeartbeat": 2, "StopExecution": 1}
    assert len(wire.requests) == 3


def test_no_setting_of_the_sdk_makes_a_send_repeat(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    wire.play(on.error("ThrottlingException"))
    access = Access(region="eu-west-2", endpoint_url=wire.url)  # no client was made for it yet
    with pytest.raises(Throttled):
        Sender(access=access).send_task_heartbeat(token="t")
    assert len(wire.requests) == 1


def test_threads_that_share_a_client_count_for_themselves(wire: WireServer, access: Access) -> None:
    wire.play(on.reply())
    senders = [Sender(access=access) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda sender: sender.send_task_heartbeat(token="t"), senders))
    assert [sender.calls.calls for sender in senders] == [{"SendTaskHeartbeat": 1}] * 6
