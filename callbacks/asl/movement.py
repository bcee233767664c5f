"""Whether a history can grow by itself, or only by an answer, a deadline or a stop."""

from __future__ import annotations

from callbacks.asl.definition import WAIT_SUFFIX, Definition
from callbacks.asl.scopes import BRANCH, OpenTask, Scope, Visit


def is_moving(*, root: Scope, definition: Definition | None) -> bool:
    """Say yes in doubt: a reading too many costs a call, one too few hides a task."""
    waiting = [root]
    while waiting:
        scope = waiting.pop()
        visit = scope.current
        if visit is None:
            return True
        if visit.is_exited:
            if not _ends_a_branch(scope, visit, definition):
                return True
        elif visit.container is not None:
            if _starts_more(visit, visit.container, definition):
                return True
            waiting.extend(visit.container.children)
        elif not _stands_still(visit.task):
            return True
    return False


def _stands_still(task: OpenTask | None) -> bool:
    if task is None or task.closed is not None:
        return False  # at work, or about to be tried again
    if task.kind == "activity":
        return True
    return task.resource.endswith(WAIT_SUFFIX) and task.submitted_at is not None


def _ends_a_branch(scope: Scope, visit: Visit, definition: Definition | None) -> bool:
    # A branch that is through leaves no event of its own.
    state = definition.state(visit.state) if definition else None
    return scope.kind == BRANCH and state is not None and (state.end or state.next is None)


def _starts_more(visit: Visit, container: Scope, definition: Definition | None) -> bool:
    if container.is_closed or not container.children:
        return True
    state = definition.state(visit.state) if definition else None
    if visit.type == "Parallel":
        branches = state.raw.get("Branches") if state else None
        started = sum(1 for child in container.children if child.kind == BRANCH)
        return isinstance(branches, list) and started < len(branches)
    if len(container.iterations) >= container.length:
        return False
    limit = state.raw.get("MaxConcurrency", 0) if state else 0
    # A limit from the input or an expression: the open iterations may well be all it allows.
    is_full = not isinstance(limit, int) or 0 < limit <= len(container.children)
    return not is_full and not (state and "MaxConcurrencyPath" in state.raw)
