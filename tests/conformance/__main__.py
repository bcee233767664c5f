"""`python -m tests.conformance DIR`: recordings held against our modules, one JSON line last."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.conformance import forecasts
from tests.conformance.forecasts import Case
from tests.conformance.history import differences
from tests.conformance.recordings import Recording, recordings
from tests.conformance.single import choice_cases, mocked_cases

_OF_EXECUTIONS: dict[str, Callable[[Recording], Iterator[Case]]] = {
    "dataflow": forecasts.dataflow,
    "failures": forecasts.failures,
    "states": forecasts.visits,
    "deaths": forecasts.deaths,
}
_OF_SINGLE_STATES: dict[str, Callable[[Path], Iterator[Case]]] = {
    "choice": choice_cases,
    "teststate": mocked_cases,
}


def measure(folder: Path) -> dict[str, dict[str, object]]:
    """The figures of each kind; what is wrong is printed on the way."""
    found = list(recordings(folder))
    cases = {"history": [_history(recording) for recording in found]}
    for kind, check in _OF_EXECUTIONS.items():
        cases[kind] = [case for one in found for case in _checked(check, one)]
    for kind, read in _OF_SINGLE_STATES.items():
        cases[kind] = list(read(folder))
    return {kind: _figures(kind, of_kind) for kind, of_kind in cases.items()}


def by_language(cases: Iterable[Case]) -> dict[str, Counter[str]]:
    """How many were exact, wrong or not predicted, per query language."""
    found: dict[str, Counter[str]] = {}
    for case in cases:
        found.setdefault(case.language, Counter())[_verdict(case)] += 1
    return found


def _history(recording: Recording) -> Case:
    try:
        return Case(recording.id, "", "\n  ".join(differences(recording)))
    except Exception as exc:  # noqa: BLE001 - it is a finding of this recording; the rest goes on
        return Case(recording.id, "", _raised(exc))


def _checked(check: Callable[[Recording], Iterator[Case]], recording: Recording) -> Iterator[Case]:
    try:
        yield from check(recording)
    except Exception as exc:  # noqa: BLE001 - as above
        yield Case(recording.id, "", _raised(exc))


def _raised(exc: Exception) -> str:
    return f"raised {type(exc).__name__}: {exc}"


def _verdict(case: Case) -> str:
    if case.difference is None:
        return "cannot_predict"
    return "wrong" if case.difference else "exact"


def _figures(kind: str, cases: list[Case]) -> dict[str, object]:
    wrong = [case for case in cases if case.difference]
    for case in wrong:
        sys.stdout.write(f"{kind}: {case.id}\n  {case.difference}\n")
    for language, counts in by_language(cases).items():
        if language:
            sys.stdout.write(f"{kind}, {language}: {dict(counts)}\n")
    count = Counter(_verdict(case) for case in cases)
    return {
        "cases": len(cases),
        "exact": count["exact"],
        "cannot_predict": count["cannot_predict"],
        "wrong": count["wrong"],
        "wrong_ids": [case.id for case in wrong],
    }


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not (Path(arguments[0]) / "executions").is_dir():
        sys.stderr.write("usage: python -m tests.conformance DIR (a folder with executions/)\n")
        return 2
    figures = measure(Path(arguments[0]))
    sys.stdout.write(f"{json.dumps(figures)}\n")
    return 1 if not figures["history"]["cases"] or any(k["wrong"] for k in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
