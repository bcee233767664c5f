"""The simulator as a process: its journal outlives a kill, and its end is clean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.simulator.control import Control, SimulatorProcess
from tests.simulator.journal import Journal
from tests.simulator.simulator import Options, Simulator
from tests.test_simulator.definitions import FOUNDING_CASE, machine, photos, waiting


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "simulator.jsonl"


def _prepare(simulator: Control) -> tuple[str, list[str]]:
    simulator.start_many(simulator.create("spark", FOUNDING_CASE), 20, {"job": 1})
    execution = simulator.start(simulator.create("photos", photos()), {"photos": [1, 2]})
    token = simulator.tokens(execution)[0]["token"]
    simulator.call("SendTaskSuccess", taskToken=token, output="1")
    return execution, [task["token"] for task in simulator.tokens()]


def test_after_a_kill_the_same_tokens_still_answer_the_same_tasks(journal: Path) -> None:
    process = SimulatorProcess(journal=journal)
    before = process.start()
    execution, tokens = _prepare(before)
    history = before.history(execution)
    process.kill()
    with process as after:
        assert [task["token"] for task in after.tokens()] == tokens
        assert after.history(execution) == history
        last = after.tokens(execution)[0]["token"]
        after.call("SendTaskSuccess", taskToken=last, output="2")
        assert after.execution(execution)["status"] == "SUCCEEDED"


def test_a_moved_clock_is_still_moved_after_a_restart(journal: Path) -> None:
    process = SimulatorProcess(journal=journal)
    with process as first:
        execution = first.start(first.create("w", machine(Ask=waiting(TimeoutSeconds=60))))
        moved = first.advance(7200)
    with process as second:
        assert second.now() >= moved
        assert second.execution(execution)["status"] == "FAILED"


def test_a_sigterm_ends_it_cleanly() -> None:
    process = SimulatorProcess()
    process.start()
    assert process.stop() == 0


def test_a_line_that_a_kill_cut_short_is_forgotten(journal: Path) -> None:
    journal.write_text('{"seed":"s"}\n[1.0,"delete_ma')
    assert list(Journal(journal).read()) == [{"seed": "s"}]
    assert journal.read_text() == '{"seed":"s"}\n'


def test_the_journal_does_not_hold_tokens(journal: Path) -> None:
    simulator = Simulator(Options(journal=journal, frozen=True))
    created = simulator.call(
        "CreateStateMachine",
        {"name": "w", "roleArn": "r", "definition": json.dumps(machine(Ask=waiting()))},
    )
    simulator.call("StartExecution", {"stateMachineArn": created["stateMachineArn"]})
    token = simulator.engine.mint.token(1)
    simulator.call("SendTaskSuccess", {"taskToken": token, "output": "1"})
    written = journal.read_text()
    assert "succeed_task" in written
    assert token not in written


def test_a_reset_empties_the_journal(journal: Path) -> None:
    process = SimulatorProcess(journal=journal)
    with process as first:
        first.create("w", machine(Ask=waiting()))
        first.reset()
    with process as second:
        assert second.call("ListStateMachines")["stateMachines"] == []


def test_failures_are_repeated_from_the_journal_too(journal: Path) -> None:
    process = SimulatorProcess(journal=journal)
    with process as first:
        first.outcome("fail", state="Look", error="Busy", times=1)
        look = waiting(
            Resource="arn:aws:states:::lambda:invoke",
            Parameters={"Payload": {}},
            Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 30}],
        )
        arn = first.start(first.create("w", machine(Look=look)))
        first.call(
            "StopExecution", executionArn=first.start(first.create("v", machine(A=waiting())))
        )
        first.advance(30)
        history = first.history(arn)
    with process as second:
        assert second.history(arn) == history
        assert second.execution(arn)["status"] == "SUCCEEDED"


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, "9" * 5000, '"\\ud800"'])
def test_an_input_that_python_finds_hard_is_taken_and_given_back(text: str) -> None:
    with SimulatorProcess() as simulator:
        execution = simulator.start(simulator.create("spark", FOUNDING_CASE), text)
        assert simulator.execution(execution)["input"] == text
        assert len(simulator.tokens(execution)) == 1
        assert simulator.history(execution)[-1]["type"] == "TaskSubmitted"
