"""The intrinsic functions of JSONPath states: `States.Format('{}', $.name)` and its kin."""

from __future__ import annotations

import base64
import hashlib
import math
import random
import uuid
from collections.abc import Callable
from typing import Any

from tests.simulator.asl.paths import Documents, NoResult, evaluate, parse_path
from tests.simulator.errors import StateError, runtime
from tests.simulator.jsontext import Json, parse, render

HASHES = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


# Private characters: braces that stand for a place, not for themselves.
OPENS, CLOSES = "\ue000", "\ue001"


class Template(str):
    """A text between quotes, with its places marked."""

    __slots__ = ()

    @property
    def plain(self) -> str:
        return str(self).replace(OPENS, "{").replace(CLOSES, "}")


def intrinsic_failure(cause: str) -> StateError:
    return StateError("States.IntrinsicFailure", cause, located=True)


def call(text: str, documents: Documents, dice: random.Random) -> Json:
    """Evaluate one intrinsic call; raises StateError as the state would fail."""
    reader = _Reader(text, documents, dice)
    value = reader.value()
    reader.end()
    return value


class _Reader:
    """A recursive descent over one call; arguments are values as soon as they are read."""

    def __init__(self, text: str, documents: Documents, dice: random.Random) -> None:
        self._text = text
        self._at = 0
        self._documents = documents
        self._dice = dice

    def end(self) -> None:
        self._skip()
        if self._at != len(self._text):
            raise self._broken()

    def value(self) -> Json:
        self._skip()
        if self._text.startswith("'", self._at):
            return self._string()
        if self._text.startswith("$", self._at):
            return self._path()
        if self._text.startswith("States.", self._at):
            return self._call()
        return self._literal()

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _broken(self) -> StateError:
        return intrinsic_failure(f"Invalid intrinsic function: {self._text}")

    def _string(self) -> str:
        """Without its backslashes; what of it is a place of Format is marked by two others."""
        self._at += 1
        out: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == "'":
                return Template("".join(out))
            if char == "\\" and self._at < len(self._text):
                char = self._text[self._at]
                self._at += 1
            elif char in "{}":
                char = OPENS if char == "{" else CLOSES
            out.append(char)
        raise self._broken()

    def _path(self) -> Json:
        start, depth = self._at, 0
        quote = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in "[(":
                depth += 1
            elif char in "])" and depth:
                depth -= 1
            elif char in ",)" or (char.isspace() and not depth):
                break
            self._at += 1
        return _at_path(self._text[start : self._at].strip(), self._documents)

    def _call(self) -> Json:
        opening = self._text.find("(", self._at)
        name = self._text[self._at + len("States.") : opening].strip()
        self._at = opening + 1
        arguments = self._arguments(is_format=name == "Format")
        if name not in FUNCTIONS:
            raise intrinsic_failure(f"Unknown intrinsic function States.{name}")
        try:
            return FUNCTIONS[name](arguments, self._dice)
        except StateError:
            raise
        except Exception as exc:
            raise intrinsic_failure(f"States.{name} could not be evaluated: {exc}") from exc

    def _arguments(self, *, is_format: bool) -> list[Json]:
        arguments: list[Json] = []
        self._skip()
        if self._text.startswith(")", self._at):
            self._at += 1
            return arguments
        while True:
            argument = self.value()
            if isinstance(argument, Template) and (arguments or not is_format):
                argument = argument.plain
            arguments.append(argument)
            self._skip()
            separator = self._text[self._at : self._at + 1]
            self._at += 1
            if separator == ")":
                return arguments
            if separator != ",":
                raise self._broken()

    def _literal(self) -> Json:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in ",)":
            self._at += 1
        try:
            return parse(self._text[start : self._at].strip())
        except ValueError:
            raise self._broken() from None


def _at_path(text: str, documents: Documents) -> Json:
    try:
        return evaluate(parse_path(text), documents)
    except (NoResult, ValueError) as exc:
        # As others report of AWS: no rule takes this one.
        raise runtime(f"The JsonPath argument '{text}' could not be found in the input") from exc


def as_text(value: Json) -> str:
    return value if isinstance(value, str) else render(value)


def _format(template: str, values: list[Json]) -> str:
    if not isinstance(template, Template):
        template = template.replace("{", OPENS).replace("}", CLOSES)
    pieces = str(template).split(OPENS + CLOSES)
    if any(OPENS in piece for piece in pieces):
        raise ValueError("Invalid template in States.Format: matching '}' not found for '{'.")
    texts = [as_text(value) for value in values] + [""]
    made = "".join(piece + text for piece, text in zip(pieces, texts, strict=True))
    return made.replace(CLOSES, "}")


def _parse_text(text: str) -> Json:
    return parse(text) if text.strip() else None  # " " gives null, as recorded


def _partition(items: list[Json], size: Json) -> list[Json]:
    return [items[start : start + int(size)] for start in range(0, len(items), int(size))]


def _range(first: Json, last: Json, step: Json) -> list[int]:
    first, last, step = round(first), round(last), round(step)
    values = list(range(first, last + (1 if step > 0 else -1), step))
    if len(values) > 1000:
        raise ValueError("more than 1000 elements")
    return values


def _unique(items: list[Json]) -> list[Json]:
    return list({render(item): item for item in items}.values())


def _split(text: str, separators: str) -> list[str]:
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    return [part for part in text.split(separators[0]) if part] if separators else [text]


def _add(left: Json, right: Json) -> int:
    return _half_up(left) + _half_up(right)


def _half_up(number: Json) -> int:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError("not a number")
    return number if isinstance(number, int) else math.floor(number + 0.5)


def _random(arguments: list[Json], dice: random.Random) -> int:
    source = random.Random(arguments[2]) if len(arguments) > 2 else dice
    return source.randrange(int(arguments[0]), int(arguments[1]))


def _merge(left: dict[str, Json], right: dict[str, Json], deep: Json) -> Json:
    if deep is not False:
        raise ValueError("only the shallow merge is supported")
    return {**left, **right}


def _contains(items: list[Json], value: Json) -> bool:
    return any(type(item) is type(value) and item == value for item in items)


def _array(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise ValueError("not an array")
    return value


def _hash(data: Json, algorithm: str) -> str:
    return hashlib.new(HASHES[algorithm], as_text(data).encode()).hexdigest()


Function = Callable[[list[Json], random.Random], Any]
FUNCTIONS: dict[str, Function] = {
    "Format": lambda given, _: _format(given[0], given[1:]),
    "StringToJson": lambda given, _: _parse_text(given[0]),
    "JsonToString": lambda given, _: render(given[0]),
    "Array": lambda given, _: given,
    "ArrayPartition": lambda given, _: _partition(given[0], given[1]),
    "ArrayContains": lambda given, _: _contains(_array(given[0]), given[1]),
    "ArrayRange": lambda given, _: _range(given[0], given[1], given[2]),
    "ArrayGetItem": lambda given, _: given[0][int(given[1])],
    "ArrayLength": lambda given, _: len(_array(given[0])),
    "ArrayUnique": lambda given, _: _unique(given[0]),
    "Base64Encode": lambda given, _: base64.b64encode(given[0].encode()).decode(),
    "Base64Decode": lambda given, _: base64.b64decode(given[0]).decode(),
    "Hash": lambda given, _: _hash(given[0], given[1]),
    "JsonMerge": lambda given, _: _merge(given[0], given[1], given[2]),
    "MathAdd": lambda given, _: _add(given[0], given[1]),
    "MathRandom": _random,
    "StringSplit": lambda given, _: _split(given[0], given[1]),
    "UUID": lambda _, dice: str(uuid.UUID(int=dice.getrandbits(128), version=4)),
}
