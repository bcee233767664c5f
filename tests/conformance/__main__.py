"""`python -m tests.conformance DIR`: recordings held against our modules, one JSON line last."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.conformance.history import differences
from tests.conformance.recordings import Recording, recordings

# Each kind of reading and what finds its differences.
KINDS: dict[str, Callable[[Recording], list[str]]] = {"history": differences}


def measure(folder: Path) -> dict[str, dict[str, object]]:
    found = list(recordings(folder))
    return {kind: _figures(kind, check, found) for kind, check in KINDS.items()}


def _figures(
    kind: str, check: Callable[[Recording], list[str]], found: Iterable[Recording]
) -> dict[str, object]:
    wrong: list[str] = []
    cases = 0
    for recording in found:
        cases += 1
        lines = _checked(check, recording)
        if lines:
            wrong.append(recording.id)
            sys.stdout.write("\n  ".join((f"{kind}: {recording.id}", *lines, "")))
    return {
        "cases": cases,
        "exact": cases - len(wrong),
        "cannot_predict": 0,
        "wrong": len(wrong),
        "wrong_ids": wrong,
    }


def _checked(check: Callable[[Recording], list[str]], recording: Recording) -> list[str]:
    try:
        return check(recording)
    except Exception as exc:  # noqa: BLE001 - it is a finding of this recording; the rest goes on
        return [f"raised {type(exc).__name__}: {exc}"]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not (Path(arguments[0]) / "executions").is_dir():
        sys.stderr.write("usage: python -m tests.conformance DIR (a folder with executions/)\n")
        return 2
    figures = measure(Path(arguments[0]))
    sys.stdout.write(f"{json.dumps(figures)}\n")
    nothing = any(not kind["cases"] for kind in figures.values())
    return 1 if nothing or any(kind["wrong"] for kind in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
