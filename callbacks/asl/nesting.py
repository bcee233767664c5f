"""Which execution started another one, as the other's input says by AWS's convention."""

from __future__ import annotations

import re

from callbacks.asl.jsontext import NotJson, read_json

# dg/concepts-nested-workflows: a state that starts another execution hands its own id over so.
STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
LONGEST_ARN = 256
# A run of a state machine, or a child of a Map Run ("NAME/LABEL"); EXPRESS ones have an id more.
_EXECUTION = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:(?:execution|express):(?P<name>[^\s:]+(?::[^\s:]+){1,2})",
    re.ASCII,
)


def started_by(execution_input: str) -> str:
    """The ARN of the execution that started this one, or "".

    Whoever starts an execution writes its input: this is to be shown, and never to be relied on.
    """
    if STARTED_BY not in execution_input:
        return ""
    try:
        given = read_json(execution_input)
    except NotJson:
        return ""
    arn = given.get(STARTED_BY) if isinstance(given, dict) else None
    return arn if isinstance(arn, str) and is_execution(arn) else ""


def is_execution(arn: str) -> bool:
    """Whether the text has the form of an execution's ARN."""
    return len(arn) <= LONGEST_ARN and _EXECUTION.fullmatch(arn) is not None


def name_in(arn: str) -> str:
    """The name of the execution, without that of its state machine."""
    match = _EXECUTION.fullmatch(arn)
    return match["name"].split(":")[1] if match else arn
