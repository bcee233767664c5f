"""ResultWriter: the Map's output names the place of the results; nothing is written anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator import queries
from tests.simulator.jsontext import Json
from tests.simulator.maprun import MapRun

if TYPE_CHECKING:
    from tests.simulator.engine import Engine


def written_result(engine: Engine, run: MapRun) -> Json:
    place = queries.arguments_of(engine, run.visit, "ResultWriter")
    folder = f"{place['Prefix']}/" if place.get("Prefix") else ""
    name = run.arn.rpartition(":")[2]
    return {
        "MapRunArn": run.arn,
        "ResultWriterDetails": {
            "Bucket": place.get("Bucket"),
            "Key": f"{folder}{name}/manifest.json",
        },
    }
