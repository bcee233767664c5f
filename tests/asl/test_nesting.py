"""Which execution started another one, by AWS's convention in the other's input."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callbacks.asl.nesting import STARTED_BY, name_in, started_by

RUN = "arn:aws:states:eu-central-1:123456789012:execution:orders:run-7"
CHILD = "arn:aws-cn:states:cn-north-1:123456789012:execution:orders/each:0a1b"
EXPRESS = "arn:aws:states:eu-central-1:123456789012:express:orders:run-7:0a1b"


@pytest.mark.parametrize(("arn", "name"), [(RUN, "run-7"), (CHILD, "0a1b"), (EXPRESS, "run-7")])
def test_the_input_names_the_execution_that_started_it(arn: str, name: str) -> None:
    assert started_by(json.dumps({"order": 7, STARTED_BY: arn})) == arn
    assert name_in(arn) == name


@pytest.mark.parametrize(
    "value",
    [
        7,
        [RUN],
        "run-7",
        f"{RUN} ",
        f"{RUN}\n",
        RUN.replace("execution", "stateMachine"),
        RUN.replace("states", "lambda"),
        f"{RUN}{'x' * 256}",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_arn_of_an_execution_is_nobody(value: Any) -> None:
    assert started_by(json.dumps({STARTED_BY: value})) == ""


@pytest.mark.parametrize(
    "text", ["", "{}", "7", f'"{STARTED_BY}"', f'["{STARTED_BY}"]', STARTED_BY]
)
def test_another_input_names_nobody(text: str) -> None:
    assert started_by(text) == ""


def test_only_the_input_itself_is_looked_at_not_what_it_carries() -> None:
    assert started_by(json.dumps({"order": {STARTED_BY: RUN}})) == ""
