"""The fold itself: one pass over the events, each placed by the event that it hangs on.

The rules are AWS's habits as recorded, not as documented; docs/histories.md has the evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callbacks.asl.definition import Definition
from callbacks.asl.events import (
    Event,
    HistoryError,
    details,
    number,
    own_details,
    previous_id,
    text,
    time,
)
from callbacks.asl.scopes import (
    BRANCH,
    CONTAINER,
    ITERATION,
    ROOT,
    Closing,
    OpenTask,
    PathNames,
    Scope,
    Visit,
)

TASK, ACTIVITY, LAMBDA = "task", "activity", "lambda"

# The noun in the event's type and the kind of task that it means.
_NOUNS = {"Task": TASK, "Activity": ACTIVITY, "LambdaFunction": LAMBDA}
_OWN_CLOSINGS = {
    "Succeeded": "succeeded",
    "Failed": "failed",
    "TimedOut": "timed_out",
    "StartFailed": "failed",
    "SubmitFailed": "failed",
    "ScheduleFailed": "failed",
}
_EXECUTION_ENDS = {
    "ExecutionSucceeded": "execution_succeeded",
    "ExecutionFailed": "execution_failed",
    "ExecutionTimedOut": "execution_timed_out",
    "ExecutionAborted": "stopped",
}
_FAILING = ("Failed", "TimedOut", "FailStateEntered")


@dataclass(slots=True)
class Place:
    """Where an event lies. The next event begins where the one that it hangs on lies."""

    scope: Scope
    visit: Visit | None = None
    task: OpenTask | None = None


class Fold:
    """Reads events in order; what it has found stands in its attributes."""

    def __init__(self, *, definition: Definition | None) -> None:
        self.definition = definition
        self.root = Scope(ROOT)
        self.paths = PathNames()
        self.tasks: list[OpenTask] = []
        self.map_runs: dict[str, Visit] = {}
        # Texts of assigned variables, oldest first: what later parameters may quote.
        self.assigned: list[str] = []
        self.execution_input = ""
        self.ended: Closing | None = None
        self.redrive_count = 0
        self.started_at: datetime
        self.counting_since: datetime
        # By event id; 0 is the start of everything.
        self._places = [Place(self.root)]
        self._types = [""]
        self._entries: dict[tuple[int, str], Visit] = {}
        self._unfinished: dict[str, dict[Visit, None]] = {}

    def take(self, event: Event) -> None:
        before = self._places[previous_id(event)]
        if event["id"] == 1:
            self.started_at = self.counting_since = time(event)
        handle = _handler(event["type"])
        place = handle(self, event, before) if handle else before
        self._places.append(place)
        self._types.append(event["type"])

    # -- states -------------------------------------------------------------------------------

    def entered(self, event: Event, before: Place) -> Place:
        found = details(event, "stateEnteredEventDetails")
        name = text(found, "name") or ""
        scope = self._scope_of_entry(event, name, before)
        visit = Visit(
            state=name,
            type=event["type"].removesuffix("StateEntered"),
            entered_event_id=event["id"],
            input=text(found, "input") or "",
            scope=scope,
            entry_number=self._entry_number(scope, name),
            redrive_count=self.redrive_count,
        )
        scope.reopen()
        scope.current = visit
        self._entries[scope.path, name] = visit
        self._unfinished.setdefault(name, {})[visit] = None
        return Place(scope, visit)

    def _scope_of_entry(self, event: Event, name: str, before: Place) -> Scope:
        if self._is_loose(event):
            return self._scope_of_loose_entry(event, name)
        if before.scope.kind == CONTAINER and before.scope.visit is not None:
            # The first state of a branch hangs on ParallelStateStarted.
            parent = before.scope
            branch = Scope(BRANCH, parent=parent, path=parent.path)
            parent.children[branch] = None
            return branch
        return before.scope

    def _is_loose(self, event: Event) -> bool:
        """It hangs on nothing that has a place, as may be so after a redrive."""
        previous = previous_id(event)
        return self.redrive_count > 0 and (
            previous == 0 or self._types[previous].startswith("Execution")
        )

    def _scope_of_loose_entry(self, event: Event, name: str) -> Scope:
        places = {visit.scope for visit in self._unfinished.get(name, ())}
        if len(places) == 1:
            return places.pop()
        state = self.definition.state(name) if self.definition else None
        if places or (state is not None and state.container is not None):
            raise HistoryError(f"event {event['id']} does not say which iteration was redriven")
        return self.root

    def _entry_number(self, scope: Scope, name: str) -> int:
        last = self._entries.get((scope.path, name))
        if last is None:
            return 1
        is_resumed = not last.is_exited and last.redrive_count < self.redrive_count
        return last.entry_number if is_resumed else last.entry_number + 1

    def exited(self, event: Event, before: Place) -> Place:
        found = details(event, "stateExitedEventDetails")
        self._note_assigned(found.get("assignedVariables"))
        name = text(found, "name")
        visit = self._visit_named(name, before)
        if visit is None:
            if self._is_loose(event) and self._unfinished.get(name or ""):
                raise HistoryError(f"event {event['id']} does not say which iteration it ends")
            return Place(before.scope)
        self._finish(visit, self._closing(event, "state_exited"))
        return Place(visit.scope)

    def _note_assigned(self, variables: object) -> None:
        if isinstance(variables, dict):
            self.assigned.extend(value for value in variables.values() if isinstance(value, str))

    def _finish(self, visit: Visit, closing: Closing) -> None:
        # Nothing should be open here. An event that we do not know may have closed it.
        visit.is_exited = True
        self._unfinished.get(visit.state, {}).pop(visit, None)
        self._close_task(visit.task, closing)
        if visit.container is not None and not visit.container.is_closed:
            visit.container.close(closing)

    def _visit_named(self, name: str | None, before: Place) -> Visit | None:
        """The visit that an event means which names its state but hangs somewhere inside."""
        if before.visit is not None and name in (None, before.visit.state):
            return before.visit
        for scope in before.scope.upwards():
            for visit in (scope.current, scope.visit):
                if visit is not None and visit.state == name and not visit.is_exited:
                    return visit
        unfinished = list(self._unfinished.get(name or "", ()))
        return unfinished[0] if len(unfinished) == 1 else None

    def evaluation_failed(self, event: Event, before: Place) -> Place:
        # Its link points before the state's own entry; only its `state` says where it belongs.
        visit = self._visit_named(text(own_details(event), "state"), Place(before.scope))
        return Place(visit.scope, visit, visit.task) if visit else before

    # -- Map and Parallel ---------------------------------------------------------------------

    def container_started(self, event: Event, before: Place) -> Place:
        """The first attempt, or a retry: that is only a second such event, without a Failed."""
        visit = self._starting(event, before)
        if visit.container is not None and not visit.container.is_closed:
            visit.container.close(self._closing(event, "container_retried"))
        scope = Scope(
            CONTAINER,
            parent=visit.scope,
            visit=visit,
            path=visit.scope.path,
            length=number(details(event, "mapStateStartedEventDetails"), "length") or 0,
        )
        visit.scope.reopen()
        visit.scope.children[scope] = None
        visit.container = scope
        return Place(scope, visit)

    def _starting(self, event: Event, before: Place) -> Visit:
        kind = event["type"].removesuffix("StateStarted")
        if before.visit is not None and before.visit.type == kind:
            return before.visit
        around = [
            (scope, visit)
            for scope, visit in before.scope.containers()
            if visit.type == kind and not visit.is_exited
        ]
        is_open = [visit for scope, visit in around if not scope.is_closed]
        retrying = [visit for visit in is_open if self._has_retry(visit)]
        for candidates in (retrying, is_open, [visit for _, visit in around]):
            if candidates:
                return candidates[0]
        loose = [v for vs in self._unfinished.values() for v in vs if v.type == kind]
        if len(loose) == 1:
            return loose[0]
        raise HistoryError(f"event {event['id']} does not say which {kind} starts")

    def _has_retry(self, visit: Visit) -> bool:
        state = self.definition.state(visit.state) if self.definition else None
        return state is not None and bool(state.retry)

    def container_failed(self, event: Event, before: Place) -> Place:
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
        scope.close(self._closing(event, "sibling_failed"))
        return Place(scope, visit)

    def iteration_started(self, event: Event, before: Place) -> Place:
        """With MaxConcurrency it hangs on the last event of an earlier iteration."""
        found = details(event, "mapIterationStartedEventDetails")
        container = self._container_of(text(found, "name"), before)
        if container is None or container.visit is None:
            raise HistoryError(f"event {event['id']} does not say which Map it belongs to")
        index = number(found, "index") or 0
        container.reopen()
        scope = Scope(
            ITERATION,
            parent=container,
            index=index,
            path=self.paths.inside(container.path, container.visit.state, index),
        )
        container.children[scope] = None
        container.iterations[index] = scope
        return Place(scope)

    def _container_of(self, name: str | None, before: Place) -> Scope | None:
        for scope, visit in before.scope.containers():
            if visit.type == "Map" and name in (None, visit.state):
                return scope
        unfinished = list(self._unfinished.get(name or "", ()))
        return unfinished[0].container if len(unfinished) == 1 else None

    def iteration_ended(self, event: Event, before: Place) -> Place:
        found = own_details(event)
        container = self._container_of(text(found, "name"), before)
        index = number(found, "index")
        scope = None if container is None or index is None else container.iterations.get(index)
        if container is None or scope is None:
            return before  # what encloses it closes it
        if not scope.is_closed:
            scope.close(self._closing(event, self._iteration_end(event)))
        # A failing iteration's later events hang on the failing leaf, not on this one.
        return Place(container, container.visit)

    def _iteration_end(self, event: Event) -> str:
        cause = self._types[previous_id(event)]
        if event["type"].endswith("Aborted") and not cause.endswith(_FAILING):
            return "stopped"
        return "scope_ended" if event["type"].endswith("Succeeded") else "sibling_failed"

    def map_run_started(self, event: Event, before: Place) -> Place:
        arn = text(own_details(event), "mapRunArn")
        if arn and before.visit is not None:
            self.map_runs[arn] = before.visit
        return before

    # -- tasks --------------------------------------------------------------------------------

    def scheduled(self, event: Event, before: Place) -> Place:
        if self.ended is not None:
            raise HistoryError(f"event {event['id']} begins after the execution's end")
        kind = _NOUNS[event["type"].removesuffix("Scheduled")]
        found = own_details(event)
        visit = before.visit or self._visit_redriven(event, kind, found)
        closing = self._closing(event, "retried")
        self._close_task(visit.task, closing)
        task = OpenTask(
            visit=visit,
            scheduled_event_id=event["id"],
            kind=kind,
            resource=self._resource(event, kind, visit),
            attempt=visit.next_attempt(self.redrive_count),
            redrive_count=self.redrive_count,
            parameters=text(found, "parameters" if kind == TASK else "input") or "",
            timeout_seconds=number(found, "timeoutInSeconds"),
            heartbeat_seconds=number(found, "heartbeatInSeconds"),
            scheduled_at=closing.at,
            assigned_before=len(self.assigned),
        )
        visit.scope.reopen()
        visit.scope.tasks[task] = None
        visit.task = task
        self.tasks.append(task)
        return Place(visit.scope, visit, task)

    def _resource(self, event: Event, kind: str, visit: Visit) -> str:
        found = own_details(event)
        resource = text(found, "resource")
        service = text(found, "resourceType")
        if resource and kind != TASK:
            return resource
        if resource:
            return f"{service}:{resource}" if service else resource
        state = self.definition.state(visit.state) if self.definition else None
        if state is None or not state.resource:
            raise HistoryError(f"event {event['id']} ({event['type']}) has no details")
        return state.resource if kind != TASK else state.resource.rpartition(":::")[2]

    def _visit_redriven(self, event: Event, kind: str, found: object) -> Visit:
        """A task that hangs on no state: after a redrive, the one that it can only be."""
        candidates = [
            visit
            for visits in self._unfinished.values()
            for visit in visits
            if visit.task is not None
            and visit.task.kind == kind
            and visit.task.redrive_count < self.redrive_count
            and visit.task.resource == self._resource(event, kind, visit)
        ]
        if len(candidates) != 1:
            raise HistoryError(f"event {event['id']} does not say which state it belongs to")
        return candidates[0]

    def task_started(self, event: Event, before: Place) -> Place:
        if before.task is not None and before.task.started_at is None:
            before.task.started_at = time(event)
        return before

    def task_submitted(self, event: Event, before: Place) -> Place:
        if before.task is not None and before.task.submitted_at is None:
            before.task.submitted_at = time(event)
        return before

    def task_ended(self, event: Event, before: Place) -> Place:
        noun = next(noun for noun in _NOUNS if event["type"].startswith(noun))
        task = before.task or self._task_meant(event, _NOUNS[noun])
        if task is None:
            return before
        kind = _OWN_CLOSINGS[event["type"].removeprefix(noun)]
        self._close_task(task, self._closing(event, kind))
        return Place(task.visit.scope, task.visit, task)

    def _task_meant(self, event: Event, kind: str) -> OpenTask | None:
        """For an ending that hangs on no task: the one that it can only be, if any is open."""
        if event["type"].endswith("ScheduleFailed"):
            return None  # there never was one
        is_open = [task for task in self.tasks if task.closed is None and task.kind == kind]
        if len(is_open) > 1:
            raise HistoryError(f"event {event['id']} does not say which task it ends")
        return is_open[0] if is_open else None

    def _close_task(self, task: OpenTask | None, closing: Closing) -> None:
        if task is not None and task.closed is None:
            task.closed = closing
            task.visit.scope.tasks.pop(task, None)

    # -- the execution ------------------------------------------------------------------------

    def execution_started(self, event: Event, before: Place) -> Place:
        self.execution_input = text(own_details(event), "input") or ""
        return before

    def execution_ended(self, event: Event, before: Place) -> Place:
        self.ended = self._closing(event, _EXECUTION_ENDS[event["type"]])
        self.root.close(self.ended)
        return before

    def execution_redriven(self, event: Event, before: Place) -> Place:
        self.root.close(self._closing(event, "redriven"))
        self.root.is_closed = False
        self.ended = None
        self.redrive_count += 1
        self.counting_since = time(event)
        return Place(self.root)

    def _closing(self, event: Event, kind: str) -> Closing:
        found = own_details(event)
        return Closing(
            event_id=event["id"],
            kind=kind,
            event_type=event["type"],
            at=time(event),
            output=text(found, "output"),
            error=text(found, "error"),
            cause=text(found, "cause"),
        )


_Handler = Callable[[Fold, Event, Place], Place]


def _all_handlers() -> dict[str, _Handler]:
    table: dict[str, _Handler] = {
        "ExecutionStarted": Fold.execution_started,
        "ExecutionRedriven": Fold.execution_redriven,
        "EvaluationFailed": Fold.evaluation_failed,
        "MapIterationStarted": Fold.iteration_started,
        "MapRunStarted": Fold.map_run_started,
        "TaskSubmitted": Fold.task_submitted,
    }
    table |= dict.fromkeys(_EXECUTION_ENDS, Fold.execution_ended)
    for end in ("Succeeded", "Failed", "Aborted"):
        table[f"MapIteration{end}"] = Fold.iteration_ended
    for container in ("Map", "Parallel"):
        # Not their Aborted: it hangs on the failing leaf and may mean any of nested containers.
        # Not their Succeeded: nothing is open then, and Exited follows with a name.
        table[f"{container}StateStarted"] = Fold.container_started
        table[f"{container}StateFailed"] = Fold.container_failed
    for noun in _NOUNS:
        table[f"{noun}Scheduled"] = Fold.scheduled
        table[f"{noun}Started"] = Fold.task_started
        table |= {f"{noun}{end}": Fold.task_ended for end in _OWN_CLOSINGS}
    return table


_HANDLERS = _all_handlers()


def _handler(event_type: str) -> _Handler | None:
    """None for a type that changes nothing here, new ones included."""
    if event_type.endswith("StateEntered"):
        return Fold.entered
    if event_type.endswith("StateExited"):
        return Fold.exited
    return _HANDLERS.get(event_type)
