"""Map and Parallel: attempts, iterations, and what their failing closes."""

from __future__ import annotations

from callbacks.asl.events import (
    Event,
    HistoryError,
    details,
    number,
    own_details,
    previous_id,
    text,
)
from callbacks.asl.reading import Place, Reading, closing_by
from callbacks.asl.scopes import CONTAINER, ITERATION, Scope, Visit

_FAILING = ("Failed", "TimedOut", "FailStateEntered")


def container_started(reading: Reading, event: Event, before: Place) -> Place:
    """The first attempt, or a retry: that is only a second such event, without a Failed."""
    visit = _starting(reading, event, before)
    if visit.container is not None and not visit.container.is_closed:
        visit.container.close(closing_by(event, "container_retried"))
    scope = Scope(
        CONTAINER,
        parent=visit.scope,
        visit=visit,
        path=visit.scope.path,
        redrive_count=reading.redrive_count,
        length=number(details(event, "mapStateStartedEventDetails"), "length") or 0,
    )
    visit.scope.reopen()
    visit.scope.children[scope] = None
    visit.container = scope
    return Place(scope, visit)


def _starting(reading: Reading, event: Event, before: Place) -> Visit:
    kind = event["type"].removesuffix("StateStarted")
    own = before.visit if before.visit is not None and before.visit.type == kind else None
    if own is not None and _begins(reading, event, own):
        return own
    around = [visit for _, visit in before.scope.containers() if visit.type == kind]
    visits = dict.fromkeys([own, *around] if own is not None else around)
    unfinished = [visit for visit in visits if not visit.is_exited]
    is_open = [v for v in unfinished if v.container is None or not v.container.is_closed]
    retrying = [visit for visit in is_open if _has_retry(reading, visit)]
    for candidates in (retrying, is_open, unfinished):
        if candidates:
            return candidates[0]
    loose = [visit for visit in reading.all_unfinished() if visit.type == kind]
    if len(loose) == 1:
        return loose[0]
    raise HistoryError(f"event {event['id']} does not say which {kind} starts")


def _begins(reading: Reading, event: Event, visit: Visit) -> bool:
    """Its first attempt, or its first since a redrive, and no retry of it or what is around it."""
    if reading.types[previous_id(event)].endswith("StateEntered"):
        return True
    return visit.container is not None and visit.container.redrive_count < reading.redrive_count


def _has_retry(reading: Reading, visit: Visit) -> bool:
    state = reading.state(visit.state)
    return state is not None and bool(state.retry)


def container_failed(reading: Reading, event: Event, before: Place) -> Place:
    """It hangs on the failing leaf and has no name: the innermost one that is still open."""
    kind = event["type"].removesuffix("StateFailed")
    own = before.visit
    if own is not None and own.type == kind and own.container and not own.container.is_closed:
        scope, visit = own.container, own
    else:
        around = before.scope.containers()
        found = next(((s, v) for s, v in around if v.type == kind and not s.is_closed), None)
        if found is None:
            return before
        scope, visit = found
    scope.close(closing_by(event, "sibling_failed"))
    return Place(scope, visit)


def iteration_started(reading: Reading, event: Event, before: Place) -> Place:
    """With MaxConcurrency it hangs on the last event of an earlier iteration."""
    found = details(event, "mapIterationStartedEventDetails")
    container = _container_of(reading, text(found, "name"), before)
    if container is None or container.visit is None:
        raise HistoryError(f"event {event['id']} does not say which Map it belongs to")
    index = number(found, "index") or 0
    container.reopen()
    scope = Scope(
        ITERATION,
        parent=container,
        index=index,
        path=reading.paths.inside(container.path, container.visit.state, index),
    )
    container.children[scope] = None
    container.iterations[index] = scope
    return Place(scope)


def _container_of(reading: Reading, name: str | None, before: Place) -> Scope | None:
    for scope, visit in before.scope.containers():
        if visit.type == "Map" and name in (None, visit.state):
            return scope
    unfinished = reading.unfinished(name)
    return unfinished[0].container if len(unfinished) == 1 else None


def iteration_ended(reading: Reading, event: Event, before: Place) -> Place:
    found = own_details(event)
    container = _container_of(reading, text(found, "name"), before)
    index = number(found, "index")
    scope = None if container is None or index is None else container.iterations.get(index)
    if container is None or scope is None:
        return before  # what encloses it closes it
    if not scope.is_closed:
        scope.close(closing_by(event, _iteration_end(reading, event)))
    # A failing iteration's later events hang on the failing leaf, not on this one.
    return Place(container, container.visit)


def _iteration_end(reading: Reading, event: Event) -> str:
    cause = reading.types[previous_id(event)]
    if event["type"].endswith("Aborted") and not cause.endswith(_FAILING):
        return "stopped"
    return "scope_ended" if event["type"].endswith("Succeeded") else "sibling_failed"
