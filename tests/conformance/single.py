"""Recordings of single states: cases of Choice, and TestState with a mocked result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from callbacks.asl.dataflow import Visit, exit_with_result, failure_of, pass_on
from callbacks.asl.definition import Definition, parse_definition
from callbacks.asl.forecast import Forecast, Outcome, forecast_failure, forecast_success
from callbacks.asl.language.values import CannotPredict, Json, StateFails, render
from callbacks.asl.payload import same_value
from callbacks.asl.tolerance import EXCEEDED, EXCEEDED_CAUSE, tolerance
from tests.conformance.forecasts import PASSING, Case
from tests.conformance.situations import exact, exact_value


def choice_cases(folder: Path) -> Iterator[Case]:
    """A machine that begins with a Choice; its output names the branch."""
    for path in sorted((folder / "choice").glob("*.json")):
        raw = json.loads(path.read_text())
        for number, case in enumerate(raw["cases"]):
            yield _case(
                f"{raw['id']}#{number}", case["definition"], lambda d, c=case: _chosen(d, c)
            )


def mocked_cases(folder: Path) -> Iterator[Case]:
    """What AWS's own forecast was, where it made one."""
    for path in sorted((folder / "teststate").glob("*.json")):
        raw = json.loads(path.read_text())
        name = raw.get("state_name") or "State"
        machine = raw.get("definition") or {"StartAt": name, "States": {name: raw.get("state")}}
        if not raw["refused"] and _can_be_told(parse(machine), name, raw):
            yield _case(raw["id"], machine, lambda d, r=raw, n=name: _tested(d, n, r), name)


def _case(
    case_id: str, machine: Mapping[str, Any], difference: Any, state: str | None = None
) -> Case:
    definition = parse(machine)
    try:
        found = difference(definition)
    except CannotPredict:
        found = None
    language = definition.states[state or definition.start_at].query_language
    return Case(case_id, language, found)


def _chosen(definition: Definition, case: Mapping[str, Any]) -> str:
    value = exact_value(case["input"])
    name: str | None = definition.start_at
    while name is not None:
        visit = Visit(definition.states[name], value)
        try:
            found = pass_on(visit)
        except StateFails as exc:
            return f"dies: {exc.error} {exc.cause}"
        name, value = found.next, found.output
    expected = render(exact_value(case["output"]))
    return "" if same_value(render(value), expected) else f"{render(value)} instead of {expected}"


def parse(machine: Mapping[str, Any]) -> Definition:
    return parse_definition(json.dumps(machine))


def _can_be_told(definition: Definition, name: str, raw: Mapping[str, Any]) -> bool:
    """A state without a mock that does something gave what only AWS knows."""
    kind = definition.states[name].type
    return kind in (*PASSING, "Fail") or bool(raw.get("mock"))


def _tested(definition: Definition, name: str, raw: Mapping[str, Any]) -> str | None:
    context = raw.get("context") or _made_up_context(raw["response"].get("output"))
    visit = Visit(
        state=definition.states[name],
        # Without one AWS takes an empty object.
        input={} if raw["input"] is None else exact_value(raw["input"]),
        context=exact_value(context),
        variables=exact_value(raw.get("variables") or {}),
        is_complete=bool(context),
    )
    mock = raw.get("mock") or {}
    response = raw["response"]
    if "errorOutput" in mock:
        given = mock["errorOutput"]
        return _tested_failure(definition, visit, raw, given.get("error"), given.get("cause"))
    if visit.state.type == "Map" and _has_too_many_failures(visit, raw):
        return _tested_failure(definition, visit, raw, EXCEEDED, EXCEEDED_CAUSE)
    if visit.state.type == "Fail":
        error, _ = failure_of(visit)
        return "" if error == response.get("error") else f"fails with {error}"
    try:
        found = exit_with_result(visit, exact(mock["result"])) if mock else pass_on(visit)
    except StateFails as exc:
        is_said = response.get("error") == exc.error
        return "" if is_said else f"dies: {exc.error} {exc.cause}"
    if response["status"] != "SUCCEEDED":
        return f"goes on instead of {response['status']}"
    if mock:
        forecast = forecast_success(
            definition=definition, visit=visit, result=exact(mock["result"])
        )
        if forecast.next != response.get("nextState"):
            return f"the forecast goes to {forecast.next}"
    return _against(found.output, found.next, raw)


def _made_up_context(output: Any) -> Mapping[str, Any]:
    """The context object that AWS takes where none is given; only what it answers can show it."""
    if not isinstance(output, dict):
        return {}
    if {"Execution", "StateMachine", "State"} <= output.keys():
        return output
    return next(filter(None, map(_made_up_context, output.values())), {})


def _has_too_many_failures(visit: Visit, raw: Mapping[str, Any]) -> bool:
    failed = (raw.get("state_configuration") or {}).get("mapIterationFailureCount", 0)
    total = len(exact(raw["mock"]["result"])) if raw.get("mock") else 0
    return tolerance(visit).is_exceeded(failed=failed, total=total)


def _tested_failure(
    definition: Definition,
    visit: Visit,
    raw: Mapping[str, Any],
    error: str | None,
    cause: str | None,
) -> str | None:
    used = (raw.get("state_configuration") or {}).get("retrierRetryCount", 0)
    forecast = forecast_failure(
        definition=definition,
        visit=visit,
        error=error,
        cause=cause,
        errors_before=[error] * used,
    )
    if forecast.outcome == Outcome.UNKNOWN and not forecast.next:
        return None
    expected = raw["response"]
    if _status(forecast) != expected["status"]:
        return f"{_status(forecast)} instead of {expected['status']}"
    if _status(forecast) == "CAUGHT_ERROR":
        return _against(forecast.output, forecast.next, raw)
    return ""


def _status(forecast: Forecast) -> str:
    if forecast.outcome == Outcome.RETRIED:
        return "RETRIABLE"
    # What lies behind the catcher is not part of a single state.
    return "CAUGHT_ERROR" if forecast.taken_by else "FAILED"


def _against(output: Json, following: str | None, raw: Mapping[str, Any]) -> str:
    response = raw["response"]
    expected = response["output"]
    value = exact(expected) if isinstance(expected, str) else exact_value(expected)
    if not _agrees(output, value, raw["masks"]):
        return f"output {render(output)[:300]} instead of {render(value)[:300]}"
    if following != response.get("nextState"):
        return f"goes to {following} instead of {response.get('nextState')}"
    return ""


def _agrees(found: Json, expected: Json, masks: list[str]) -> bool:
    """Whether they are the same, but for what stands for a masked text."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(
            _agrees(found[key], expected[key], masks) for key in expected
        )
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(
            _agrees(mine, theirs, masks) for mine, theirs in zip(found, expected, strict=True)
        )
    if isinstance(found, str) and found.startswith("<unresolved:"):
        # Only the recorder knew what was sent.
        return True
    if isinstance(expected, str) and isinstance(found, str) and masks:
        # "<uuid:N>" stands for all numbers.
        anything = "|".join(re.escape(mask).replace("N>", r"\d+>") for mask in masks)
        pieces = [re.escape(piece) for piece in re.split(anything, expected)]
        return re.fullmatch(".*".join(pieces), found, re.DOTALL) is not None
    return same_value(render(found), render(expected))
