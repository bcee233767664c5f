"""A state machine as typed objects: what reading histories, forecasts and lint stand on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from callbacks.asl.references import mentions_token

JSONPATH = "JSONPath"
JSONATA = "JSONata"
WAIT_SUFFIX = ".waitForTaskToken"
SYNC_SUFFIXES = (".sync", ".sync:2")


class DefinitionError(ValueError):
    """The text is no state machine that we can read; the message says why, without payload."""


@dataclass(frozen=True, slots=True)
class Retrier:
    """One Retry rule; the defaults are AWS's (dg/concepts-error-handling)."""

    error_equals: tuple[str, ...]
    interval_seconds: float = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: float | None = None
    jitter: str = "NONE"


@dataclass(frozen=True, slots=True)
class Catcher:
    error_equals: tuple[str, ...]
    next: str
    # A null ResultPath throws the error away; absent it is "$".
    result_path: str | None = "$"
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One state, nested ones included; what has no field of its own is in `raw`."""

    name: str
    type: str
    query_language: str
    resource: str
    next: str | None
    end: bool
    # JSONPath's Parameters or JSONata's Arguments; None where the state has neither.
    template: Any
    # Null paths are None (the value becomes {}, the result is thrown away); absent ones "$".
    input_path: str | None
    output_path: str | None
    result_path: str | None
    result_selector: Any
    timeout_seconds: int | None
    heartbeat_seconds: int | None
    # The reference or expression where the number comes from the input.
    timeout_reference: str
    heartbeat_reference: str
    retry: tuple[Retrier, ...]
    catch: tuple[Catcher, ...]
    # The Parallel or Map around it, and for a Parallel which branch, from 0.
    container: str | None
    branch: int | None
    # Its work happens in child executions, each with a history of its own.
    is_distributed: bool
    # The names of all variables that any state of the machine assigns.
    assignable: frozenset[str]
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def waits_for_token(self) -> bool:
        return self.resource.endswith(WAIT_SUFFIX)

    @property
    def is_activity(self) -> bool:
        return is_activity(self.resource)

    @property
    def passes_token(self) -> bool:
        """Some place in what it sends refers to its own task token."""
        return mentions_token(
            template=self.template,
            input_path=self.input_path,
            is_jsonata=self.query_language == JSONATA,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    start_at: str
    query_language: str
    timeout_seconds: int | None
    comment: str
    # Every state by its name; names are unique in a whole machine (states-language, "States").
    states: Mapping[str, State] = field(repr=False)
    text: str = field(repr=False)

    def state(self, name: str) -> State | None:
        return self.states.get(name)

    def containers(self, name: str) -> tuple[State, ...]:
        """The Maps and Parallels around a state, the outermost first."""
        around: list[State] = []
        state = self.state(name)
        while state is not None and state.container is not None:
            state = self.states[state.container]
            around.append(state)
        return tuple(reversed(around))


def is_activity(resource: str) -> bool:
    return ":states:" in resource and ":activity:" in resource


def can_wait(definition: Definition) -> bool:
    """Whether an execution, or a child of its distributed Maps, can wait for somebody."""
    return any(
        state.waits_for_token
        or state.is_activity
        or (state.resource.endswith(SYNC_SUFFIXES) and state.passes_token)
        for state in definition.states.values()
    )


def children_of(definition: Definition, state: State) -> str | None:
    """The machine that a distributed Map's children run, as JSON; None where they are EXPRESS."""
    if _processor_config(state.raw).get("ExecutionType") == "EXPRESS":
        return None
    # Inside, the language of the whole machine holds where none is named.
    return json.dumps({"QueryLanguage": definition.query_language, **_processor(state.raw)})


def map_labelled(definition: Definition, label: str) -> str:
    """The distributed Map whose runs have this label in their ARN, or "".

    AWS makes a label where a Map names none (dg/state-map-distributed, "Label"). The runs of a Map
    in another one's children are those of a child, which has a definition of its own.
    """
    maps = [
        state
        for state in definition.states.values()
        if state.is_distributed
        and not any(one.is_distributed for one in definition.containers(state.name))
    ]
    named = [state for state in maps if state.raw.get("Label") == label]
    nameless = [state for state in maps if "Label" not in state.raw]
    found = named or nameless
    return found[0].name if len(found) == 1 else ""


def parts_inside(state: State) -> Iterator[tuple[int | None, str]]:
    """Where each part of it begins: a Parallel's branches from 0, a Map's one part as None."""
    for level in _levels_inside(state.name, state.raw, state.query_language):
        yield level.branch, _text(level.machine.get("StartAt"))


def parse_definition(text: str) -> Definition:
    """Read a state machine; unknown fields are kept in `raw`. Raises DefinitionError."""
    machine = _read(text)
    language = _query_language(machine, JSONPATH)
    found: dict[str, tuple[Mapping[str, Any], _Level]] = {}
    waiting = [_Level(machine, None, None, language)]
    while waiting:
        level = waiting.pop()
        for name, raw in _raw_states(level):
            if name in found:
                raise DefinitionError(f"two states have the name {name[:80]!r}")
            found[name] = (raw, level)
            waiting.extend(_levels_inside(name, raw, language))
    names = frozenset(name for raw, _ in found.values() for name in _assigned(raw))
    states = {name: _state(name, raw, level, names) for name, (raw, level) in found.items()}
    return Definition(
        start_at=_text(machine.get("StartAt")),
        query_language=language,
        timeout_seconds=_seconds(machine.get("TimeoutSeconds")),
        comment=_text(machine.get("Comment")),
        states=states,
        text=text,
    )


@lru_cache(maxsize=64)
def known_definition(text: str) -> Definition | None:
    """The same, kept for whoever asks next; None for what cannot be read."""
    try:
        return parse_definition(text)
    except DefinitionError:
        return None


@dataclass(frozen=True, slots=True)
class _Level:
    machine: Mapping[str, Any]
    container: str | None
    branch: int | None
    language: str


def _read(text: str) -> Mapping[str, Any]:
    try:
        machine = json.loads(text)
    except RecursionError as exc:
        raise DefinitionError("nested too deeply") from exc
    except ValueError as exc:
        raise DefinitionError(f"not JSON: {type(exc).__name__}") from exc
    if not isinstance(machine, dict):
        raise DefinitionError("not a JSON object")
    return machine


def _raw_states(level: _Level) -> Iterator[tuple[str, Mapping[str, Any]]]:
    states = level.machine.get("States")
    if not isinstance(states, dict) or not states:
        where = f"of {level.container[:80]!r}" if level.container else "of the machine"
        raise DefinitionError(f"the part {where} has no States")
    for name, raw in states.items():
        if not isinstance(raw, dict) or not isinstance(raw.get("Type"), str):
            raise DefinitionError(f"the state {name[:80]!r} has no Type")
        yield name, raw


def _levels_inside(name: str, raw: Mapping[str, Any], language: str) -> Iterator[_Level]:
    # A state's own QueryLanguage does not reach the states inside it.
    branches = raw.get("Branches")
    if raw["Type"] == "Parallel" and isinstance(branches, list):
        for number, branch in enumerate(branches):
            if isinstance(branch, dict):
                yield _Level(branch, name, number, language)
    processor = _processor(raw)
    if processor:
        yield _Level(processor, name, None, language)


def _processor(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    # `Iterator` is the older name of `ItemProcessor` and still runs.
    found = raw.get("ItemProcessor") or raw.get("Iterator")
    return found if raw["Type"] == "Map" and isinstance(found, dict) else {}


def _processor_config(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    config = _processor(raw).get("ProcessorConfig")
    return config if isinstance(config, dict) else {}


def _is_distributed(raw: Mapping[str, Any]) -> bool:
    return _processor_config(raw).get("Mode") == "DISTRIBUTED"


def _assigned(raw: Mapping[str, Any]) -> Iterator[str]:
    """The variables that a state assigns, or a rule of its Catch or Choices."""
    for one in (raw, *_rules(raw, "Catch"), *_rules(raw, "Choices")):
        assigned = one.get("Assign")
        for name in assigned if isinstance(assigned, dict) else ():
            yield name.removesuffix(".$")


def _state(name: str, raw: Mapping[str, Any], level: _Level, assignable: frozenset[str]) -> State:
    return State(
        name=name,
        type=raw["Type"],
        query_language=_query_language(raw, level.language),
        resource=_text(raw.get("Resource")),
        next=_text(raw.get("Next")) or None,
        end=raw.get("End") is True or raw["Type"] in ("Succeed", "Fail"),
        template=raw.get("Arguments", raw.get("Parameters")),
        input_path=_path(raw, "InputPath"),
        output_path=_path(raw, "OutputPath"),
        result_path=_path(raw, "ResultPath"),
        result_selector=raw.get("ResultSelector"),
        timeout_seconds=_seconds(raw.get("TimeoutSeconds")),
        heartbeat_seconds=_seconds(raw.get("HeartbeatSeconds")),
        timeout_reference=_reference(raw, "TimeoutSeconds"),
        heartbeat_reference=_reference(raw, "HeartbeatSeconds"),
        retry=tuple(_retrier(rule) for rule in _rules(raw, "Retry")),
        catch=tuple(_catcher(rule) for rule in _rules(raw, "Catch")),
        container=level.container,
        branch=level.branch,
        is_distributed=_is_distributed(raw),
        assignable=assignable,
        raw=raw,
    )


def _query_language(raw: Mapping[str, Any], default: str) -> str:
    return JSONATA if raw.get("QueryLanguage", default) == JSONATA else JSONPATH


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _path(raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name, "$")
    return value if isinstance(value, str) else None


def _seconds(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _reference(raw: Mapping[str, Any], name: str) -> str:
    # JSONPath has a field of its own for it, JSONata an expression in the same one.
    return _text(raw.get(f"{name}Path")) or _text(raw.get(name))


def _rules(raw: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    rules = raw.get(name)
    if isinstance(rules, list):
        yield from (rule for rule in rules if isinstance(rule, dict))


def _errors(rule: Mapping[str, Any]) -> tuple[str, ...]:
    names = rule.get("ErrorEquals")
    return tuple(n for n in names if isinstance(n, str)) if isinstance(names, list) else ()


def _number(rule: Mapping[str, Any], name: str, default: float) -> float:
    value = rule.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    try:
        return value if math.isfinite(value) else default
    except OverflowError:  # a whole number of hundreds of digits
        return default


def _retrier(rule: Mapping[str, Any]) -> Retrier:
    longest = rule.get("MaxDelaySeconds")
    return Retrier(
        error_equals=_errors(rule),
        interval_seconds=_number(rule, "IntervalSeconds", 1),
        max_attempts=int(_number(rule, "MaxAttempts", 3)),
        backoff_rate=_number(rule, "BackoffRate", 2.0),
        max_delay_seconds=None if longest is None else _number(rule, "MaxDelaySeconds", 0),
        jitter=_text(rule.get("JitterStrategy")) or "NONE",
    )


def _catcher(rule: Mapping[str, Any]) -> Catcher:
    return Catcher(
        error_equals=_errors(rule),
        next=_text(rule.get("Next")),
        result_path=_path(rule, "ResultPath"),
        raw=rule,
    )
