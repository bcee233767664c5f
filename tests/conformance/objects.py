"""What was in the bucket when AWS ran the recorded Maps with an ItemReader.

The recordings do not hold it; the tests that they come from do (LocalStack, Apache-2.0, see the
recordings' README): test_base_scenarios.py and test_assign_reference_variables.py. For the last
two the file is inferred: with two different ItemsPaths AWS gave the one item `[[…]]`."""

from __future__ import annotations

import json

_VERDICTS = [
    {"verdict": "true", "statement_date": "6/11/2008", "statement_source": "speech"},
    {"verdict": "false", "statement_date": "6/7/2022", "statement_source": "television"},
    {"verdict": "mostly-true", "statement_date": "5/18/2016", "statement_source": "news"},
    {"verdict": "false", "statement_date": "5/18/2024", "statement_source": "x"},
]
_THREE_COLUMNS = (
    "Value1,Value2,Value3\nValue4,Value5,Value6\n,,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n"
)
_TWO_COLUMNS = "Col1,Col2\nValue1,Value2\nValue3,Value4\nValue5,Value6\nValue7,Value8\n"
_OBJECTS = {
    "base-scenarios.map-item-reader-csv-headers-decl-": _THREE_COLUMNS,
    "base-scenarios.map-item-reader-csv-max-items-": _TWO_COLUMNS,
    "base-scenarios.map-item-batching-base-json-max-per-batch-jsonata": json.dumps(_VERDICTS),
    "base-scenarios.map-item-reader-json-no-json-list-object": json.dumps({"Hello": "world"}),
    "base-scenarios.map-item-reader-base-json-max-items": json.dumps(_VERDICTS[:1] * 3),
    "base-scenarios.map-item-reader-base-json-with-items-path-": '[["from-bucket-item-0"]]',
    "base-scenarios.map-item-reader-base-json": json.dumps(_VERDICTS[:3]),
    "assign-reference-variables.reference-in-map-state-max-items-path-": json.dumps(_VERDICTS),
}


def object_of(recording_id: str) -> str | None:
    """The text of the one object that the recorded machine read; None where it read none."""
    found = [text for start, text in _OBJECTS.items() if recording_id.startswith(start)]
    return found[0] if found else None
