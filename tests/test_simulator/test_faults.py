"""Faults on request, as a real client meets them, and the log that tells what was applied."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.simulator.control import Control
from tests.test_simulator.definitions import machine, waiting

Run = Callable[..., str]


@pytest.fixture
def execution(run: Run) -> str:
    return run(machine(Ask=waiting()))


@pytest.fixture
def send(simulator: Control, client: Any, execution: str) -> Callable[[], Any]:
    """Answer the one open task."""
    token = simulator.tokens(execution)[0]["token"]
    return lambda: client.send_task_success(taskToken=token, output='{"ok": true}')


def _sent(simulator: Control) -> list[Any]:
    return simulator.calls("SendTaskSuccess")


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("throttle", {}, "ThrottlingException"),
        ("deny", {}, "AccessDeniedException"),
        ("refuse", {"code": "KmsInvalidStateException"}, "KmsInvalidStateException"),
        ("error", {"status": 500}, "InternalFailure"),
        ("error", {"status": 503}, "ServiceUnavailable"),
    ],
)
def test_a_refusal_reaches_the_client_and_nothing_is_applied(
    simulator: Control, execution: str, send: Any, kind: str, fields: Any, code: str
) -> None:
    simulator.fault("SendTaskSuccess", kind, **fields)
    with pytest.raises(ClientError) as caught:
        send()
    assert caught.value.response["Error"]["Code"] == code
    assert [call["applied"] for call in _sent(simulator)] == [False]
    assert simulator.execution(execution)["status"] == "RUNNING"


def test_a_denial_names_the_state_machine(simulator: Control, send: Any) -> None:
    simulator.fault("SendTaskSuccess", "deny")
    with pytest.raises(ClientError, match=r"resource: arn:aws:states:.*:stateMachine:workflow "):
        send()


@pytest.mark.parametrize("kind", ["cut", "reset"])
@pytest.mark.parametrize("applied", [False, True])
def test_a_cut_connection_looks_the_same_applied_or_not(
    simulator: Control, execution: str, send: Any, kind: str, applied: bool
) -> None:
    simulator.fault("SendTaskSuccess", kind, after_apply=applied)
    with pytest.raises(ConnectionClosedError):
        send()
    assert [call["applied"] for call in _sent(simulator)] == [applied]
    assert (simulator.execution(execution)["status"] == "SUCCEEDED") is applied


@pytest.mark.parametrize("kind", ["cut_headers", "cut_body", "html"])
def test_a_damaged_reply_reads_as_success_without_a_request_id(
    simulator: Control, send: Any, kind: str
) -> None:
    simulator.fault("SendTaskSuccess", kind, after_apply=True)
    answer = send()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert "RequestId" not in answer["ResponseMetadata"]
    assert [call["applied"] for call in _sent(simulator)] == [True]


def test_an_error_after_applying_was_applied(simulator: Control, execution: str, send: Any) -> None:
    simulator.fault("SendTaskSuccess", "error", status=502, after_apply=True)
    with pytest.raises(ClientError):
        send()
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_a_stalled_call_outlasts_the_client(simulator: Control, send: Any) -> None:
    simulator.fault("SendTaskSuccess", "stall", seconds=2.5)
    with pytest.raises(ReadTimeoutError):
        send()


def test_a_delayed_call_is_answered_later(simulator: Control, send: Any) -> None:
    simulator.fault("SendTaskSuccess", "delay", seconds=0.05)
    assert send()["ResponseMetadata"]["RequestId"]
    assert _sent(simulator)[0]["fault"] == "delay"


@pytest.mark.parametrize("applied", [False, True])
def test_a_held_call_waits_until_it_is_released(
    simulator: Control, execution: str, send: Any, applied: bool
) -> None:
    simulator.fault("SendTaskSuccess", "hold", after_apply=applied)
    thread = threading.Thread(target=send)
    thread.start()
    held = simulator.wait_held()
    assert [one["applied"] for one in held] == [applied]
    assert (simulator.execution(execution)["status"] == "SUCCEEDED") is applied
    assert simulator.release() == 1
    thread.join(5)
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_a_held_call_is_applied_although_its_sender_has_died(
    simulator: Control, execution: str
) -> None:
    simulator.fault("SendTaskSuccess", "hold")
    body = json.dumps({"taskToken": simulator.tokens(execution)[0]["token"], "output": "1"})
    head = (
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AWSStepFunctions.SendTaskSuccess\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    address = simulator.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1]))) as sender:
        sender.sendall((head + body).encode())
        simulator.wait_held()
    assert simulator.release() == 1
    assert simulator.wait_applied("SendTaskSuccess")
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_a_fault_strikes_as_often_as_it_was_told(simulator: Control, send: Any) -> None:
    simulator.fault("SendTaskSuccess", "throttle", times=2)
    for _ in range(2):
        with pytest.raises(ClientError):
            send()
    assert send()["ResponseMetadata"]["RequestId"]


def test_a_fault_can_be_for_one_execution_only(
    simulator: Control, client: Any, execution: str
) -> None:
    other = simulator.start(simulator.create("other", machine(Ask=waiting())))
    simulator.fault("DescribeExecution", "throttle", execution=execution, times=None)
    for _ in range(3):
        assert client.describe_execution(executionArn=other)["status"] == "RUNNING"
        with pytest.raises(ClientError):
            client.describe_execution(executionArn=execution)


def test_a_fault_can_strike_by_chance(simulator: Control, client: Any) -> None:
    simulator.fault("ListStateMachines", "throttle", times=None, probability=0.5)
    for _ in range(60):
        with suppress(ClientError):
            client.list_state_machines()
    applied = [call["applied"] for call in simulator.calls("ListStateMachines")]
    assert 15 < sum(applied) < 45


def test_a_key_can_be_left_out_of_a_page(simulator: Control, client: Any, execution: str) -> None:
    simulator.fault("GetExecutionHistory", "omit_key")
    assert "events" not in client.get_execution_history(executionArn=execution)


def test_a_history_can_have_a_hole(simulator: Control, client: Any, execution: str) -> None:
    simulator.fault("GetExecutionHistory", "event_hole")
    events = client.get_execution_history(executionArn=execution)["events"]
    assert [event["id"] for event in events] == [1, 2, 4, 5]


def test_a_page_can_come_doubled(simulator: Control, client: Any, execution: str) -> None:
    simulator.fault("GetExecutionHistory", "double_page")
    events = client.get_execution_history(executionArn=execution)["events"]
    assert [event["id"] for event in events] == [1, 2, 3, 4, 5] * 2


def test_quotas_throttle_and_refill_with_the_clock(simulator: Control, client: Any) -> None:
    simulator.quotas(enabled=True, DescribeStateMachineForExecution=(1, 0.5))
    arn = simulator.start(simulator.create("workflow", machine(Ask=waiting())))
    client.describe_state_machine_for_execution(executionArn=arn)
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.describe_state_machine_for_execution(executionArn=arn)
    simulator.advance(2)
    assert client.describe_state_machine_for_execution(executionArn=arn)["name"] == "workflow"


def test_the_log_says_whose_a_refused_answer_was(
    simulator: Control, execution: str, send: Any
) -> None:
    send()
    with pytest.raises(ClientError, match="TaskTimedOut"):
        send()
    first, second = _sent(simulator)
    assert (first["applied"], second["applied"]) == (True, False)
    assert second["answer"] == {"status": 400, "code": "TaskTimedOut"}
    assert (second["execution_arn"], second["event_id"]) == (execution, 3)


def test_the_log_never_shows_a_token(simulator: Control, execution: str, send: Any) -> None:
    task = simulator.tokens(execution)[0]
    send()
    assert task["token"] not in str(simulator.calls())
    assert _sent(simulator)[0]["params"]["token_sha256"] == task["token_sha256"]


def test_the_request_id_of_the_log_is_the_client_s(simulator: Control, send: Any) -> None:
    answer = send()
    assert _sent(simulator)[0]["request_id"] == answer["ResponseMetadata"]["RequestId"]


def test_the_log_counts_and_goes_on_from_a_place(simulator: Control, client: Any) -> None:
    client.list_state_machines()
    seen = simulator.calls()[-1]["seq"]
    client.list_state_machines()
    assert len(simulator.calls(after=seen)) == 1
    assert simulator.counts() == {"ListStateMachines": 2}
