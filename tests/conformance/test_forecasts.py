"""What real AWS made of results, failures, choices and mocks is what we forecast, or we say so."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conformance.__main__ import by_language
from tests.conformance.forecasts import Case, dataflow, deaths, failures, visits
from tests.conformance.recordings import recordings
from tests.conformance.single import choice_cases, mocked_cases

_FOLDER = os.environ.get("HOLDPOINT_RECORDINGS", "")
_OF_EXECUTIONS = {"dataflow": dataflow, "failures": failures, "states": visits, "deaths": deaths}
# What an answer can meet: the share that has to be predicted, per query language.
PREDICTED_AT_LEAST = {"JSONPath": 0.97, "JSONata": 0.90}

pytestmark = pytest.mark.skipif(
    not _FOLDER,
    reason="HOLDPOINT_RECORDINGS is not set: nothing was held against what real AWS did",
)


@pytest.fixture(scope="module")
def cases() -> dict[str, list[Case]]:
    folder = Path(_FOLDER)
    found = list(recordings(folder))
    return {
        **{kind: [c for one in found for c in of(one)] for kind, of in _OF_EXECUTIONS.items()},
        "choice": list(choice_cases(folder)),
        "teststate": list(mocked_cases(folder)),
    }


@pytest.mark.parametrize(
    "kind", ["dataflow", "failures", "states", "deaths", "choice", "teststate"]
)
def test_no_forecast_is_wrong(cases: dict[str, list[Case]], kind: str) -> None:
    assert cases[kind]
    assert {case.id: case.difference for case in cases[kind] if case.difference} == {}


def test_most_of_what_an_answer_meets_is_predicted(cases: dict[str, list[Case]]) -> None:
    counted = [c for kind in ("dataflow", "failures", "choice", "teststate") for c in cases[kind]]
    found: dict[str, Counter[str]] = by_language(counted)
    sys.stdout.write(f"{ ({language: dict(counts) for language, counts in found.items()}) }\n")
    for language, least in PREDICTED_AT_LEAST.items():
        assert found[language]["exact"] >= least * sum(found[language].values())
