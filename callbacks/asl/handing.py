"""What a state makes of the result of its task before it hands it on, read off its fields."""

from __future__ import annotations

import re
from enum import StrEnum

from callbacks.asl.definition import JSONATA, State
from callbacks.asl.language.paths import parse_path
from callbacks.asl.language.values import CannotPredict

_THE_RESULT = re.compile(r"\{%\s*\$states\.result\s*%\}")


class HandedOn(StrEnum):
    """The result itself; or only of the state's input, an empty object, both, something made."""

    RESULT = "result"
    INPUT = "input"
    NOTHING = "nothing"
    PLACED = "placed"
    MADE = "made"


def handed_on(state: State) -> HandedOn:
    if state.query_language == JSONATA:
        output = state.raw.get("Output", "{% $states.result %}")
        is_result = isinstance(output, str) and _THE_RESULT.fullmatch(output)
        return HandedOn.RESULT if is_result else HandedOn.MADE
    if state.output_path is None:
        return HandedOn.NOTHING
    if state.result_path is None or _is_beside(state.output_path, state.result_path):
        return HandedOn.INPUT
    if state.output_path != "$" or state.result_selector is not None:
        return HandedOn.MADE
    return HandedOn.RESULT if state.result_path == "$" else HandedOn.PLACED


def _is_beside(taken: str, placed: str) -> bool:
    """Whether OutputPath takes what lies elsewhere than where ResultPath has put the result."""
    try:
        steps = parse_path(taken).steps, parse_path(placed).steps
    except CannotPredict:
        return False
    return any(one != other for one, other in zip(*steps, strict=False))
