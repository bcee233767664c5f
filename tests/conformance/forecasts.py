"""Recorded outcomes held against what would have been forecast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callbacks.asl.dataflow import Exit, Visit, exit_with_result, failure_of, pass_on
from callbacks.asl.forecast import Outcome, forecast_failure, forecast_success
from callbacks.asl.language.values import CannotPredict, StateFails, render
from callbacks.asl.payload import same_value
from tests.conformance.recordings import Recording
from tests.conformance.situations import Situations, details, exact, exact_value

PASSING = ("Pass", "Choice", "Wait", "Succeed")


@dataclass(frozen=True)
class Case:
    """One recorded outcome. `difference`: "" where exact, None where it cannot be predicted."""

    id: str
    language: str
    difference: str | None


def dataflow(recording: Recording) -> Iterator[Case]:
    """What became of the result of each task."""
    known = Situations(recording)
    for pair in recording.expect.get("dataflow", ()) if known.definition else ():
        entered = known.entered_before(pair["succeeded_id"], pair["state"])
        visit = known.visit(entered)
        result = exact_value(pair["result"])
        yield _case(
            recording, pair["succeeded_id"], visit, _after_result(known, visit, result, pair)
        )


def visits(recording: Recording) -> Iterator[Case]:
    """What became of the input of each state that does nothing by itself."""
    known = Situations(recording)
    for found in recording.expect.get("visits", ()) if known.definition else ():
        if found["type"] in PASSING and found.get("exited_id"):
            visit = known.visit(found["entered_id"])
            event = details(known.events[found["exited_id"]])
            expected = {
                "output": exact(event["output"]),
                "assigned": event.get("assignedVariables"),
                "next": found.get("next"),
            }
            yield _case(recording, found["entered_id"], visit, _passed(visit, expected))


def deaths(recording: Recording) -> Iterator[Case]:
    """Where a field of a state that does nothing by itself had no value."""
    known = Situations(recording)
    for death in recording.expect.get("deaths", ()) if known.definition else ():
        visit = known.visit(death["entered_id"])
        if visit.state.type in PASSING and visit.state.type != "Wait":
            yield _case(recording, death["id"], visit, _died(visit, death))


def failures(recording: Recording) -> Iterator[Case]:
    """Which rule took a task's failure, and where it led."""
    known = Situations(recording)
    for found in recording.expect.get("failures", ()) if known.definition else ():
        entered = known.entered_before(found["id"], found["state"])
        visit = known.visit(entered)
        yield _case(recording, found["id"], visit, _failed(known, visit, entered, found))


def _case(recording: Recording, event: int, visit: Visit, difference: str | None) -> Case:
    return Case(f"{recording.id}#{event}", visit.state.query_language, difference)


def _after_result(
    known: Situations, visit: Visit, result: Any, pair: Mapping[str, Any]
) -> str | None:
    assert known.definition is not None
    try:
        found = exit_with_result(visit, result)
    except CannotPredict:
        return None
    except StateFails as exc:
        return "" if pair.get("dies", {}).get("error") == exc.error else f"dies: {exc}"
    if "dies" in pair:
        return f"goes on, but died of {pair['dies']['error']}"
    forecast = forecast_success(definition=known.definition, visit=visit, result=result)
    if forecast.next != found.next:
        return f"the forecast goes to {forecast.next}"
    return _against_exit(found, {**pair, "output": exact_value(pair["output"])})


def _passed(visit: Visit, expected: Mapping[str, Any]) -> str | None:
    try:
        return _against_exit(pass_on(visit), expected)
    except CannotPredict:
        return None
    except StateFails as exc:
        return f"dies: {exc.error} {exc.cause}"


def _died(visit: Visit, death: Mapping[str, Any]) -> str | None:
    try:
        if visit.state.type == "Fail":
            failure_of(visit)
        else:
            pass_on(visit)
    except CannotPredict:
        return None
    except StateFails as exc:
        is_said = _without_stand_ins(exc.cause) in _without_stand_ins(death["cause"])
        is_same = exc.error == death["error"] and (is_said or not exc.is_verbatim)
        return "" if is_same else f"{exc.error}: {exc.cause}"
    return "goes on"


def _without_stand_ins(cause: str) -> str:
    return cause.partition("<")[0].partition("'{")[0]


def _against_exit(found: Exit, expected: Mapping[str, Any]) -> str:
    if not same_value(render(found.output), render(expected["output"])):
        return f"output {render(found.output)[:300]} instead of {render(expected['output'])[:300]}"
    assigned = expected.get("assigned") or {}
    if found.assigned.keys() != assigned.keys():
        return f"assigned {sorted(found.assigned)} instead of {sorted(assigned)}"
    for name, value in assigned.items():
        text = value if isinstance(value, str) else render(exact_value(value))
        if not same_value(render(found.assigned[name]), text):
            return f"${name} is {render(found.assigned[name])[:200]} instead of {text[:200]}"
    if found.next != expected.get("next"):
        return f"goes to {found.next} instead of {expected.get('next')}"
    return ""


def _failed(
    known: Situations, visit: Visit, entered: int, expected: Mapping[str, Any]
) -> str | None:
    assert known.definition is not None
    event = details(known.events[expected["id"]])
    forecast = forecast_failure(
        definition=known.definition,
        visit=visit,
        error=event.get("error"),
        cause=event.get("cause"),
        errors_before=known.errors_before(expected["id"], entered),
    )
    if forecast.outcome == Outcome.UNKNOWN and not forecast.next:
        return None
    if expected["next"] == "retry":
        return "" if forecast.outcome == Outcome.RETRIED else f"is {forecast.outcome}"
    then = expected.get("then", expected)
    if then["next"] == "catch":
        return _caught(forecast.next, forecast.output, forecast.taken_by, then, expected)
    is_end = forecast.outcome == Outcome.FAILS
    return "" if is_end else f"is {forecast.outcome} instead of an end"


def _caught(
    following: str | None, output: Any, taken_by: str, then: Mapping[str, Any], all_of_it: Any
) -> str:
    if following != then["to"] or taken_by != then.get("state", all_of_it["state"]):
        return f"{taken_by} goes to {following} instead of {then['to']}"
    expected = then.get("output")
    if expected is None or then is not all_of_it:
        return ""
    is_same = same_value(render(_unfolded(output)), render(_unfolded(exact_value(expected))))
    return "" if is_same else f"output {render(output)[:300]}"


def _unfolded(value: Any) -> Any:
    """A cause that holds JSON was parsed where it was recorded, so its white space is lost."""
    if isinstance(value, dict):
        return {key: _unfolded(inner) for key, inner in value.items()}
    if isinstance(value, str) and value.startswith("{"):
        try:
            return exact(value)
        except ValueError:
            return value
    return value
