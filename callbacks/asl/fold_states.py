"""Entries and exits of states: which visit an event begins or ends."""

from __future__ import annotations

from callbacks.asl.events import Event, HistoryError, details, own_details, text
from callbacks.asl.reading import Place, Reading, closing_by
from callbacks.asl.scopes import BRANCH, CONTAINER, Scope, Visit


def entered(reading: Reading, event: Event, before: Place) -> Place:
    found = details(event, "stateEnteredEventDetails")
    name = text(found, "name") or ""
    scope = _scope_of_entry(reading, event, name, before)
    visit = Visit(
        state=name,
        type=event["type"].removesuffix("StateEntered"),
        entered_event_id=event["id"],
        input=text(found, "input") or "",
        scope=scope,
        entry_number=_entry_number(reading, scope, name),
        redrive_count=reading.redrive_count,
    )
    reading.open_visit(visit)
    return Place(scope, visit)


def _scope_of_entry(reading: Reading, event: Event, name: str, before: Place) -> Scope:
    if reading.is_loose(event):
        return _scope_of_loose_entry(reading, event, name)
    if before.scope.kind == CONTAINER and before.scope.visit is not None:
        # The first state of a branch hangs on ParallelStateStarted.
        parent = before.scope
        branch = Scope(BRANCH, parent=parent, path=parent.path)
        parent.children[branch] = None
        return branch
    return before.scope


def _scope_of_loose_entry(reading: Reading, event: Event, name: str) -> Scope:
    places = {visit.scope for visit in reading.unfinished(name)}
    if len(places) == 1:
        return places.pop()
    state = reading.state(name)
    if places or (state is not None and state.container is not None):
        raise HistoryError(f"event {event['id']} does not say which iteration was redriven")
    return reading.root


def _entry_number(reading: Reading, scope: Scope, name: str) -> int:
    last = reading.entries.get((scope.path, name))
    if last is None:
        return 1
    is_resumed = not last.is_exited and last.redrive_count < reading.redrive_count
    return last.entry_number if is_resumed else last.entry_number + 1


def exited(reading: Reading, event: Event, before: Place) -> Place:
    found = details(event, "stateExitedEventDetails")
    assigned = _assigned(found.get("assignedVariables"))
    reading.assigned.extend(assigned.values())
    name = text(found, "name")
    visit = reading.visit_named(name, before)
    if visit is None:
        if reading.is_loose(event) and reading.unfinished(name):
            raise HistoryError(f"event {event['id']} does not say which iteration it ends")
        return Place(before.scope)
    reading.finish_visit(visit, closing_by(event, "state_exited"))
    visit.scope.variables.update(assigned)
    return Place(visit.scope)


def _assigned(variables: object) -> dict[str, str]:
    found = variables if isinstance(variables, dict) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def evaluation_failed(reading: Reading, event: Event, before: Place) -> Place:
    # Its link points before the state's own entry; only its `state` says where it belongs.
    visit = reading.visit_named(text(own_details(event), "state"), Place(before.scope))
    return Place(visit.scope, visit, visit.task) if visit else before
