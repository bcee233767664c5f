"""What a state that is walked through can see of the answer, and what it reads of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from callbacks.asl.contract.carried import Carried, below, made
from callbacks.asl.contract.reads import Reads
from callbacks.asl.language.intrinsics import paths_in
from callbacks.asl.language.paths import INDEX, NAME, SLICE, UNION, WILDCARD, parse_path
from callbacks.asl.language.values import CannotPredict, Json

_ITEM = ("Map", "Item", "Value")
_EACH = (INDEX, WILDCARD, SLICE, UNION)


@dataclass(frozen=True, slots=True)
class Scope:
    """`item`: what the context object calls the item of a Map."""

    variables: tuple[tuple[str, Carried], ...] = ()
    item: Carried = None

    def with_variables(self, assigned: Mapping[str, Carried]) -> Scope:
        known = {**dict(self.variables), **assigned}
        return replace(self, variables=tuple(sorted(known.items())))


@dataclass(frozen=True, slots=True)
class Paths:
    """JSONPath in the fields of one state."""

    reads: Reads
    state: str
    scope: Scope

    def at(self, text: str, data: Carried, *, kind: str = "", is_needed: bool = False) -> Carried:
        """What a path finds, noted as read; "$" alone only hands on what is there."""
        value = self.look(text, data)
        if text != "$":
            self.reads.note(value, self.state, kind=kind, is_needed=is_needed)
        return value

    def look(self, text: str, data: Carried) -> Carried:
        try:
            path = parse_path(text)
        except CannotPredict:
            return None
        value, steps = self._root(path.root, data), path.steps
        if path.root == "$" and tuple(key for _, key in steps[:3]) == _ITEM:
            value, steps = self.scope.item, steps[3:]
        for kind, key in steps:
            is_known = kind == NAME or kind in _EACH
            value = below(value, key if kind == NAME else None) if is_known else None
        return value

    def _root(self, root: str | None, data: Carried) -> Carried:
        if root is None:
            return data
        return None if root == "$" else dict(self.scope.variables).get(root)

    def of_template(self, template: Json, data: Carried, *, is_needed: bool) -> Carried:
        """What a payload template makes, with everything that it reads noted."""
        if isinstance(template, dict):
            return made(dict(self._members(template, data, is_needed)))
        if isinstance(template, list):
            for inner in template:
                self.of_template(inner, data, is_needed=is_needed)
        return None

    def _members(
        self, template: Mapping[str, Json], data: Carried, is_needed: bool
    ) -> Iterator[tuple[str, Carried]]:
        for name, value in template.items():
            if name.endswith(".$") and isinstance(value, str):
                yield name[:-2], self._named(value, data, is_needed)
            else:
                yield name, self.of_template(value, data, is_needed=is_needed)

    def _named(self, text: str, data: Carried, is_needed: bool) -> Carried:
        if not text.startswith("States."):
            return self.at(text, data, is_needed=is_needed)
        try:
            arguments = paths_in(text)
        except CannotPredict:
            return None
        for path in arguments:
            self.at(path, data, is_needed=is_needed)
        return None
