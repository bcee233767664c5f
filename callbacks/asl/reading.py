"""What the fold knows while it reads: where events lie, what is open, what has been found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callbacks.asl.definition import Definition, State
from callbacks.asl.events import Event, own_details, previous_id, text, time
from callbacks.asl.scopes import ROOT, Closing, OpenMapRun, OpenTask, PathNames, Scope, Visit


@dataclass(slots=True)
class Place:
    """Where an event lies. The next event begins where the one that it hangs on lies."""

    scope: Scope
    visit: Visit | None = None
    task: OpenTask | None = None


class Reading:
    """Grows event by event; the handlers in `fold_*` write to it, `history` reads the end of it."""

    def __init__(self, *, definition: Definition | None) -> None:
        self.definition = definition
        self.root = Scope(ROOT)
        self.paths = PathNames()
        self.tasks: list[OpenTask] = []
        self.map_runs: dict[str, OpenMapRun] = {}
        # Texts of assigned variables, oldest first: what later parameters may quote.
        self.assigned: list[str] = []
        self.execution_input = ""
        self.ended: Closing | None = None
        self.redrive_count = 0
        self.started_at: datetime
        self.counting_since: datetime
        # Places and types by event id; 0 is the start of everything.
        self.places = [Place(self.root)]
        self.types = [""]
        # The last entry of a state in a place, and the visits that have not exited by state.
        self.entries: dict[tuple[int, str], Visit] = {}
        self._unfinished: dict[str, dict[Visit, None]] = {}

    def state(self, name: str) -> State | None:
        return self.definition.state(name) if self.definition else None

    def open_visit(self, visit: Visit) -> None:
        visit.scope.reopen()
        visit.scope.current = visit
        self.entries[visit.scope.path, visit.state] = visit
        self._unfinished.setdefault(visit.state, {})[visit] = None

    def finish_visit(self, visit: Visit, closing: Closing) -> None:
        # Nothing should be open here. An event that we do not know may have closed it.
        visit.is_exited = True
        self._unfinished.get(visit.state, {}).pop(visit, None)
        self.close_task(visit.task, closing)
        if visit.container is not None and not visit.container.is_closed:
            visit.container.close(closing)

    def unfinished(self, name: str | None) -> list[Visit]:
        return list(self._unfinished.get(name or "", ()))

    def all_unfinished(self) -> list[Visit]:
        return [visit for visits in self._unfinished.values() for visit in visits]

    def visit_named(self, name: str | None, before: Place) -> Visit | None:
        """The visit that an event means which names its state but hangs somewhere inside."""
        if before.visit is not None and name in (None, before.visit.state):
            return before.visit
        for scope in before.scope.upwards():
            for visit in (scope.current, scope.visit):
                if visit is not None and visit.state == name and not visit.is_exited:
                    return visit
        unfinished = self.unfinished(name)
        return unfinished[0] if len(unfinished) == 1 else None

    def is_loose(self, event: Event) -> bool:
        """It hangs on nothing that has a place, as may be so after a redrive."""
        previous = previous_id(event)
        return self.redrive_count > 0 and (
            previous == 0 or self.types[previous].startswith("Execution")
        )

    def close_task(self, task: OpenTask | None, closing: Closing) -> None:
        if task is not None and task.closed is None:
            task.closed = closing
            task.visit.scope.tasks.pop(task, None)


def closing_by(event: Event, kind: str) -> Closing:
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
