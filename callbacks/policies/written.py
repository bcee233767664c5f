"""The JSON and YAML that people write: each name once, since of two one would get lost unseen."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any, NoReturn

import yaml

# Python converts no longer digit strings, and no policy needs them.
MOST_DIGITS = 4_000


class NotRead(ValueError):
    """Why a text cannot be read, in words, with the line where that is known."""


class StandsTwice(NotRead):
    """A name stands twice in one object."""


def read_json(text: str) -> Any:
    """Strict JSON, without the names that only Python takes for numbers. Raises NotRead."""
    try:
        return json.loads(
            text, parse_constant=_no_number, parse_int=_integer, object_pairs_hook=_object
        )
    except json.JSONDecodeError as exc:
        message = exc.msg[:1].lower() + exc.msg[1:]
        raise NotRead(f"line {exc.lineno}, column {exc.colno}: {message}") from None
    except RecursionError:
        raise NotRead("it is nested too deep") from None


def read_yaml(text: str) -> Any:
    """One YAML document. Raises NotRead."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as exc:
        said = ", ".join(part for part in (exc.context, exc.problem) if part)
        raise NotRead(_in_line(exc.problem_mark or exc.context_mark, said)) from None
    except yaml.YAMLError:
        raise NotRead("it holds a character that no YAML text may hold") from None
    except RecursionError:
        raise NotRead("it is nested too deep") from None


def _no_number(name: str) -> NoReturn:
    raise NotRead(f"{name} is no number")


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise NotRead(f"a number has {len(digits):,} digits; at most {MOST_DIGITS:,} are read")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise StandsTwice(f"“{name:.100}” stands twice in one object")
        found[name] = value
    return found


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[Hashable, int] = {}
        for key, _value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name = self.construct_object(key, deep=True)
            line = key.start_mark.line + 1
            if not isinstance(name, Hashable):
                raise NotRead(_in_line(key.start_mark, "a name must be a text"))
            if name in lines:
                first = lines[name]
                said = f"“{name!s:.100}” stands twice in one place, first in line {first}"
                raise StandsTwice(_in_line(key.start_mark, said))
            lines[name] = line
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except NotRead:
            raise
        except (ValueError, OverflowError):
            # Dates and numbers that do not exist.
            said = f"“{node.value!s:.40}” is no number and no date; a text stands in quotes"
            raise NotRead(_in_line(node.start_mark, said)) from None


def _in_line(mark: yaml.Mark | None, problem: str) -> str:
    return f"line {mark.line + 1}: {problem}" if mark else problem
