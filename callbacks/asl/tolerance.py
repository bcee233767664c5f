"""How many failed items a Map puts up with (dg/state-map-distributed, "Tolerated failures")."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import State
from callbacks.asl.language import query, templates
from callbacks.asl.language.values import CannotPredict, is_number

EXCEEDED = "States.ExceedToleratedFailureThreshold"
EXCEEDED_CAUSE = "The specified tolerated failure threshold was exceeded"
COUNT, PERCENTAGE = "ToleratedFailureCount", "ToleratedFailurePercentage"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Items, and percent of all items; the stricter of both counts. Without either none is."""

    count: Decimal | None
    percentage: Decimal | None

    @property
    def is_none(self) -> bool:
        """The first failed item is one too many."""
        return 0 in (self.count, self.percentage) or (self.count is self.percentage is None)

    @property
    def is_endless(self) -> bool:
        return self.count is None and self.percentage is not None and self.percentage >= 100

    def is_exceeded(self, *, failed: int, total: int) -> bool:
        if self.count is None and self.percentage is None:
            return failed > 0
        over_count = self.count is not None and failed > self.count
        share = Decimal(failed * 100) / total if total else Decimal(0)
        return over_count or (self.percentage is not None and share > self.percentage)


def tolerance(visit: Visit) -> Tolerance:
    """Of a visit of a Map. Raises StateFails, CannotPredict."""
    return Tolerance(_number(visit, COUNT), _number(visit, PERCENTAGE))


def written_tolerance(state: State) -> Tolerance | None:
    """As far as the definition of a Map alone tells; None where its input has a say."""
    count, percentage = _written(state, COUNT), _written(state, PERCENTAGE)
    if 0 in (count, percentage):
        # The stricter of both counts, whatever the other one comes to.
        return Tolerance(Decimal(0), None)
    given = {name.removesuffix("Path") for name in state.raw} & {COUNT, PERCENTAGE}
    is_known = len(given) == sum(one is not None for one in (count, percentage))
    return Tolerance(count, percentage) if is_known else None


def _written(state: State, name: str) -> Decimal | None:
    value = state.raw.get(name)
    return Decimal(str(value)) if is_number(value) else None


def _number(visit: Visit, name: str) -> Decimal | None:
    raw = visit.state.raw
    value = raw.get(name)
    if query.is_expression(value):
        value = query.fill_as("number", value, visit.seen(None), name)
    elif f"{name}Path" in raw:
        path = str(raw[f"{name}Path"])
        value = templates.look_up(path, visit.seen(visit.input), f"{name}Path", f"{name}Path")
    if value is not None and not is_number(value):
        raise CannotPredict(f"{name} is not a number")
    return None if value is None else Decimal(str(value))
