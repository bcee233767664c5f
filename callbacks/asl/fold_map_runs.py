"""Map Runs: a distributed Map at work in executions of their own, which no event here tells of."""

from __future__ import annotations

from callbacks.asl.events import Event, own_details, text, time
from callbacks.asl.reading import Place, Reading
from callbacks.asl.scopes import OpenMapRun


def map_run_started(reading: Reading, event: Event, before: Place) -> Place:
    arn, visit = text(own_details(event), "mapRunArn"), before.visit
    if arn and visit is not None:
        run = OpenMapRun(visit, visit.container or before.scope, time(event))
        reading.map_runs[arn] = visit.map_run = run
    return before


def map_run_ended(reading: Reading, event: Event, before: Place) -> Place:
    """It hangs on the run's start. Where a sibling's failure ends it, the Map's attempt closes."""
    run = before.visit.map_run if before.visit is not None else None
    if run is not None and run.own_end is None:
        run.own_end = time(event)
    return before


def map_run_redriven(reading: Reading, event: Event, before: Place) -> Place:
    """The same run goes on, in the attempt of the Map that had started it."""
    run = reading.map_runs.get(text(own_details(event), "mapRunArn") or "")
    if run is None:
        return before
    run.redriven_at, run.own_end = time(event), None
    run.scope.reopen()
    return Place(run.scope, run.visit)
