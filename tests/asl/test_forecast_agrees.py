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

from callbacks.asl.definition import parse_definition
from callbacks.asl.forecast import Forecast, Outcome, forecast_failure, forecast_success
from callbacks.asl.language.values import render
from callbacks.asl.payload import parse_exact, same_value
from tests.asl.workflows import INPUT, ROLE, errors, machines, objects, values, visit_of
from tests.simulator.simulator import Options, Simulator


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
