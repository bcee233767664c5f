"""What a state hands on: its output, the variables it assigns, and which state is next.

JSONPath: result → ResultSelector → ResultPath → OutputPath (states-language, "Input and Output
Processing"); JSONata: Output and Assign, both from the same values (dg/transforming-data).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callbacks.asl.definition import JSONATA, State
from callbacks.asl.language import choices, query, templates
from callbacks.asl.language.values import (
    DATA_LIMIT,
    NO_CHOICE,
    CannotPredict,
    Json,
    Seen,
    StateFails,
    is_masked,
    render,
    size_of,
)
from callbacks.asl.payload import OUTPUT_LIMIT_BYTES

_LONGEST_TOKEN = 2_048


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of a state. `is_complete`: nothing that could be asked for is unknown here."""

    state: State
    input: Json = field(repr=False)
    context: Mapping[str, Json] = field(default_factory=dict, repr=False)
    variables: Mapping[str, Json] = field(default_factory=dict, repr=False)
    is_complete: bool = False
    # AWS names it in the causes of its own errors; None where it is not known.
    entered_event_id: int | None = None

    @property
    def is_jsonata(self) -> bool:
        return self.state.query_language == JSONATA

    def seen(self, data: Json, **states: Json) -> Seen:
        return Seen(
            data=data,
            context=self.context,
            variables=self.variables,
            states={"input": self.input, **states},
            is_complete=self.is_complete,
            assignable=self.state.assignable,
        )


@dataclass(frozen=True, slots=True)
class Exit:
    """`next` is None where the branch or the execution ends."""

    output: Json = field(repr=False)
    assigned: Mapping[str, Json] = field(repr=False)
    next: str | None


def exit_with_result(visit: Visit, result: Json) -> Exit:
    """How a Task, Map or Parallel is left with this result. Raises StateFails, CannotPredict."""
    raw = visit.state.raw
    if visit.is_jsonata:
        seen = visit.seen(None, result=result)
        return _checked(visit, _by_rule(raw, "", seen, result, visit.state.next))
    chosen = _selected_result(visit, result)
    seen = visit.seen(chosen)
    assigned = _assigned(raw, seen)
    placed = templates.place(visit.state.result_path, visit.input, chosen)
    output = templates.select(visit.state.output_path, visit.seen(placed), "OutputPath")
    return _checked(visit, Exit(output, assigned, visit.state.next))


def exit_by_catch(visit: Visit, index: int, error: str | None, cause: str | None) -> Exit:
    """How a state is left by one of its catchers; of its own fields none applies (recorded)."""
    catcher = visit.state.catch[index]
    shown = {"Error": error, "Cause": cause}
    if visit.is_jsonata:
        seen = visit.seen(None, errorOutput=shown)
        return _checked(visit, _by_rule(catcher.raw, f"Catch[{index}]", seen, shown, catcher.next))
    assigned = _assigned(catcher.raw, visit.seen(shown))
    output = templates.place(catcher.result_path, visit.input, shown)
    return _checked(visit, Exit(output, assigned, catcher.next))


def pass_on(visit: Visit) -> Exit:
    """How a Pass, Choice, Wait or Succeed is left. Raises StateFails, CannotPredict."""
    leave = _JSONATA_EXITS if visit.is_jsonata else _JSONPATH_EXITS
    return _checked(visit, leave[visit.state.type](visit))


def failure_of(visit: Visit) -> tuple[str | None, str | None]:
    """The error and cause of a Fail state. Raises StateFails, CannotPredict."""
    raw = visit.state.raw
    if visit.is_jsonata:
        seen = visit.seen(None)
        error, cause = (
            query.fill_as("string", raw[name], seen, name) if name in raw else None
            for name in ("Error", "Cause")
        )
        return error, cause
    error, cause = (_fail_text(visit, name) for name in ("Error", "Cause"))
    return error, cause


def _checked(visit: Visit, found: Exit) -> Exit:
    size = size_of(found.output)
    if size > OUTPUT_LIMIT_BYTES:
        cause = (
            f"The state/task '{visit.state.name}' returned a result with a size exceeding"
            f" the maximum number of bytes service limit."
        )
        raise StateFails(DATA_LIMIT, cause, field="output", path=str(size), value=found.output)
    # Near the limit it matters that a masked token is shorter than the token.
    if size > OUTPUT_LIMIT_BYTES - _LONGEST_TOKEN and is_masked(found.output):
        raise CannotPredict("with the task token that is masked here it may be too large")
    if size_of(found.assigned) > OUTPUT_LIMIT_BYTES:
        raise CannotPredict("how large variables may be is not worked out here")
    return found


def _selected_result(visit: Visit, result: Json) -> Json:
    selector = visit.state.result_selector
    if selector is None:
        return result
    return templates.fill(selector, visit.seen(result), "ResultSelector")


def _assigned(rule: Mapping[str, Any], seen: Seen) -> Mapping[str, Json]:
    assign = rule.get("Assign")
    found = templates.fill(assign, seen, "Assign") if assign else {}
    return found if isinstance(found, dict) else {}


def _by_rule(
    rule: Mapping[str, Any], place: str, seen: Seen, default: Json, following: str | None
) -> Exit:
    """Output and Assign of a JSONata state, or of one of its rules."""
    before = f"{place}/" if place else ""
    assigned = query.fill(rule["Assign"], seen, f"{before}Assign") if "Assign" in rule else {}
    output = default
    if "Output" in rule:
        output = query.fill(rule["Output"], seen, f"{before}Output")
    return Exit(output, assigned, following)


def _effective_input(visit: Visit) -> Json:
    raw = visit.state.raw
    data = templates.select(visit.state.input_path, visit.seen(visit.input), "InputPath")
    if "Parameters" not in raw:
        return data
    return templates.fill(raw["Parameters"], visit.seen(data), "Parameters")


def _pass_jsonpath(visit: Visit) -> Exit:
    raw = visit.state.raw
    data = _effective_input(visit)
    result = raw.get("Result", data)
    assigned = _assigned(raw, visit.seen(result))
    placed = templates.place(visit.state.result_path, visit.input, result)
    output = templates.select(visit.state.output_path, visit.seen(placed), "OutputPath")
    return Exit(output, assigned, visit.state.next)


def _through_paths(visit: Visit) -> Json:
    data = templates.select(visit.state.input_path, visit.seen(visit.input), "InputPath")
    return templates.select(visit.state.output_path, visit.seen(data), "OutputPath")


def _succeed_jsonpath(visit: Visit) -> Exit:
    return Exit(_through_paths(visit), {}, None)


def _wait_jsonpath(visit: Visit) -> Exit:
    assigned = _assigned(visit.state.raw, visit.seen(visit.input))
    return Exit(_through_paths(visit), assigned, visit.state.next)


def _choice_jsonpath(visit: Visit) -> Exit:
    raw = visit.state.raw
    data = templates.select(visit.state.input_path, visit.seen(visit.input), "InputPath")
    seen = visit.seen(data)
    for rule in _choices(visit):
        if choices.holds(rule, seen):
            return Exit(_through_paths(visit), _assigned(rule, seen), rule.get("Next"))
    return Exit(_through_paths(visit), _assigned(raw, seen), _default(visit, data))


def _pass_jsonata(visit: Visit) -> Exit:
    return _by_rule(visit.state.raw, "", visit.seen(None), visit.input, visit.state.next)


def _choice_jsonata(visit: Visit) -> Exit:
    seen = visit.seen(None)
    for at, rule in enumerate(_choices(visit)):
        place = f"Choices[{at}]"
        if "Condition" not in rule:
            raise CannotPredict("a rule of a Choice has a form that is not known here")
        if query.fill_as("boolean", rule["Condition"], seen, f"{place}/Condition"):
            return _by_rule(rule, place, seen, visit.input, rule.get("Next"))
    following = _default(visit, visit.input)
    return _by_rule(visit.state.raw, "", seen, visit.input, following)


def _choices(visit: Visit) -> list[Mapping[str, Any]]:
    rules = visit.state.raw.get("Choices")
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise CannotPredict(f"the Choice {visit.state.name} has no rules that can be read")
    return rules


def _default(visit: Visit, data: Json) -> str:
    default = visit.state.raw.get("Default")
    if isinstance(default, str):
        return default
    cause = f"No choices matched the input {render(data)} and there was no default branch."
    raise StateFails(NO_CHOICE, cause, field="Choices")


def _fail_text(visit: Visit, name: str) -> str | None:
    raw = visit.state.raw
    path = raw.get(f"{name}Path")
    if not isinstance(path, str):
        return raw.get(name)
    found = templates.look_up(path, visit.seen(visit.input), f"{name}Path", f"{name}Path")
    if not isinstance(found, str):
        raise CannotPredict(f"what AWS makes of a {name} that is no text")
    return found


_JSONPATH_EXITS = {
    "Pass": _pass_jsonpath,
    "Choice": _choice_jsonpath,
    "Wait": _wait_jsonpath,
    "Succeed": _succeed_jsonpath,
}
_JSONATA_EXITS = {
    "Pass": _pass_jsonata,
    "Choice": _choice_jsonata,
    "Wait": _pass_jsonata,
    "Succeed": _pass_jsonata,
}
