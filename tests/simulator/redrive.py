"""Taking up a closed execution again: every state that did not end well, and only those."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator import states
from tests.simulator.model import ContainerVisit, Scope, TaskVisit

if TYPE_CHECKING:
    from tests.simulator.engine import Engine


def resume(engine: Engine, scope: Scope, redriven: int) -> None:
    """Open the level again where it stopped; retry counters start over."""
    scope.closed = False
    visit = scope.visit
    if visit is None:  # closed before its first state was entered
        engine.later(states.enter, scope, scope.level.start_at, scope.item, redriven)
        return
    visit.attempts, visit.retries = None, 0
    unfinished = _unfinished(visit) if isinstance(visit, ContainerVisit) else []
    if unfinished:
        for child in unfinished:
            resume(engine, child, redriven)
        return
    previous = redriven
    if isinstance(visit, TaskVisit) and visit.last:
        previous = visit.last
    engine.later(states.run, visit, previous)


def _unfinished(visit: ContainerVisit) -> list[Scope]:
    return [child for child in visit.children if not child.done]
