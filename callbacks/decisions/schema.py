"""The JSON Schema that a policy asks of an answer: what is wrong with it, and whether it is met.

A schema is somebody's program. How long it may run is counted, not timed, so that the same answer
is always judged alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from callbacks.asl import places
from callbacks.decisions.misfits import Misfit, value_words, words_of
from callbacks.decisions.patterns import PatternError, check_pattern, ways

# So many things are told at once; whoever mends them is told of the next ones.
MOST_MISFITS = 20
LONGEST_LIST = 1_000
DEEPEST = 50
# A few seconds at the very most: a step of a schema takes as long as hundreds of ways of a pattern.
MOST_EFFORT = 60_000_000
STEP, ENTRY = 300, 10
# What is compared as a whole is paid for by each value in it, however deep.
VALUE = 40
# From here on Python gives numbers hashes that somebody could choose to be the same.
HASHED_APART = 2**60
# What is empty is soon judged.
EFFORT_FOR_EMPTY = MOST_EFFORT // 20

_extended: Any = extend
_PROBES: tuple[Any, ...] = (None, {}, [], "", 0, True)
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_COMPARED = ("const", "enum")
_BY_PATTERN = ("patternProperties", "additionalProperties", "unevaluatedProperties")


class SchemaProblem(ValueError):
    """Why a schema cannot be asked of an answer, in words."""


class _TooMuch(Exception):
    """The effort is spent."""


def misfits(schema: Any, value: Any) -> list[str]:
    """In what ways a value misses a JSON Schema, each a `Misfit` with its place; [] if it fits.

    Of a schema that cannot be judged by, why. References are followed inside the schema only:
    nothing is ever fetched.
    """
    try:
        errors = _checker(schema, _Effort(MOST_EFFORT)).iter_errors(value)
        # Once each: several rules may say the same of a value.
        found: list[str] = list(dict.fromkeys(map(_misfit, islice(errors, MOST_MISFITS))))
    # A schema may be wrong in more ways than the library has errors for.
    except Exception as exc:  # noqa: BLE001
        return [_("This answer cannot be checked: %(why)s") % {"why": _why_unjudged(exc)}]
    is_cut = len(found) == MOST_MISFITS
    return [*found, _("These are the first; there may be more.")] if is_cut else found


def _misfit(error: ValidationError) -> Misfit:
    """Of forms that exclude each other, that of the one that comes nearest."""
    nearest = best_match([error]) or error
    return Misfit(tuple(nearest.absolute_path), words_of(nearest))


def check_schema(schema: Any) -> None:
    """Raise SchemaProblem where no answer could ever be held against it, or only for ever."""
    if not isinstance(schema, dict | bool):
        raise SchemaProblem("A JSON Schema is an object in braces, or true or false.")
    for path, node in _nodes(schema, ()):
        _check_node(path, node)
    try:
        validator_for(schema).check_schema(schema)  # type: ignore[arg-type]  # true and false too
    except SchemaError as exc:
        where = places.path(exc.absolute_path)
        raise SchemaProblem(f"This is not a JSON Schema: {where}: {words_of(exc)}") from exc
    _check_ends(schema)


def _check_node(path: tuple[str, ...], node: Any) -> None:
    if len(path) > DEEPEST:
        raise SchemaProblem(f"It is nested too deep, more than {DEEPEST} levels.")
    if isinstance(node, list) and len(node) > LONGEST_LIST:
        raise SchemaProblem(f"A list in it has more than {LONGEST_LIST:,} entries.")
    if not isinstance(node, dict):
        return
    _check_dialect(path, node)
    named = node.get("patternProperties")
    patterns = [node.get("pattern"), *(named if isinstance(named, dict) else ())]
    for pattern in patterns:
        try:
            if isinstance(pattern, str):
                check_pattern(pattern)
        except PatternError as exc:
            raise SchemaProblem(
                f"The pattern {value_words(pattern)} cannot be used: {exc}"
            ) from exc


def _check_dialect(path: tuple[str, ...], node: dict[str, Any]) -> None:
    dialect = node.get("$schema")
    if path:
        # A part that names its dialect would be checked by another validator, which does not count.
        if isinstance(dialect, str):
            raise SchemaProblem("“$schema” can stand at the top only.")
    elif "$schema" in node and not (isinstance(dialect, str) and _is_known(dialect)):
        raise SchemaProblem(
            f"“$schema” names no known version of JSON Schema: {value_words(dialect)}."
        )


def _is_known(dialect: str) -> bool:
    unknown: Any = None
    return validator_for({"$schema": dialect}, default=unknown) is not None


def _check_ends(schema: Any) -> None:
    """Hold empty values against it, and against each part that refers to another one."""
    checker = _checker(schema, _Effort(EFFORT_FOR_EMPTY))
    try:
        for probe in _PROBES:
            best_match(checker.iter_errors(probe))
    except Exception as exc:
        raise SchemaProblem(f"No answer could be checked: {_why_unjudged(exc, 'it')}") from exc
    for _path, node in _nodes(schema, ()):
        if isinstance(node, dict) and any(isinstance(node.get(one), str) for one in _REFERENCES):
            _check_part_ends(checker.evolve(schema=node))


def _check_part_ends(checker: Validator) -> None:
    try:
        for probe in _PROBES:
            best_match(checker.iter_errors(probe))
    except Exception as exc:
        # Any other trouble: what looks like a part may be a list of names, or of another base.
        if isinstance(exc, RecursionError | _TooMuch):
            raise SchemaProblem(f"No answer could be checked: {_why_unjudged(exc, 'it')}") from exc


def _nodes(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, node
    if not isinstance(node, dict | list):
        return
    entries = node.items() if isinstance(node, dict) else enumerate(node)
    for name, inner in entries:
        if isinstance(inner, dict | list):
            yield from _nodes(inner, (*path, str(name)))


def _why_unjudged(exc: Exception, form: str = "the policy's form") -> str:
    if isinstance(exc, _TooMuch):
        return f"{form} takes too long to check."
    if isinstance(exc, RecursionError):
        return f"{form} refers to itself without end, or an answer is nested too deep for it."
    if isinstance(exc, Unresolvable):
        return f"{form} refers to something that it does not hold ({exc.ref})."
    if isinstance(exc, PatternError):
        return f"{form} has a pattern that cannot be used: {exc}"
    return f"{form} cannot be followed ({type(exc).__name__})."


class _Effort:
    """What one check may still cost."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, cost: int) -> None:
        self.left -= cost
        if self.left < 0:
            raise _TooMuch

    def counting(self, word: str, check: Callable[..., Any]) -> Callable[..., Any]:
        """The check of one keyword, paid for before it runs and for each error that it words."""

        def counted(
            validator: Validator, said: Any, instance: Any, schema: Any
        ) -> Iterator[ValidationError]:
            self.spend(_cost(word, said, instance, schema))
            for error in check(validator, said, instance, schema) or ():
                self.spend(len(error.message))
                yield error

        return counted


def _cost(word: str, said: Any, instance: Any, schema: Any) -> int:
    entries = sum(len(one) for one in (said, instance) if isinstance(one, dict | list))
    cost = STEP + ENTRY * entries
    if word in _COMPARED:
        cost += VALUE * _count(said)
    if word == "pattern" and isinstance(instance, str):
        cost += ways(said, len(instance))
    if word in _BY_PATTERN and isinstance(instance, dict):
        patterns = schema.get("patternProperties", ())
        cost += sum(ways(pattern, len(name)) for pattern in patterns for name in instance)
    return cost


def _count(value: Any) -> int:
    """How many values there are in it, itself among them."""
    if isinstance(value, dict):
        return 1 + sum(map(_count, value.values()))
    return 1 + sum(map(_count, value)) if isinstance(value, list) else 1


def _checker(schema: Any, effort: _Effort) -> Validator:
    kind = validator_for(schema)
    own: dict[str, Any] = {
        "multipleOf": _multiple_of,
        "uniqueItems": partial(_unique_items, effort),
        "required": _required,
        "propertyNames": _property_names,
    }
    known: dict[str, Any] = {**kind.VALIDATORS}
    # A draft does without the words that it does not know.
    words = {word: own.get(word, check) for word, check in known.items()}
    counted = {word: effort.counting(word, check) for word, check in words.items()}
    checker: Validator = _extended(kind, counted)(schema, registry=Registry())
    return checker


def _multiple_of(
    validator: Validator, said: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """As the library's, but by what was written: as doubles, 19.99 is no multiple of 0.01."""
    if not validator.is_type(instance, "number"):
        return
    if math.isinf(instance) or Fraction(str(instance)) % Fraction(str(said)):
        yield ValidationError("It is no multiple.")


def _required(
    validator: Validator, said: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """As the library's, but at the place of what is missing."""
    if not isinstance(said, list) or not isinstance(instance, dict):
        return
    for name in said:
        if name not in instance:
            yield ValidationError("It is missing.", path=[name])


def _property_names(
    validator: Validator, said: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """As the library's, but at the place of the name."""
    if not isinstance(instance, dict):
        return
    for name in instance:
        if not validator.evolve(schema=said).is_valid(name):
            yield ValidationError("The name is not allowed.", path=[name])


def _unique_items(
    effort: _Effort, validator: Validator, said: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """As the library's, which compares each with each where a list holds objects."""
    if not said or not isinstance(instance, list):
        return
    if len({_as_key(one, effort) for one in instance}) < len(instance):
        yield ValidationError("a value stands twice in this list.")


def _as_key(value: Any, effort: _Effort) -> Any:
    """Equal for equal JSON: 1 is 1.0 but not true, and the order of names does not count."""
    effort.spend(VALUE)
    if isinstance(value, dict):
        return frozenset((name, _as_key(inner, effort)) for name, inner in value.items())
    if isinstance(value, list):
        return tuple(_as_key(inner, effort) for inner in value)
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, int | float) and HASHED_APART <= abs(value) < float("inf"):
        return int, str(int(value))
    return value
