"""What a state makes of the result of its task before it hands it on, read off its fields."""

from __future__ import annotations

import re
from enum import StrEnum

from callbacks.asl.definition import JSONATA, State

_THE_RESULT = re.compile(r"\{%\s*\$states\.result\s*%\}")


class HandedOn(StrEnum):
    """The result itself; or the state's input, an empty object, both together, something made."""

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
    if state.output_path != "$":
        return HandedOn.MADE
    if state.result_path is None:
        return HandedOn.INPUT
    if state.result_selector is not None:
        return HandedOn.MADE
    return HandedOn.RESULT if state.result_path == "$" else HandedOn.PLACED
