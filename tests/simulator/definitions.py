"""What CreateStateMachine refuses: broken definitions, and what this simulator does not do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json, parse
from tests.simulator.languages import check_language, check_state
from tests.simulator.model import CALLBACK_SUFFIX, JSONPATH
from tests.simulator.reader import INPUT_TYPES, RESOURCE

TYPES = {"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"}
TERMINAL = {"Succeed", "Fail", "Choice"}


class Kind(NamedTuple):
    """The machine that a level belongs to."""

    is_express: bool
    language: str


def check_definition(definition: str, machine_type: str) -> None:
    """Raise InvalidDefinition with every complaint and its place."""
    try:
        raw = parse(definition)
    except ValueError as exc:
        raise _invalid("INVALID_JSON_DESCRIPTION", str(exc)) from exc
    if not isinstance(raw, dict):
        raise _invalid("INVALID_JSON_DESCRIPTION", "Expected an object")
    kind = Kind(machine_type == "EXPRESS", raw.get("QueryLanguage", JSONPATH))
    complaints = [*check_language(raw, ""), *_level(raw, "", kind)]
    if complaints:
        raise _invalid("SCHEMA_VALIDATION_FAILED", ", ".join(complaints))


def _invalid(code: str, text: str) -> ServiceError:
    return ServiceError("InvalidDefinition", f"Invalid State Machine Definition: '{code}: {text}'")


def _level(raw: dict[str, Json], place: str, kind: Kind) -> Iterator[str]:
    if place and "QueryLanguage" in raw:
        yield f"Field 'QueryLanguage' is not supported at {place}"
    states = raw.get("States")
    if not isinstance(states, dict) or not states:
        yield f"The field 'States' is required and must not be empty at {place}/States"
        return
    if raw.get("StartAt") not in states:
        yield _no_target(raw.get("StartAt"), f"{place}/StartAt")
    for name, state in states.items():
        yield from _state(state, states, f"{place}/States/{name}", kind)


def _state(state: Json, states: dict[str, Json], place: str, kind: Kind) -> Iterator[str]:
    if not isinstance(state, dict) or state.get("Type") not in TYPES:
        yield f"The field 'Type' is missing or unknown at {place}/Type"
        return
    yield from check_state(state, kind.language, place)
    yield from _transitions(state, states, place)
    if state["Type"] == "Task":
        yield from _task(state, place, kind)
    elif state["Type"] == "Choice" and not state.get("Choices"):
        yield f"The field 'Choices' is required at {place}/Choices"
    elif state["Type"] == "Parallel":
        for index, branch in enumerate(state.get("Branches", [])):
            yield from _level(branch, f"{place}/Branches[{index}]", kind)
    elif state["Type"] == "Map":
        yield from _map(state, place, kind)


def _transitions(state: dict[str, Json], states: dict[str, Json], place: str) -> Iterator[str]:
    if state["Type"] not in TERMINAL and not state.get("End") and "Next" not in state:
        yield f"Expected one of 'End' or 'Next' at {place}"
    for where, target in _targets(state):
        if target not in states:
            yield _no_target(target, f"{place}/{where}")


def _no_target(target: Json, place: str) -> str:
    return f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {target} at {place}"


def _targets(state: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    if "Next" in state:
        yield "Next", state["Next"]
    if "Default" in state:
        yield "Default", state["Default"]
    for field in ("Choices", "Catch"):
        for index, rule in enumerate(state.get(field, [])):
            yield f"{field}[{index}]/Next", rule.get("Next")


def _task(state: dict[str, Json], place: str, kind: Kind) -> Iterator[str]:
    resource = state.get("Resource")
    if not isinstance(resource, str) or not resource.startswith("arn:"):
        yield f"Value is not a valid resource ARN at {place}/Resource"
    elif kind.is_express:
        yield from _express_task(resource, f"{place}/Resource")


def _express_task(resource: str, place: str) -> Iterator[str]:
    """What an Express workflow cannot wait for."""
    for pattern in (CALLBACK_SUFFIX, ".sync"):
        if pattern in resource:
            words = f"Express state machine does not support '{pattern}' service integration"
            yield f"{words} at {place}"
    if ":activity:" in resource:
        yield f"Express state machine does not support Activity ARN '{resource}' at {place}"


def _map(state: dict[str, Json], place: str, kind: Kind) -> Iterator[str]:
    body = state.get("ItemProcessor") or state.get("Iterator")
    if not isinstance(body, dict):
        yield f"The field 'ItemProcessor' is required at {place}"
        return
    config = body.get("ProcessorConfig", {})
    if config.get("Mode") == "DISTRIBUTED":
        yield from _distributed(config, place, kind)
        yield from _reader(state.get("ItemReader"), f"{place}/ItemReader")
        kind = kind._replace(is_express=config.get("ExecutionType") == "EXPRESS")
    yield from _level(body, f"{place}/ItemProcessor", kind)


def _reader(reader: Json, place: str) -> Iterator[str]:
    if reader is None:
        return
    input_type = reader.get("ReaderConfig", {}).get("InputType")
    if reader.get("Resource") != RESOURCE or input_type not in INPUT_TYPES:
        yield f"The simulator reads items from JSON and CSV objects in S3 only at {place}"


def _distributed(config: dict[str, Json], place: str, kind: Kind) -> Iterator[str]:
    where = f"{place}/ItemProcessor/ProcessorConfig"
    if kind.is_express:
        yield f"Express state machine does not support Distributed Map at {where}/Mode"
    if config.get("ExecutionType") not in ("STANDARD", "EXPRESS"):
        yield f"The field 'ExecutionType' must be one of [STANDARD, EXPRESS] at {where}"
