"""Follows an answer through a workflow and notes what each state reads of it.

No values are known here, only where the answer's parts are: each state is walked through once for
each such picture of its input. The ways of the data are those of `asl/dataflow.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from callbacks.asl.contract.carried import Carried, Part, below, placed
from callbacks.asl.contract.comparisons import note_rules
from callbacks.asl.contract.formulas import Formulas
from callbacks.asl.contract.reads import ARRAY, NUMBER, STRING, TIMESTAMP, Read, Reads
from callbacks.asl.contract.scope import Paths, Scope
from callbacks.asl.definition import JSONATA, Definition, State, parts_inside
from callbacks.asl.language.paths import NAME, parse_path
from callbacks.asl.language.values import CannotPredict

MOST_VISITS = 500
_FORMULA_FIELDS = (
    *("Arguments", "Seconds", "Timestamp", "TimeoutSeconds", "HeartbeatSeconds"),
    *("Error", "Cause"),
)
_NUMBER_FIELDS = ("TimeoutSecondsPath", "HeartbeatSecondsPath", "SecondsPath")


def reads_of(definition: Definition, state: State) -> tuple[Read, ...]:
    """What this state and those behind it read of an answer to it, in the order of the way."""
    walk = _Walk(definition)
    walk.leave(_Stop(state, None, Scope(), is_sure=True), Part(()))
    walk.go_on()
    return tuple(walk.reads.found)


@dataclass(frozen=True, slots=True)
class _Stop:
    """One visit. `is_sure`: whatever the answer says, it comes about."""

    state: State
    input: Carried
    scope: Scope
    is_sure: bool


@dataclass(slots=True)
class _Walk:
    definition: Definition
    reads: Reads = field(default_factory=Reads)
    _due: list[_Stop] = field(default_factory=list)
    _seen: set[tuple[str, Carried, Scope]] = field(default_factory=set)

    def go_on(self) -> None:
        while self._due and not self.reads.is_full and len(self._seen) < MOST_VISITS:
            stop = self._due.pop(0)
            if stop.state.query_language == JSONATA:
                self._pass_formulas(stop)
            else:
                self._pass_paths(stop)

    def _enter(self, name: Any, value: Carried, scope: Scope, *, is_sure: bool) -> None:
        state = self.definition.state(name) if isinstance(name, str) else None
        if state is None or (name, value, scope) in self._seen:
            return
        self._seen.add((name, value, scope))
        self._due.append(_Stop(state, value, scope, is_sure))

    # --- leaving a state with a result

    def leave(self, stop: _Stop, result: Carried) -> None:
        if stop.state.query_language == JSONATA:
            self._leave_by_formulas(
                stop,
                stop.state.raw,
                stop.state.next,
                is_needed=self._is_needed(stop),
                is_sure=stop.is_sure,
                result=result,
            )
            return
        raw, paths = stop.state.raw, self._paths(stop)
        if "ResultSelector" in raw:
            result = paths.of_template(raw["ResultSelector"], result, is_needed=stop.is_sure)
        scope = self._assigned(raw, paths, result, stop)
        value = _put(stop.state.result_path, stop.input, result)
        self._leave_to(stop.state.next, stop, value, scope, is_sure=stop.is_sure)

    def _leave_to(
        self, name: Any, stop: _Stop, value: Carried, scope: Scope, *, is_sure: bool
    ) -> None:
        output = self._selected(stop, stop.state.output_path, value)
        self._enter(name, output, scope, is_sure=is_sure)

    def _leave_by_formulas(
        self,
        stop: _Stop,
        raw: Mapping[str, Any],
        name: Any,
        *,
        is_needed: bool,
        is_sure: bool,
        **given: Any,
    ) -> None:
        """`given`: what `$states` has beside the input; without Output that is handed on."""
        formulas = self._formulas(stop, **given)
        output = given.get("result", stop.input)
        if "Output" in raw:
            output = formulas.of_template(raw["Output"], is_needed=is_needed)
        assigned = _members(raw.get("Assign"))
        scope = stop.scope.with_variables(
            {one: formulas.of_template(made, is_needed=is_needed) for one, made in assigned.items()}
        )
        self._enter(name, output, scope, is_sure=is_sure)

    # --- JSONPath

    def _pass_paths(self, stop: _Stop) -> None:
        state, raw, paths = stop.state, stop.state.raw, self._paths(stop)
        value = self._selected(stop, state.input_path, stop.input)
        for name in _NUMBER_FIELDS:
            if isinstance(raw.get(name), str):
                paths.at(raw[name], value, kind=NUMBER, is_needed=stop.is_sure)
        if state.type == "Choice":
            self._choose(stop, paths, value)
        elif state.type in ("Wait", "Succeed"):
            self._note_texts(paths, value, stop, TimestampPath=TIMESTAMP)
            self._leave_to(state.next, stop, value, stop.scope, is_sure=stop.is_sure)
        elif state.type == "Fail":
            self._note_texts(paths, value, stop, ErrorPath=STRING, CausePath=STRING)
        elif state.type == "Map":
            self._enter_map(stop, paths, value)
        else:
            self._work(stop, paths, value)

    def _work(self, stop: _Stop, paths: Paths, value: Carried) -> None:
        """A Task, Parallel or Pass, or whatever AWS has added since: it works on its parameters."""
        state = stop.state
        given = value
        if state.template is not None:
            given = paths.of_template(state.template, value, is_needed=stop.is_sure)
        for _, start in parts_inside(state):
            self._enter(start, given, stop.scope, is_sure=stop.is_sure)
        self._catch(stop)
        is_handed_on = state.type == "Pass" and "Result" not in state.raw
        self.leave(stop, given if is_handed_on else None)

    def _enter_map(self, stop: _Stop, paths: Paths, value: Carried) -> None:
        raw = stop.state.raw
        items = value if "ItemReader" not in raw else None
        if isinstance(raw.get("ItemsPath"), str) and "ItemReader" not in raw:
            items = paths.at(raw["ItemsPath"], value, kind=ARRAY, is_needed=stop.is_sure)
        item = below(items, None)
        # Of a list that may be empty nothing is needed.
        inside = replace(paths, scope=replace(stop.scope, item=item))
        template = raw.get("ItemSelector", stop.state.template)
        if template is not None:
            item = inside.of_template(template, value, is_needed=False)
        for _, start in parts_inside(stop.state):
            self._enter(start, item, stop.scope, is_sure=False)
        self._catch(stop)
        self.leave(stop, None)

    def _choose(self, stop: _Stop, paths: Paths, value: Carried) -> None:
        rules = _rules(stop.state)
        has_default = "Default" in stop.state.raw
        note_rules(rules, paths, value, has_default=has_default, is_sure=stop.is_sure)
        is_sure = stop.is_sure and len(_targets(stop.state)) == 1
        for rule in rules:
            scope = self._assigned(rule, paths, value, replace(stop, is_sure=False))
            self._leave_to(rule.get("Next"), stop, value, scope, is_sure=is_sure)
        scope = self._assigned(stop.state.raw, paths, value, replace(stop, is_sure=False))
        self._leave_to(stop.state.raw.get("Default"), stop, value, scope, is_sure=is_sure)

    def _catch(self, stop: _Stop) -> None:
        for catcher in stop.state.catch:
            value = _put(catcher.result_path, stop.input, None)
            self._enter(catcher.next, value, stop.scope, is_sure=False)

    def _assigned(self, raw: Mapping[str, Any], paths: Paths, value: Carried, stop: _Stop) -> Scope:
        made = {}
        for name, inner in _members(raw.get("Assign")).items():
            template = {name: inner}
            found = paths.of_template(template, value, is_needed=stop.is_sure)
            bare = name.removesuffix(".$")
            made[bare] = below(found, bare)
        return stop.scope.with_variables(made)

    def _note_texts(self, paths: Paths, value: Carried, stop: _Stop, **kinds: str) -> None:
        for name, kind in kinds.items():
            if isinstance(stop.state.raw.get(name), str):
                paths.at(stop.state.raw[name], value, kind=kind, is_needed=stop.is_sure)

    def _selected(self, stop: _Stop, path: str | None, value: Carried) -> Carried:
        if path is None:
            return None
        return self._paths(stop).at(path, value, is_needed=stop.is_sure)

    def _paths(self, stop: _Stop) -> Paths:
        return Paths(self.reads, stop.state.name, stop.scope)

    # --- JSONata

    def _pass_formulas(self, stop: _Stop) -> None:
        state, raw, formulas = stop.state, stop.state.raw, self._formulas(stop)
        if state.type == "Choice":
            self._choose_by_formulas(stop, formulas)
            return
        made = {
            name: formulas.of_template(raw[name], is_needed=self._is_needed(stop))
            for name in _FORMULA_FIELDS
            if name in raw
        }
        given = made.get("Arguments", stop.input)
        if state.type == "Map":
            self._enter_map_by_formulas(stop, formulas)
        else:
            for _, start in parts_inside(state):
                self._enter(start, given, stop.scope, is_sure=stop.is_sure)
        for catcher in state.catch:
            # Without Output it hands on the error.
            self._leave_by_formulas(
                stop, catcher.raw, catcher.next, is_needed=False, is_sure=False, result=None
            )
        ways = {"is_needed": self._is_needed(stop), "is_sure": stop.is_sure}
        if state.type in ("Pass", "Wait", "Succeed"):
            self._leave_by_formulas(stop, raw, state.next, **ways)
        else:
            self._leave_by_formulas(stop, raw, state.next, **ways, result=None)

    def _is_needed(self, stop: _Stop) -> bool:
        """A formula that gives nothing fails the state; a Catch may take that up."""
        around = (stop.state, *self.definition.containers(stop.state.name))
        return stop.is_sure and not any(state.catch for state in around)

    def _enter_map_by_formulas(self, stop: _Stop, formulas: Formulas) -> None:
        raw = stop.state.raw
        items = stop.input
        if "Items" in raw:
            items = formulas.of_template(raw["Items"], is_needed=self._is_needed(stop))
        item = below(items, None) if "ItemReader" not in raw else None
        if "ItemSelector" in raw:
            of_map = {**formulas.states, "context": _context_of(item)}
            inside = replace(formulas, states=of_map)
            item = inside.of_template(raw["ItemSelector"], is_needed=False)
        for _, start in parts_inside(stop.state):
            self._enter(start, item, stop.scope, is_sure=False)

    def _choose_by_formulas(self, stop: _Stop, formulas: Formulas) -> None:
        # Whichever rule is taken, the way may be the same; what only that rule reads is not sure.
        is_sure = stop.is_sure and len(_targets(stop.state)) == 1
        for rule in _rules(stop.state):
            formulas.of_template(rule.get("Condition"), is_needed=False)
            self._leave_by_formulas(stop, rule, rule.get("Next"), is_needed=False, is_sure=is_sure)
        raw = stop.state.raw
        self._leave_by_formulas(stop, raw, raw.get("Default"), is_needed=False, is_sure=is_sure)

    def _formulas(self, stop: _Stop, **given: Carried) -> Formulas:
        states = {"input": stop.input, **given}
        return Formulas(self.reads, stop.state.name, states, dict(stop.scope.variables))


def _put(path: str | None, around: Carried, value: Carried) -> Carried:
    """ResultPath. A place in a list is not followed."""
    if path is None:
        return around
    try:
        steps = parse_path(path).steps
    except CannotPredict:
        return None
    names = tuple(key for kind, key in steps if kind == NAME)
    return placed(around, names, value) if len(names) == len(steps) else around


def _context_of(item: Carried) -> Carried:
    return placed(None, ("Map", "Item", "Value"), item)


def _rules(state: State) -> list[Mapping[str, Any]]:
    rules = state.raw.get("Choices")
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []


def _targets(state: State) -> set[str]:
    named = [*(rule.get("Next") for rule in _rules(state)), state.raw.get("Default")]
    return {name for name in named if isinstance(name, str)}


def _members(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
