"""The sums at the end of every run: given = confirmed + explained, one effect each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from callbacks.audit.verify import verify_chain
from callbacks.audit.verify_decisions import verify_decisions
from callbacks.models import Decision, DecisionStatus

EXPLAINED = (DecisionStatus.LOST, DecisionStatus.REFUSED, DecisionStatus.WITHDRAWN)


@dataclass(frozen=True)
class Balance:
    """What came of all answers of one run."""

    given: int
    confirmed: int
    explained: int
    calls: int
    applied: int


def take_balance(sends: list[dict[str, Any]], *, all_named: bool = True) -> Balance:
    """Check the promises against the record and the calls that AWS saw. Raises where they fail."""
    statuses = list(Decision.objects.values_list("status", flat=True))
    balance = Balance(
        given=len(statuses),
        confirmed=statuses.count(DecisionStatus.CONFIRMED),
        explained=sum(status in EXPLAINED for status in statuses),
        calls=len(sends),
        applied=sum(call["applied"] for call in sends),
    )
    if all_named:
        assert balance.given == balance.confirmed + balance.explained, statuses
    _check_tokens(sends)
    verify_chain()  # raises where a link is broken
    assert verify_decisions() == balance.given  # raises where one is not recorded
    return balance


def _check_tokens(sends: list[dict[str, Any]]) -> None:
    """No token is used twice, and whatever goes out with it has the same bytes."""
    applied: dict[str, int] = defaultdict(int)
    bodies: dict[str, set[str]] = defaultdict(set)
    for call in sends:
        token = call["params"]["token_sha256"]
        applied[token] += call["applied"]
        bodies[token].add(repr(sorted(call["params"].items())))
    assert all(count <= 1 for count in applied.values()), applied
    assert all(len(found) == 1 for found in bodies.values()), bodies
