"""What CreateStateMachine refuses of query languages: the wrong one, its fields, bad expressions.

The words are those that others report of AWS (github.com/floci-io/floci,
docs/services/step-functions.md)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulator.asl import jsonata
from tests.simulator.jsontext import Json
from tests.simulator.model import JSONATA, JSONPATH

LANGUAGES = (JSONPATH, JSONATA)
BODIES = ("ItemProcessor", "Iterator", "Branches")
FIELDS = {
    JSONPATH: (
        "InputPath", "OutputPath", "ResultPath", "ResultSelector", "Parameters", "Result",
        "ItemsPath", "MaxConcurrencyPath", "TimeoutSecondsPath", "HeartbeatSecondsPath",
        "SecondsPath", "TimestampPath", "ErrorPath", "CausePath",
    ),
    JSONATA: ("Arguments", "Output", "Items"),
}  # fmt: skip


def check_language(raw: dict[str, Json], place: str) -> Iterator[str]:
    """Of a machine or a state: whether it names one that there is."""
    if raw.get("QueryLanguage", JSONPATH) not in LANGUAGES:
        yield f"Value should be one of the following: [JSONPath, JSONata] at {place}/QueryLanguage"


def check_state(state: dict[str, Json], machine: str, place: str) -> Iterator[str]:
    """A state's language, and whether its fields are of it; `machine` is the machine's language."""
    yield from check_language(state, place)
    language = state.get("QueryLanguage", machine)
    if language == JSONPATH and machine == JSONATA:
        yield (
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
            f" at {place}"
        )
        return
    other = JSONPATH if language == JSONATA else JSONATA
    for field in FIELDS[other]:
        if field in state:
            yield (
                f"The QueryLanguage is set to '{language}', but field '{field}' is only supported"
                f" for the '{other}' QueryLanguage at {place}"
            )
    if language == JSONATA:
        yield from _expressions(state, place)


def _expressions(state: dict[str, Json], place: str) -> Iterator[str]:
    fields = {name: value for name, value in state.items() if name not in BODIES}
    for where, expression in jsonata.expressions_in(fields, place):
        error = jsonata.syntax_error(expression)
        if error is not None:
            yield f"INVALID_JSONATA_EXPRESSION: {error} at {where}"
    for at, rule in enumerate(state.get("Choices", [])):
        if "Condition" not in rule:
            yield f"The field 'Condition' is required at {place}/Choices[{at}]"
