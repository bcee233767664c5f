"""The sums at the end of every run: given = confirmed + explained, one effect each."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from callbacks.audit import sink
from callbacks.audit.lines import read_lines
from callbacks.audit.verify import verify_chain
from callbacks.audit.verify_rows import verify_rows
from callbacks.models import Decision, DecisionStatus

EXPLAINED = (DecisionStatus.LOST, DecisionStatus.REFUSED, DecisionStatus.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Balance:
    """What came of all answers of one run, or of many runs together."""

    runs: int = 0
    given: int = 0
    confirmed: int = 0
    # Ended otherwise, and the record says how.
    explained: int = 0
    # Without an end that has a name.
    lost: int = 0
    applied: int = 0
    applied_twice: int = 0
    # Answers whose calls did not all have the same bytes.
    differing: int = 0

    def __add__(self, other: Balance) -> Balance:
        return Balance(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


# What the runs of this test came to, also where a promise then turned out to be broken.
taken: list[Balance] = []


def take_balance(sends: list[dict[str, Any]], *, runs: int = 1) -> Balance:
    """Check the promises against the record and the calls that AWS saw. Raises where they fail."""
    balance = _sum_up(sends, runs)
    taken.append(balance)
    assert balance.lost == 0, list(Decision.objects.values_list("status", flat=True))
    assert balance.applied_twice == 0, sends
    assert balance.differing == 0, sends
    verify_chain()  # raises where a link is broken
    assert verify_rows()["decision"] == Decision.objects.count()  # raises where one is not recorded
    return balance


def _sum_up(sends: list[dict[str, Any]], runs: int) -> Balance:
    statuses = list(Decision.objects.values_list("status", flat=True))
    confirmed = statuses.count(DecisionStatus.CONFIRMED)
    explained = sum(status in EXPLAINED for status in statuses)
    forgotten = _forgotten()
    applied: dict[str, int] = defaultdict(int)
    bodies: dict[str, set[str]] = defaultdict(set)
    for call in sends:
        token = call["params"]["token_sha256"]
        applied[token] += call["applied"]
        bodies[token].add(repr(sorted(call["params"].items())))
    return Balance(
        runs=runs,
        given=len(statuses) + forgotten,
        confirmed=confirmed,
        explained=explained + forgotten,
        lost=len(statuses) - confirmed - explained,
        applied=sum(applied.values()),
        applied_twice=sum(count > 1 for count in applied.values()),
        # A task whose answer the database forgot is answered anew, as somebody then wishes.
        differing=sum(len(found) > 1 + forgotten for found in bodies.values()),
    )


def _forgotten() -> int:
    """Answers that a roll-back took from the database; the file that was put aside has them."""
    folder = sink.sink_path().parent
    recorded = {_decision(line.body) for path in folder.glob("*.lost-*") for line in _lines(path)}
    known = {str(key) for key in Decision.objects.values_list("pk", flat=True)}
    return len(recorded - known - {""})


def _lines(path: Path) -> list[Any]:
    return list(read_lines(path))


def _decision(body: str) -> str:
    return str(json.loads(body)["decision"])
