"""ItemBatcher and the tolerated failures: what a distributed Map says in fields or in paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator import queries
from tests.simulator.asl import template
from tests.simulator.containers import whole_number
from tests.simulator.context import VisitDocuments
from tests.simulator.errors import runtime
from tests.simulator.jsontext import Json, byte_length, render
from tests.simulator.maprun import Batch, Tolerance
from tests.simulator.model import ContainerVisit

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

MAX_BYTES = 262_144


def make_batches(engine: Engine, visit: ContainerVisit, inputs: list[Json]) -> list[Batch]:
    """One batch an item, or what ItemBatcher puts together."""
    batcher = visit.state.raw.get("ItemBatcher")
    if batcher is None:
        return [Batch(value, 1) for value in inputs]
    most = number_of(engine, visit, batcher, "MaxItemsPerBatch", "ItemBatcher/") or len(inputs)
    size = number_of(engine, visit, batcher, "MaxInputBytesPerBatch", "ItemBatcher/") or MAX_BYTES
    shared = _shared(engine, visit, batcher)
    groups: list[list[Json]] = []
    for value in inputs:
        if groups and len(groups[-1]) < most and _bytes(shared, [*groups[-1], value]) <= size:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [Batch({**shared, "Items": group}, len(group)) for group in groups]


def _bytes(shared: dict[str, Json], group: list[Json]) -> int:
    return byte_length(render({**shared, "Items": group}))


def _shared(engine: Engine, visit: ContainerVisit, batcher: dict[str, Json]) -> dict[str, Json]:
    if "BatchInput" not in batcher:
        return {}
    place = "ItemBatcher/BatchInput"
    return {"BatchInput": queries.payload(engine, visit, batcher["BatchInput"], place, visit.data)}


def tolerance_of(engine: Engine, visit: ContainerVisit) -> Tolerance:
    raw = visit.state.raw
    count = number_of(engine, visit, raw, "ToleratedFailureCount")
    if count is not None and count < 0:
        raise runtime("ToleratedFailureCount cannot be negative.")
    percentage = _percentage(engine, visit)
    if percentage is not None and not 0 <= percentage <= 100:
        raise runtime("ToleratedFailurePercentage must be between 0 and 100.")
    return Tolerance(count, percentage)


def number_of(
    engine: Engine, visit: ContainerVisit, raw: dict[str, Json], field: str, place: str = ""
) -> int | None:
    """A whole number from the field or its path; None where there is neither. `place` is where
    the field stands in the state."""
    if f"{field}Path" not in raw:
        value = queries.number(engine, visit, raw.get(field), f"{place}{field}")
        return None if value is None else int(value)
    path = raw[f"{field}Path"]
    value = _looked_up(engine, visit, path, field)
    count = whole_number(value)
    if count is None:
        raise _no_number(field, value, path, "integer")
    return count


def _percentage(engine: Engine, visit: ContainerVisit) -> float | None:
    raw, field = visit.state.raw, "ToleratedFailurePercentage"
    if f"{field}Path" not in raw:
        value = queries.number(engine, visit, raw.get(field), field)
        return None if value is None else float(value)
    path = raw[f"{field}Path"]
    value = _looked_up(engine, visit, path, field)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _no_number(field, value, path, "float")
    return float(value)


def _looked_up(engine: Engine, visit: ContainerVisit, path: str, field: str) -> Json:
    documents = VisitDocuments(engine, visit, visit.data)
    return template.lookup(path, documents, engine.dice, field=f"{field}Path")


def _no_number(field: str, value: Json, path: str, kind: str) -> Exception:
    shown = value if isinstance(value, str) else render(value)
    return runtime(
        f'The {field}Path field refers to value "{shown}" which is not a valid {kind}: {path}'
    )
