"""ItemReader: the items of a distributed Map out of an object in S3, JSON or CSV.

The objects are what a test put there. The causes are AWS's own where a recording has them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from tests.simulator import queries
from tests.simulator.batches import number_of
from tests.simulator.errors import StateError
from tests.simulator.jsontext import Json, parse
from tests.simulator.model import ContainerVisit

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

FAILED = "States.ItemReaderFailed"
RESOURCE = "arn:aws:states:::s3:getObject"
INPUT_TYPES = ("JSON", "CSV")


def item_limit(engine: Engine, visit: ContainerVisit) -> int | None:
    """What MaxItems says; raises StateError where its path leads to no whole number."""
    config = visit.state.raw["ItemReader"].get("ReaderConfig", {})
    return number_of(engine, visit, config, "MaxItems", "ItemReader/ReaderConfig/")


def read_items(engine: Engine, visit: ContainerVisit, limit: int | None) -> list[Json]:
    """The first `limit` items, or all for 0 and None; raises StateError."""
    reader = visit.state.raw["ItemReader"]
    if limit is not None and limit < 0:
        raise StateError(FAILED, "field MaxItems must be positive")
    text = _object(engine, visit)
    config = reader["ReaderConfig"]
    items = _rows(text, config) if config["InputType"] == "CSV" else _elements(text)
    return items[:limit] if limit else items


def _object(engine: Engine, visit: ContainerVisit) -> str:
    place = queries.arguments_of(engine, visit, "ItemReader")
    text = engine.objects.get((place.get("Bucket", ""), place.get("Key", "")))
    if text is None:
        raise StateError(FAILED, "The specified key does not exist.")
    return text


def _elements(text: str) -> list[Json]:
    try:
        value = parse(text)
    except ValueError as exc:
        raise StateError(FAILED, "The object is not JSON.") from exc
    if not isinstance(value, list):
        raise StateError(FAILED, "Attempting to map over non-iterable node.")
    return value


def _rows(text: str, config: dict[str, Json]) -> list[Json]:
    """Each row as an object of texts; what has no header is dropped, what is missing is empty."""
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if config.get("CSVHeaderLocation") == "GIVEN":
        headers = config["CSVHeaders"]
    else:
        headers, rows = (rows[0], rows[1:]) if rows else ([], [])
    if len(set(headers)) < len(headers):
        raise StateError(FAILED, "CSV headers cannot contain duplicates.")
    return [
        {name: row[at] if at < len(row) else "" for at, name in enumerate(headers)} for row in rows
    ]
