"""What is forecast then happens on moto too, an implementation that is not ours.

Only what moto does as AWS does: it knows no JSONata, runs no Retry of a callback, drops causes,
finds paths in a null, and is not asked about forms of JSONPath in which it goes its own ways.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from callbacks.asl.definition import parse_definition
from callbacks.asl.forecast import Forecast, Outcome, forecast_failure, forecast_success
from callbacks.asl.language.values import render
from callbacks.asl.payload import parse_exact, same_value
from tests.asl.workflows import INPUT, ROLE, names, objects, values, visit_of
from tests.moto_server import running_moto

LONGEST = 20.0
plain_paths = st.builds(
    lambda parts: "$" + "".join(f".{one}" for one in parts), st.lists(names, max_size=2)
)
found_paths = st.sampled_from(["$", "$.order", "$.a", "$.a.b", "$.name"])
templates = st.recursive(
    st.dictionaries(names.map("{}.$".format), plain_paths, max_size=2),
    lambda inner: st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
# Where a comparison finds nothing, AWS fails the state (recorded); to moto it is just not true.
compared = st.one_of(
    st.fixed_dictionaries({"NumericGreaterThan": st.integers(5, 9)}),
    st.fixed_dictionaries({"StringEquals": st.just("x")}),
    st.fixed_dictionaries({"BooleanEquals": st.booleans()}),
    st.fixed_dictionaries({"IsNull": st.booleans()}),
)
found = st.builds(
    lambda path, test: {
        "And": [{"Variable": path, "IsPresent": True}, {"Variable": path, **test}],
    },
    found_paths | plain_paths,
    compared,
)
tests = found | st.fixed_dictionaries({"Variable": plain_paths, "IsPresent": st.booleans()})
rules = st.one_of(
    tests,
    st.builds(lambda one: {"Not": one}, tests),
    st.builds(lambda *both: {"And": list(both)}, tests, tests),
    st.builds(lambda *both: {"Or": list(both)}, tests, tests),
)


def catchers(names: list[list[str]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "ErrorEquals": st.sampled_from(names),
            "ResultPath": st.sampled_from(["$", "$.e"]),
            "Next": st.just("Caught"),
        }
    )


# What a state stumbles over itself, AWS lets no States.ALL catch (States.Runtime); moto does.
OF_ANSWERS = catchers([["Busy"], ["Busy", "Wrong"]])
OF_REJECTIONS = catchers([["States.ALL"], ["Busy"], ["Busy", "Wrong"]])


@st.composite
def machines(draw: st.DrawFn, of: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        fields["ResultSelector"] = draw(templates)
    if draw(st.booleans()):
        fields["ResultPath"] = draw(st.none() | st.sampled_from(["$", "$.answer", "$.a.c"]))
    if draw(st.booleans()):
        fields["OutputPath"] = draw(st.none() | plain_paths)
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}},
        "TimeoutSeconds": 600,
        "Catch": draw(st.lists(of, max_size=2)),
        "Next": draw(st.sampled_from(["Choose", "Shape", "Work"])),
        **fields,
    }
    choose = {
        "Type": "Choice",
        "Choices": [{**draw(rules), "Next": "Shape"}, {**draw(rules), "Next": "Work"}],
        "Default": draw(st.sampled_from(["Tell", "Stop"])),
    }
    states = {
        "Ask": ask,
        "Choose": choose,
        "Shape": {"Type": "Pass", "Parameters": draw(templates), "Next": "Work"},
        "Work": {"Type": "Wait", "Seconds": 600, "Next": "Tell"},
        "Caught": {"Type": "Wait", "Seconds": 600, "Next": "Tell"},
        "Tell": {"Type": "Pass", "End": True},
        "Stop": {"Type": "Fail", "Error": "Stopped", "Cause": "So it is."},
    }
    return {"StartAt": "Ask", "States": states}


class Run:
    """One execution on moto that waits in Ask."""

    number = 0

    def __init__(self, states: Any, machine: Mapping[str, Any]) -> None:
        Run.number += 1
        self.states = states
        arn = states.create_state_machine(
            name=f"m{Run.number}", definition=json.dumps(machine), roleArn=ROLE
        )["stateMachineArn"]
        self.arn = states.start_execution(
            stateMachineArn=arn, name=f"r{Run.number}", input=json.dumps(INPUT)
        )["executionArn"]

    def events(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.states.get_execution_history(executionArn=self.arn)[
            "events"
        ]
        return found

    def token(self) -> str:
        self.until(lambda events: any(e["type"] == "TaskSubmitted" for e in events))
        scheduled = next(e for e in self.events() if e["type"] == "TaskScheduled")
        parameters = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])
        return str(parameters["Payload"]["token"])

    def until(self, is_there: Any) -> list[Mapping[str, Any]]:
        """moto moves in threads of its own and tells nobody: look until it is so."""
        deadline = time.monotonic() + LONGEST
        while not is_there(events := self.events()):
            assert time.monotonic() < deadline, [e["type"] for e in events]
            time.sleep(0.01)
        return events

    def at_rest(self) -> list[Mapping[str, Any]]:
        """Once it waits again or is over."""
        ends = ("WaitStateEntered", "ExecutionSucceeded", "ExecutionFailed")
        return self.until(lambda events: events[-1]["type"] in ends)


@pytest.fixture(scope="module")
def states() -> Iterator[Any]:
    with running_moto() as url:
        yield boto3.client(
            "stepfunctions",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"max_attempts": 0}),
        )


def assert_happened(forecast: Forecast, events: list[Mapping[str, Any]]) -> None:
    event(str(forecast.outcome))
    if forecast.outcome == Outcome.UNKNOWN:
        return
    last = events[-1]
    if forecast.has_output:
        exited = [e["stateExitedEventDetails"] for e in events if "stateExitedEventDetails" in e]
        assert same_value(exited[0]["output"], render(forecast.output))
    if forecast.outcome == Outcome.FAILS:
        assert forecast.failure is not None
        assert last["type"] == "ExecutionFailed"
        assert last["executionFailedEventDetails"]["error"] == forecast.failure.error
    elif forecast.arrives_at:
        entered = last["stateEnteredEventDetails"]
        assert entered["name"] == forecast.arrives_at
        if forecast.outcome == Outcome.CONTINUES:
            assert same_value(entered["input"], render(forecast.arrives_with))
    else:
        assert last["type"] == "ExecutionSucceeded"


MOTO = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@MOTO
@given(machines(OF_ANSWERS), values | objects)
def test_an_approval_does_on_moto_what_was_forecast(
    states: Any, machine: dict[str, Any], result: Any
) -> None:
    run = Run(states, machine)
    forecast = forecast_success(
        definition=parse_definition(json.dumps(machine)),
        visit=visit_of(machine),
        result=parse_exact(json.dumps(result)),
    )
    assume(forecast.failure is None or "null or empty input" not in str(forecast.failure.cause))
    states.send_task_success(taskToken=run.token(), output=json.dumps(result))
    assert_happened(forecast, run.at_rest())


@MOTO
@given(machines(OF_REJECTIONS), st.sampled_from(["Busy", "Wrong", "Other"]))
def test_a_rejection_does_on_moto_what_was_forecast(
    states: Any, machine: dict[str, Any], error: str
) -> None:
    run = Run(states, machine)
    forecast = forecast_failure(
        definition=parse_definition(json.dumps(machine)),
        visit=visit_of(machine),
        error=error,
        cause=None,
    )
    states.send_task_failure(taskToken=run.token(), error=error)
    assert_happened(forecast, run.at_rest())
