"""What is forecast then happens: hypothesis makes workflows and answers, the simulator runs them.

The simulator shares no code with the product; both follow AWS's recordings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import parse_definition
from callbacks.asl.forecast import Forecast, Outcome, forecast_failure, forecast_success
from callbacks.asl.language.values import render
from callbacks.asl.payload import parse_exact, same_value
from tests.simulator.simulator import Options, Simulator

ROLE = "arn:aws:iam::111111111111:role/r"
INPUT = {"order": 7, "a": {"b": [1, 2, 3]}, "name": "x"}
names = st.sampled_from(["a", "b", "ok", "n", "name", "Payload"])
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["x", "yes", ""])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)
objects = st.dictionaries(names, values, max_size=4)
paths = st.builds(lambda parts: "$" + "".join(parts), st.lists(
    st.one_of(names.map(".{}".format), st.sampled_from(["[0]", "[*]", "[1:]", "['a']"])), max_size=3
))  # fmt: skip
calls = st.one_of(
    st.builds("States.Format('{{}}-{{}}', {}, 'z')".format, paths),
    st.builds("States.Array({}, 1, null)".format, paths),
    st.builds("States.JsonToString({})".format, paths),
    st.builds("States.ArrayLength({})".format, paths),
    st.builds("States.JsonMerge({}, {}, false)".format, paths, paths),
    st.builds("States.ArrayContains({}, 'x')".format, paths),
)
templates = st.recursive(
    st.dictionaries(names.map("{}.$".format), paths | calls, max_size=2),
    lambda inner: st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
formulas = st.one_of(
    st.builds("{{% $states.result.{} %}}".format, names),
    st.builds("{{% $states.input.{} %}}".format, names),
    st.builds("{{% $exists($states.result.{}) ? 1 : 'no' %}}".format, names),
    st.builds("{{% $count($states.result.{}) + 1 %}}".format, names),
    st.builds("{{% $merge([$states.input, {{'r': $states.result.{}}}]) %}}".format, names),
)
outputs = st.one_of(formulas, st.dictionaries(names, formulas | scalars, max_size=3))
errors = st.sampled_from(["Busy", "Wrong", "States.Timeout", "States.TaskFailed"])
error_lists = st.one_of(
    st.just(["States.ALL"]),
    st.just(["States.TaskFailed"]),
    st.lists(errors, min_size=1, max_size=2),
)
retriers = st.fixed_dictionaries(
    {
        "ErrorEquals": error_lists,
        "IntervalSeconds": st.integers(1, 5),
        "MaxAttempts": st.integers(0, 2),
        "BackoffRate": st.sampled_from([1.0, 2.0]),
    },
    optional={"MaxDelaySeconds": st.integers(6, 9)},
)
rules = st.one_of(
    st.fixed_dictionaries({"Variable": paths, "IsPresent": st.booleans()}),
    st.fixed_dictionaries({"Variable": paths, "NumericGreaterThan": st.integers(-3, 3)}),
    st.fixed_dictionaries({"Variable": paths, "StringEquals": st.just("x")}),
    st.fixed_dictionaries({"Variable": paths, "BooleanEquals": st.booleans()}),
)


@st.composite
def jsonpath_fields(draw: st.DrawFn) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        fields["ResultSelector"] = draw(templates)
    if draw(st.booleans()):
        fields["ResultPath"] = draw(
            st.none() | st.sampled_from(["$", "$.answer", "$.a.c", "$.name.x"])
        )
    if draw(st.booleans()):
        fields["OutputPath"] = draw(st.none() | paths)
    catch = draw(st.lists(error_lists, max_size=2))
    fields["Catch"] = [
        {"ErrorEquals": these, "Next": "Tell", "ResultPath": draw(st.sampled_from(["$", "$.e"]))}
        for these in catch
    ]
    return fields


@st.composite
def jsonata_fields(draw: st.DrawFn) -> dict[str, Any]:
    fields: dict[str, Any] = {"QueryLanguage": "JSONata"}
    if draw(st.booleans()):
        fields["Output"] = draw(outputs)
    fields["Catch"] = [
        {"ErrorEquals": these, "Next": "Tell"} for these in draw(st.lists(error_lists, max_size=2))
    ]
    return fields


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    fields = draw(jsonpath_fields() | jsonata_fields())
    is_jsonata = "QueryLanguage" in fields
    token = (
        {"token": "{% $states.context.Task.Token %}"}
        if is_jsonata
        else {"token.$": "$$.Task.Token"}
    )
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments" if is_jsonata else "Parameters": {"FunctionName": "f", "Payload": token},
        "Retry": draw(st.lists(retriers, max_size=2)),
        "Next": draw(st.sampled_from(["Choose", "Shape", "Work"])),
        **fields,
    }
    choose: dict[str, Any] = {
        "Type": "Choice",
        "Choices": [{**draw(rules), "Next": "Shape"}, {**draw(rules), "Next": "Work"}],
    }
    if draw(st.booleans()):
        choose["Default"] = draw(st.sampled_from(["Tell", "Stop"]))
    states = {
        "Ask": ask,
        "Choose": choose,
        "Shape": {"Type": "Pass", "Parameters": draw(templates), "Next": "Work"},
        "Work": {"Type": "Wait", "Seconds": 600, "Next": "Tell"},
        "Tell": {"Type": "Pass", "End": True},
        "Stop": {"Type": "Fail", "Error": "Stopped"},
    }
    return {"StartAt": "Ask", "States": states}


@dataclass
class Run:
    """One execution that waits in Ask."""

    simulator: Simulator
    arn: str

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.simulator.call(operation, params)

    @property
    def events(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.call("GetExecutionHistory", executionArn=self.arn)[
            "events"
        ]
        return found

    @property
    def token(self) -> str:
        scheduled = [e for e in self.events if e["type"] == "TaskScheduled"][-1]
        parameters = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])
        return str(parameters["Payload"]["token"])

    def entered(self) -> dict[str, str]:
        """The input of each state that was entered."""
        details = [
            e["stateEnteredEventDetails"] for e in self.events if "stateEnteredEventDetails" in e
        ]
        return {one["name"]: one["input"] for one in details}

    def output_of(self, state: str) -> str | None:
        details = [
            e["stateExitedEventDetails"] for e in self.events if "stateExitedEventDetails" in e
        ]
        return next((one["output"] for one in details if one["name"] == state), None)

    def attempts(self) -> int:
        return sum(event["type"] == "TaskScheduled" for event in self.events)


def begin(machine: Mapping[str, Any]) -> Run:
    simulator = Simulator(Options())
    created = simulator.call(
        "CreateStateMachine", {"name": "m", "definition": json.dumps(machine), "roleArn": ROLE}
    )
    started = simulator.call(
        "StartExecution",
        {"stateMachineArn": created["stateMachineArn"], "input": json.dumps(INPUT), "name": "r"},
    )
    return Run(simulator, started["executionArn"])


def visit_of(machine: Mapping[str, Any]) -> Visit:
    definition = parse_definition(json.dumps(machine))
    return Visit(definition.states["Ask"], parse_exact(json.dumps(INPUT)), entered_event_id=2)


def assert_happens(forecast: Forecast, run: Run) -> None:
    event(str(forecast.outcome))
    status = run.call("DescribeExecution", executionArn=run.arn)["status"]
    if forecast.outcome == Outcome.UNKNOWN:
        return
    if forecast.has_output:
        assert same_value(run.output_of("Ask") or "", render(forecast.output))
    if forecast.outcome == Outcome.RETRIED:
        assert forecast.retry is not None
        before = run.attempts()
        run.simulator.advance(forecast.retry.seconds_least - 0.5)
        assert run.attempts() == before
        run.simulator.advance(1.0)
        assert run.attempts() == before + 1
    elif forecast.outcome == Outcome.FAILS:
        assert forecast.failure is not None
        assert status == "FAILED"
        ended = run.events[-1].get("executionFailedEventDetails", {})
        assert ended.get("error") == forecast.failure.error
    elif forecast.arrives_at:
        assert status == "RUNNING"
        assert same_value(run.entered()[forecast.arrives_at], render(forecast.arrives_with))
    else:
        assert status == "SUCCEEDED"


SLOW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(machines(), values | objects)
def test_an_approval_does_what_was_forecast(machine: dict[str, Any], result: Any) -> None:
    run = begin(machine)
    visit = visit_of(machine)
    definition = parse_definition(json.dumps(machine))
    forecast = forecast_success(
        definition=definition, visit=visit, result=parse_exact(json.dumps(result))
    )
    run.call("SendTaskSuccess", taskToken=run.token, output=json.dumps(result))
    assert_happens(forecast, run)


@SLOW
@given(machines(), st.lists(errors | st.just("Other"), min_size=1, max_size=4))
def test_a_rejection_does_what_was_forecast(
    machine: dict[str, Any], given_errors: list[str]
) -> None:
    """One after the other, for as long as it is asked again."""
    run = begin(machine)
    definition = parse_definition(json.dumps(machine))
    before: list[str | None] = []
    for error in given_errors:
        forecast = forecast_failure(
            definition=definition,
            visit=visit_of(machine),
            error=error,
            cause="No.",
            errors_before=before,
        )
        run.call("SendTaskFailure", taskToken=run.token, error=error, cause="No.")
        assert_happens(forecast, run)
        if forecast.outcome != Outcome.RETRIED:
            return
        before.append(error)
