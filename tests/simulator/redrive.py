"""Taking up a closed execution again: every state that did not end well, and only those."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator import distributed, states
from tests.simulator.containers import begin_child
from tests.simulator.model import ContainerVisit, Execution, Scope, TaskVisit, Visit

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

REDRIVABLE_SECONDS = 14 * 86_400
REDRIVABLE_EVENTS = 24_999


def obstacle(execution: Execution, now: float) -> str | None:
    """Why the execution cannot be redriven, in AWS's words; None where it can."""
    if execution.status in ("RUNNING", "SUCCEEDED", "PENDING_REDRIVE"):
        return f"Execution is {execution.status} and cannot be redriven"
    if now - (execution.stopped_at or 0.0) > REDRIVABLE_SECONDS:
        return "Execution redrivable period exceeded"
    if len(execution.events) >= REDRIVABLE_EVENTS:
        return "Execution history event limit exceeded"
    return None


def resume(engine: Engine, scope: Scope, redriven: int) -> None:
    """Open a level again where it stopped; retry counters start over.

    No recording of real AWS shows what hangs on ExecutionRedriven. Here a Task's new attempt
    hangs on the last event of the attempt before, as a retry does, and all else on that event.
    """
    scope.closed = False
    visit = scope.visit
    if visit is None:
        _begin(engine, scope, redriven)
        return
    visit.attempts, visit.retries = None, 0
    if isinstance(visit, ContainerVisit) and visit.map_run is not None:
        engine.later(_resume_run, visit, redriven)
        return
    unfinished = _unfinished(visit)
    for child in unfinished:
        resume(engine, child, redriven)
    if not unfinished:
        started = isinstance(visit, TaskVisit) and visit.last
        engine.later(states.run, visit, started or redriven)


def _resume_run(engine: Engine, visit: ContainerVisit, redriven: int) -> None:
    """The Map Run that did not succeed goes on. Another one starts where its items could not be
    read, and where it did succeed but its output could not be used."""
    assert visit.map_run is not None
    if visit.map_run.status == "SUCCEEDED" or not visit.map_run.is_read:
        states.run(engine, visit, redriven)
    else:
        distributed.redrive_run(engine, visit, redriven)


def _begin(engine: Engine, scope: Scope, redriven: int) -> None:
    """A branch that its sibling ended before it was entered."""
    assert scope.container is not None
    engine.later(begin_child, scope.container, scope, redriven)


def _unfinished(visit: Visit) -> list[Scope]:
    if not isinstance(visit, ContainerVisit):
        return []
    return [child for child in visit.children if not child.done]
