"""What one forecast costs where the answer is as large as AWS takes it."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import Definition, parse_definition
from callbacks.asl.forecast import forecast_success
from callbacks.asl.payload import check_output
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table

ROUNDS = 31
COLUMNS = ("what", "bytes", "median ms of CPU", "verdict")
FIELDS: dict[str, dict[str, Any]] = {
    "JSONPath, OutputPath and a Choice behind it": {"OutputPath": "$.Payload"},
    "JSONPath, ResultSelector and ResultPath": {
        "ResultSelector": {"said.$": "$.Payload"},
        "ResultPath": "$.answer",
        "OutputPath": "$.answer.said",
    },
    "JSONata, the answer handed on": {
        "QueryLanguage": "JSONata",
        "Output": "{% $states.result.Payload %}",
    },
    "JSONata, a sum over all rows": {
        "QueryLanguage": "JSONata",
        "Output": "{% {'approved': true, 'sum': $sum($states.result.Payload.rows.amount)} %}",
    },
}


def run(sizes: Sizes) -> Iterator[Table]:
    text = _answer(sizes.answer_rows)
    value = check_output(text)
    rows = [["reading the answer strictly", len(text), _median(lambda: check_output(text)), ""]]
    for name, fields in FIELDS.items():
        definition = _definition(fields)
        found = _forecast(definition, value)
        took = _median(lambda definition=definition: _forecast(definition, value))
        rows.append([name, len(text), took, str(found.verdict)])
    yield Table(
        "A forecast of a large answer",
        COLUMNS,
        rows,
        [f"The median of {ROUNDS}. A page and the API read the answer and then forecast it."],
    )


def _answer(count: int) -> str:
    rows = [
        {"id": n, "name": f"row {n}", "amount": n * 1.25, "ok": n % 2 == 0, "tags": ["a", "b"]}
        for n in range(count)
    ]
    return json.dumps({"Payload": {"approved": True, "rows": rows}})


def _definition(fields: dict[str, Any]) -> Definition:
    ask = {"Type": "Task", "Resource": "x.waitForTaskToken", "Next": "Check", **fields}
    rule = {"Variable": "$.approved", "BooleanEquals": True, "Next": "Go"}
    check = {"Type": "Choice", "QueryLanguage": "JSONPath", "Choices": [rule], "Default": "Go"}
    states = {"Ask": ask, "Check": check, "Go": {"Type": "Task", "Resource": "x", "End": True}}
    return parse_definition(json.dumps({"StartAt": "Ask", "States": states}))


def _forecast(definition: Definition, value: Any) -> Any:
    visit = Visit(definition.states["Ask"], {"order": 7})
    return forecast_success(definition=definition, visit=visit, result=value)


def _median(work: Callable[[], Any]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return round(statistics.median(took) * 1000, 1)
