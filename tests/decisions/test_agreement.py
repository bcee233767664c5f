"""Our forecast beside AWS's own: where they are the same, and what differs."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import parse_definition
from callbacks.asl.forecast import Forecast, forecast_failure, forecast_success
from callbacks.decisions.agreement import Agreement, Point, Verdict, agreement
from callbacks.stepfunctions import StateTest
from callbacks.stepfunctions.parsing import state_test
from tests.conformance.situations import exact, exact_value
from tests.founding import CATCH, RETRY, founding_definition

FOLDER = Path(os.environ.get("HOLDPOINT_RECORDINGS", "")) / "teststate"


def visit(**fields: Any) -> tuple[Any, Visit]:
    definition = parse_definition(founding_definition(**fields))
    return definition, Visit(definition.states["Review"], {"order": 1}, entered_event_id=2)


def approved(result: Any, **fields: Any) -> Forecast:
    definition, seen = visit(**fields)
    return forecast_success(definition=definition, visit=seen, result=result)


def rejected(error: str, before: int = 0, **fields: Any) -> Forecast:
    definition, seen = visit(**fields)
    return forecast_failure(
        definition=definition, visit=seen, error=error, cause="No.", errors_before=[error] * before
    )


def held(forecast: Forecast, **told: Any) -> Agreement:
    return agreement(forecast=forecast, state="Review", test=StateTest(**told))


def test_a_state_that_hands_on_the_same_agrees():
    found = held(
        approved({"Payload": {"approved": True, "n": Decimal("1.0")}}),
        status="SUCCEEDED",
        output='{"n": 1.0, "approved": true}',
        next_state="Check",
    )
    assert found == Agreement(Verdict.AGREES)


@pytest.mark.parametrize(
    ("told", "point"),
    [
        (
            {"output": '{"approved": false}', "next_state": "Check"},
            Point("output", '{"approved":true}', '{"approved": false}'),
        ),
        (
            {"output": '{"approved": true}', "next_state": "Other"},
            Point("next", "Check", "Other"),
        ),
        ({"output": '{"approved": true}'}, Point("next", "Check", "")),
    ],
)
def test_what_differs_is_named(told, point):
    found = held(approved({"Payload": {"approved": True}}), status="SUCCEEDED", **told)
    assert found == Agreement(Verdict.DIFFERS, (point,))


def test_an_answer_that_kills_agrees_where_the_state_fails_by_the_same_error():
    forecast = approved({"approved": True})
    assert held(forecast, status="FAILED", error="States.Runtime").verdict == Verdict.AGREES
    assert held(forecast, status="FAILED", error="Other").points == (
        Point("error", "States.Runtime", "Other"),
    )
    assert held(forecast, status="SUCCEEDED", output="{}").points == (
        Point("status", "FAILED", "SUCCEEDED"),
    )


def test_a_rejection_that_is_retried_agrees_by_rule_and_delay():
    forecast = rejected("Busy", before=1, Retry=RETRY)
    assert held(forecast, status="RETRIABLE", retry_rule=0, retry_seconds=4) == Agreement(
        Verdict.AGREES
    )
    assert [
        one.what for one in held(forecast, status="RETRIABLE", retry_rule=1, retry_seconds=9).points
    ] == ["rule", "delay"]
    assert held(forecast, status="RETRIABLE").verdict == Verdict.AGREES


def test_a_rejection_that_is_caught_agrees_by_what_the_catcher_hands_on():
    forecast = rejected("Refused", Catch=CATCH)
    output = '{"Error": "Refused", "Cause": "No."}'
    told = {"status": "CAUGHT_ERROR", "next_state": "Tell", "output": output}
    assert held(forecast, **told).verdict == Verdict.AGREES
    assert held(forecast, **{**told, "next_state": "Check"}).verdict == Verdict.DIFFERS


def test_what_lies_behind_the_state_is_not_aws_to_say():
    """The Choice behind it ends the run; the state itself did well."""
    forecast = approved({"Payload": {"approved": False}})
    found = held(forecast, status="SUCCEEDED", output='{"approved": false}', next_state="Check")
    assert found.verdict == Verdict.AGREES


def test_what_we_cannot_predict_is_not_compared():
    forecast = approved({"Payload": 1}, ResultSelector={"x.$": "States.UUID()"})
    assert held(forecast, status="SUCCEEDED", output="{}").verdict == Verdict.NOT_COMPARED


@pytest.mark.skipif(not FOLDER.is_dir(), reason="HOLDPOINT_RECORDINGS is not set")
def test_it_agrees_with_every_recorded_test_of_a_state():
    found = [_recorded(json.loads(path.read_text())) for path in sorted(FOLDER.glob("*.json"))]
    verdicts = [one for one in found if one is not None]
    assert len(verdicts) >= 8
    assert [one for one in verdicts if one.verdict == Verdict.DIFFERS] == []


def _recorded(raw: dict[str, Any]) -> Agreement | None:
    """None for what is no Task with a mock, or was refused, or shows stand-ins."""
    name = raw.get("state_name") or "State"
    machine = raw.get("definition") or {"StartAt": name, "States": {name: raw.get("state")}}
    mock = raw.get("mock") or {}
    if raw["refused"] or not mock or raw["masks"]:
        return None
    definition = parse_definition(json.dumps(machine))
    state = definition.states[name]
    if state.type != "Task":
        return None
    seen = Visit(
        state,
        {} if raw["input"] is None else exact_value(raw["input"]),
        context=exact_value(raw.get("context") or {}),
        variables=exact_value(raw.get("variables") or {}),
    )
    response = raw["response"]
    answer = {
        key: value if isinstance(value, str) or key == "inspectionData" else json.dumps(value)
        for key, value in response.items()
    }
    used = (raw.get("state_configuration") or {}).get("retrierRetryCount", 0)
    if "errorOutput" in mock:
        error, cause = mock["errorOutput"].get("error"), mock["errorOutput"].get("cause")
        forecast = forecast_failure(
            definition=definition,
            visit=seen,
            error=error,
            cause=cause,
            errors_before=[error] * used,
        )
    else:
        forecast = forecast_success(definition=definition, visit=seen, result=exact(mock["result"]))
    return agreement(forecast=forecast, state=name, test=state_test(answer))
