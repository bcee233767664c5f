"""Distributed Map: a Map Run in the parent's history, each batch of items an execution of its own.

No recording shows a Map Run that is aborted or redriven, or fails for its children: those chains
follow what AWS does elsewhere (README.md says which)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.simulator.batches import make_batches, tolerance_of
from tests.simulator.containers import concurrency_of, item_input, items_of
from tests.simulator.errors import StateError
from tests.simulator.jsontext import Json, parse, render
from tests.simulator.maprun import Batch, MapRun, Tolerance
from tests.simulator.model import ContainerVisit, Execution, Machine, Revision, Visit
from tests.simulator.queries import selected_input
from tests.simulator.reader import item_limit, read_items
from tests.simulator.results import written_result
from tests.simulator.states import fail, fail_with, finish

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

EXCEEDED = "States.ExceedToleratedFailureThreshold"
EXCEEDED_CAUSE = "The specified tolerated failure threshold was exceeded"
EXPRESS_SECONDS = 300


def run_distributed(engine: Engine, visit: Visit, previous: int) -> None:
    assert isinstance(visit, ContainerVisit)
    visit.data = selected_input(engine, visit)
    reads = "ItemReader" in visit.state.raw
    # With a reader AWS says `length: 0` and does not look at ItemsPath (recorded).
    items = [] if reads else items_of(engine, visit)
    concurrency = concurrency_of(engine, visit)
    visit.map_run = None
    execution, scope = visit.scope.execution, visit.scope
    scope.last = engine.record(execution, "MapStateStarted", previous, {"length": len(items)})
    tolerance = tolerance_of(engine, visit)
    limit = item_limit(engine, visit) if reads else None
    batches = [] if reads else _batches(engine, visit, items)
    run = _open(engine, visit, concurrency, tolerance)
    if reads:
        engine.later(_read, run, limit)
    else:
        run.take(batches)
        engine.later(go_on, run)


def _batches(engine: Engine, visit: ContainerVisit, items: list[Json]) -> list[Batch]:
    inputs = [item_input(engine, visit, index, item) for index, item in enumerate(items)]
    return make_batches(engine, visit, inputs)


def _open(engine: Engine, visit: ContainerVisit, concurrency: int, tolerance: Tolerance) -> MapRun:
    execution, scope = visit.scope.execution, visit.scope
    machine = _child_machine(execution, visit)
    arn = f"{_prefix(machine, 'mapRun')}:{engine.new_uuid()}"
    run = MapRun(arn, machine, visit, concurrency, tolerance, engine.now)
    visit.map_run = run
    engine.open_map_run(run)
    run.event = engine.record(execution, "MapRunStarted", scope.last, {"mapRunArn": run.arn})
    scope.last = run.event
    return run


def _read(engine: Engine, run: MapRun, limit: int | None) -> None:
    """Fetch the items; what goes wrong with that is the end of the Map Run."""
    if run.status != "RUNNING":
        return
    try:
        run.take(_batches(engine, run.visit, read_items(engine, run.visit, limit)))
    except StateError as error:
        _fail(engine, run, error.error, error.cause)
        return
    go_on(engine, run)


def _prefix(machine: Machine, kind: str) -> str:
    return machine.arn.replace(":stateMachine:", f":{kind}:", 1)


def _child_machine(execution: Execution, visit: Visit) -> Machine:
    """What the children run: the Map's item processor, under the machine's name and a label."""
    revision, state = execution.revision, visit.state
    kept: Machine | None = revision.shared.get(("machine", state.name))
    if kept is None:
        parent = execution.machine
        name = f"{parent.name.partition('/')[0]}/{_label(revision, state.raw, state.name)}"
        arn = f"{parent.arn.rpartition(':')[0]}:{name}"
        kept = Machine(
            arn, name, state.child_type, parent.created_at, _child_revision(revision, visit), {}
        )
        revision.shared["machine", state.name] = kept
    return kept


def _label(revision: Revision, raw: dict[str, Json], name: str) -> str:
    """The author's label, or one that stays with the definition as AWS's own does."""
    return str(raw.get("Label") or uuid.uuid5(uuid.NAMESPACE_OID, f"{revision.id}/{name}"))


def _child_revision(revision: Revision, visit: Visit) -> Revision:
    body = visit.state.raw.get("ItemProcessor") or visit.state.raw["Iterator"]
    language = parse(revision.definition).get("QueryLanguage")
    if language is not None:
        body = {"QueryLanguage": language, **body}
    timeout = EXPRESS_SECONDS if visit.state.child_type == "EXPRESS" else None
    return Revision(
        revision.id,
        render(body),
        revision.role_arn,
        revision.updated_at,
        visit.state.levels[0],
        timeout,
    )


def go_on(engine: Engine, run: MapRun) -> None:
    """Start what there is room for; end the run where nothing is left."""
    if run.status != "RUNNING":
        return
    while run.has_room and run.pending_redrive:
        run.running += 1
        engine.reopen(run.pending_redrive.popleft()[0])
    while run.has_room and len(run.children) < len(run.batches):
        _start_child(engine, run)
    if run.is_done:
        _succeed(engine, run)


def _start_child(engine: Engine, run: MapRun) -> None:
    batch = run.batches[len(run.children)]
    name = engine.new_uuid()
    if run.machine.type == "EXPRESS":
        arn = f"{_prefix(run.machine, 'express')}:{name}:{engine.new_uuid()}"
    else:
        arn = f"{_prefix(run.machine, 'execution')}:{name}"
    if batch.items != 1:
        run.items_of[arn] = batch.items
    run.running += 1
    child = engine.begin(run.machine, arn, name, render(batch.input), batch.input, run)
    run.children.append(child)


def child_ended(engine: Engine, child: Execution) -> None:
    run = child.map_run
    assert run is not None
    if run.status != "RUNNING":
        return
    run.running -= 1
    if child.status != "SUCCEEDED":
        run.failed += 1
        if run.tolerance.is_exceeded(run.failed, len(run.batches)):
            _fail(engine, run, EXCEEDED, EXCEEDED_CAUSE)
            return
    go_on(engine, run)


def _succeed(engine: Engine, run: MapRun) -> None:
    run.close("SUCCEEDED", engine.now)
    visit, event = run.visit, run.event
    leaf = engine.record(run.execution, "MapRunSucceeded", event, None)
    engine.record(run.execution, "MapStateSucceeded", leaf, None)
    try:
        # Since November 2024 the exit hangs on the start of the run, not on its end.
        finish(engine, visit, _result(engine, run), event)
    except StateError as error:
        fail(engine, visit, error, event)


def _result(engine: Engine, run: MapRun) -> Json:
    """The outputs in the order of the items; a failed child that was tolerated has none."""
    if run.has_writer:
        return written_result(engine, run)
    return [parse(child.output_text) for child in run.children if child.output_text is not None]


def _fail(engine: Engine, run: MapRun, error: str, cause: str) -> None:
    _end(engine, run, "FAILED")
    details = {"error": error, "cause": cause}
    leaf = engine.record(run.execution, "MapRunFailed", run.event, details)
    run.visit.scope.last = leaf
    fail_with(engine, run.visit, error, cause, leaf, contained=True)


def abort(engine: Engine, run: MapRun) -> None:
    """The parent ended or went on without it: whatever still runs is stopped."""
    if run.status == "RUNNING":
        _end(engine, run, "ABORTED")


def _end(engine: Engine, run: MapRun, status: str) -> None:
    run.close(status, engine.now)
    while run.pending_redrive:
        engine.set_status(*run.pending_redrive.popleft())
    for child in run.children:
        engine.end(child, "ABORTED")


def redrive_run(engine: Engine, visit: ContainerVisit, redriven: int) -> None:
    """Take the same run up again: what did not succeed waits for its redrive, then runs."""
    run = visit.map_run
    assert run is not None
    run.status, run.stopped_at = "RUNNING", None
    run.redrive_count += 1
    run.redriven_at = engine.now
    run.running = run.failed = 0
    details = {"mapRunArn": run.arn, "redriveCount": run.redrive_count}
    run.event = engine.record(run.execution, "MapRunRedriven", redriven, details)
    visit.scope.last = run.event
    for child in run.children:
        _await_redrive(engine, run, child)
    engine.later(go_on, run)


def _await_redrive(engine: Engine, run: MapRun, child: Execution) -> None:
    if child.status == "SUCCEEDED":
        return
    if engine.redrive_obstacle(child) is not None:
        run.failed += 1
        return
    run.pending_redrive.append((child, child.status))
    engine.set_status(child, "PENDING_REDRIVE")
