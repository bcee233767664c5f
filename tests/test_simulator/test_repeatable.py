"""Whatever is done to a simulator, its journal repeats it event for event."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator.errors import ServiceError
from tests.simulator.history import wire_history
from tests.simulator.simulator import Options, Simulator
from tests.test_simulator.definitions import (
    CALLBACK,
    both,
    machine,
    nesting,
    passing,
    photos,
    spread,
    waiting,
)

RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "MaxAttempts": 2}]
BADLY = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 3}]
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]
PLAIN = "arn:aws:states:eu-west-1:123456789012:stateMachine:plain"
MACHINES: dict[str, dict[str, Any]] = {
    "plain": machine(Ask=waiting(TimeoutSeconds=50, HeartbeatSeconds=20, Retry=RETRY)),
    "both": both(Retry=RETRY),
    "photos": photos(MaxConcurrency=2),
    "spread": spread(MaxConcurrency=2, ToleratedFailureCount=1, Retry=RETRY),
    "caught": machine(Ask=waiting(Catch=CATCH, Next="Tell"), Tell=passing()),
    "query": {
        "QueryLanguage": "JSONata",
        **machine(
            Ask={
                "Type": "Task",
                "Resource": CALLBACK,
                "Arguments": {
                    "token": "{% $states.context.Task.Token %}",
                    "made": "{% [$uuid(), $random(), $now(), $shuffle([1..9])] %}",
                },
                "Output": "{% $states.result.missing %}",
                "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3}],
                "End": True,
            }
        ),
    },
    "nested": machine(
        Nest=nesting(PLAIN, Retry=BADLY, Next="Named"),
        Named=nesting(PLAIN, ".sync", {"Name": "same", "Input": {}}, TimeoutSeconds=20),
    ),
    "timed": {**machine(First=waiting(Next="Then"), Then=waiting()), "TimeoutSeconds": 90},
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "succeed", "fail", "busy", "beat", "stop", "redrive", "advance"]),
        st.integers(min_value=0, max_value=30),
    ),
    max_size=30,
)


def _prepare(folder: str) -> Simulator:
    simulator = Simulator(Options(journal=Path(folder) / "journal", frozen=True, start=1e9))
    for name, definition in MACHINES.items():
        given = {"name": name, "roleArn": "role", "definition": json.dumps(definition)}
        simulator.call("CreateStateMachine", given)
    return simulator


def _do(simulator: Simulator, step: str, number: int) -> None:
    engine = simulator.engine
    if step == "advance":
        simulator.advance(number)
    elif step == "start":
        arns = list(engine.machines)
        given = {"stateMachineArn": arns[number % len(arns)], "input": '{"photos": [1, 2, 3]}'}
        simulator.call("StartExecution", given)
    elif step in ("stop", "redrive") and engine.executions:
        arns = list(engine.executions)
        operation = "StopExecution" if step == "stop" else "RedriveExecution"
        _try(simulator, operation, executionArn=arns[number % len(arns)])
    elif engine.open_tasks:
        numbers = list(engine.open_tasks)
        _answer(simulator, step, engine.mint.token(numbers[number % len(numbers)]))


def _answer(simulator: Simulator, step: str, token: str) -> None:
    if step == "succeed":
        _try(simulator, "SendTaskSuccess", taskToken=token, output="{}")
    elif step == "beat":
        _try(simulator, "SendTaskHeartbeat", taskToken=token)
    else:
        error = "Busy" if step == "busy" else "No"
        _try(simulator, "SendTaskFailure", taskToken=token, error=error)


def _try(simulator: Simulator, operation: str, **params: Any) -> None:
    try:
        simulator.call(operation, params)
    except ServiceError as refused:
        if refused.code != "ExecutionNotRedrivable":
            raise


def _told(simulator: Simulator) -> dict[str, Any]:
    engine = simulator.engine
    return {
        arn: (one.status, wire_history(one, range(1, len(one.events) + 1), engine.mint))
        for arn, one in engine.executions.items()
    }


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_journal_repeats_every_history(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        first = _prepare(folder)
        for step, number in steps:
            _do(first, step, number)
        second = Simulator(first.options)
        assert _told(second) == _told(first)
        assert list(second.engine.open_tasks) == list(first.engine.open_tasks)


def test_a_journal_repeats_what_expressions_took_from_chance_and_clock() -> None:
    with TemporaryDirectory() as folder:
        first = _prepare(folder)
        for step, number in (("start", list(MACHINES).index("query")), ("succeed", 0)):
            _do(first, step, number)
        first.advance(3)
        told = _told(first)
        ((_, events),) = told.values()
        assert [event["type"] for event in events].count("TaskScheduled") == 2
        assert _told(Simulator(first.options)) == told


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_histories_stay_sound(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        simulator = _prepare(folder)
        for step, number in steps:
            _do(simulator, step, number)
        for status, events in _told(simulator).values():
            assert all(event["previousEventId"] < event["id"] for event in events)
            assert (events[-1]["type"] in ENDS) is (status != "RUNNING")
        for visit in simulator.engine.open_tasks.values():
            assert visit.scope.execution.status == "RUNNING"
            assert visit.child is None or visit.child.status == "RUNNING"


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_map_run_counts_its_children_rightly(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        simulator = _prepare(folder)
        _do(simulator, "start", list(MACHINES).index("spread"))
        for step, number in steps:
            _do(simulator, step, number)
        for run in simulator.engine.map_runs.values():
            statuses = [child.status for child in run.children]
            is_open = run.status == "RUNNING"
            assert not is_open or run.execution.status == "RUNNING"
            assert statuses.count("RUNNING") == (run.running if is_open else 0) <= 2
            assert statuses.count("PENDING_REDRIVE") == len(run.pending_redrive)
            assert run.status != "SUCCEEDED" or len(run.children) == len(run.batches)


ENDS = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
