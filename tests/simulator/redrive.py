"""Taking up a closed execution again: every state that did not end well, and only those."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator import states
from tests.simulator.containers import begin_child
from tests.simulator.model import ContainerVisit, Scope, TaskVisit, Visit

if TYPE_CHECKING:
    from tests.simulator.engine import Engine


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
    unfinished = _unfinished(visit)
    for child in unfinished:
        resume(engine, child, redriven)
    if not unfinished:
        started = isinstance(visit, TaskVisit) and visit.last
        engine.later(states.run, visit, started or redriven)


def _begin(engine: Engine, scope: Scope, redriven: int) -> None:
    """A branch that its sibling ended before it was entered."""
    assert scope.container is not None
    engine.later(begin_child, scope.container, scope, redriven)


def _unfinished(visit: Visit) -> list[Scope]:
    if not isinstance(visit, ContainerVisit):
        return []
    return [child for child in visit.children if not child.done]
