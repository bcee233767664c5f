"""Where an event lies: in the machine, an attempt of a Map or Parallel, an iteration, a branch.

AWS's events link only to the one before. What a closing event closes is the scope that it speaks
of, so the fold keeps this tree while it reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

ROOT, CONTAINER, ITERATION, BRANCH = "root", "container", "iteration", "branch"


@dataclass(frozen=True, slots=True)
class Closing:
    """Which event ended something, and how. Payloads as AWS gave them, unmasked."""

    event_id: int
    kind: str
    event_type: str
    at: datetime
    output: str | None = field(default=None, repr=False)
    error: str | None = None
    cause: str | None = field(default=None, repr=False)


@dataclass(slots=True, eq=False, repr=False)
class OpenTask:
    """A task while the fold reads; `history` turns it into a CallbackTask."""

    visit: Visit
    scheduled_event_id: int
    kind: str
    resource: str
    attempt: int
    redrive_count: int
    parameters: str
    timeout_seconds: int | None
    heartbeat_seconds: int | None
    scheduled_at: datetime
    # How many texts of assigned variables existed before it.
    assigned_before: int
    # What it could read then.
    variables: dict[str, str]
    started_at: datetime | None = None
    submitted_at: datetime | None = None
    worker: str = ""
    closed: Closing | None = None


@dataclass(slots=True, eq=False, repr=False)
class OpenMapRun:
    """A distributed Map's run; it is over with the attempt of the Map that started it."""

    visit: Visit
    scope: Scope
    started_at: datetime
    # When it was last redriven.
    redriven_at: datetime | None = None
    own_end: datetime | None = None

    @property
    def ended_at(self) -> datetime | None:
        return self.own_end or (self.scope.closed_at if self.scope.is_closed else None)


@dataclass(slots=True, eq=False, repr=False)
class Visit:
    """One entry of one state: its attempts, and for a Map or Parallel its scope."""

    state: str
    type: str
    entered_event_id: int
    input: str
    scope: Scope
    entry_number: int
    redrive_count: int
    is_exited: bool = False
    attempts: int = 0
    attempts_redrive: int = 0
    # A Map's or Parallel's attempt at present.
    container: Scope | None = None
    # A distributed Map's run at present.
    map_run: OpenMapRun | None = None
    task: OpenTask | None = None

    def next_attempt(self, redrive_count: int) -> int:
        """Count schedules; a redrive resets retry counters (dg/redrive-executions)."""
        if self.attempts_redrive != redrive_count:
            self.attempts, self.attempts_redrive = 0, redrive_count
        self.attempts += 1
        return self.attempts


@dataclass(slots=True, eq=False, repr=False)
class Scope:
    kind: str
    parent: Scope | None = None
    # The Map or Parallel that a container scope is an attempt of.
    visit: Visit | None = None
    index: int = 0
    # Equal for the same place in the Maps around, whatever the attempt; see PathNames.
    path: int = 0
    length: int = 0
    redrive_count: int = 0
    is_closed: bool = False
    closed_at: datetime | None = None
    current: Visit | None = None
    children: dict[Scope, None] = field(default_factory=dict)
    tasks: dict[OpenTask, None] = field(default_factory=dict)
    iterations: dict[int, Scope] = field(default_factory=dict)
    # What was assigned in it, as JSON texts. An inner scope reads those around it and keeps its own
    # to itself (dg/workflow-variables, "Scope").
    variables: dict[str, str] = field(default_factory=dict)

    def visible_variables(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for scope in self.upwards():
            found = {**scope.variables, **found}
        return found

    def upwards(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def containers(self) -> Iterator[tuple[Scope, Visit]]:
        """The attempts of Maps and Parallels around, the innermost first."""
        for scope in self.upwards():
            if scope.visit is not None:
                yield scope, scope.visit

    def reopen(self) -> None:
        """Something new begins in it, so it and all around it is open, whatever closed it."""
        scope: Scope | None = self
        while scope is not None and scope.is_closed:
            scope.is_closed = False
            if scope.parent is not None:
                scope.parent.children[scope] = None
            scope = scope.parent

    def close(self, closing: Closing) -> None:
        """Close everything in it that is still open. Every scope is walked once."""
        if self.parent is not None:
            self.parent.children.pop(self, None)
        waiting = [self]
        while waiting:
            scope = waiting.pop()
            scope.is_closed = True
            scope.closed_at = closing.at
            for task in scope.tasks:
                task.closed = closing
            scope.tasks.clear()
            waiting.extend(scope.children)
            scope.children.clear()


@dataclass(slots=True)
class PathNames:
    """Numbers for places such as "ReviewPhotos[2]": comparing costs the same however deep."""

    _places: list[tuple[int, str, int]] = field(default_factory=lambda: [(0, "", 0)])
    _numbers: dict[tuple[int, str, int], int] = field(default_factory=dict)

    def inside(self, path: int, name: str, index: int) -> int:
        place = (path, name, index)
        if place not in self._numbers:
            self._numbers[place] = len(self._places)
            self._places.append(place)
        return self._numbers[place]

    def text(self, path: int) -> str:
        steps: list[str] = []
        while path:
            path, name, index = self._places[path]
            steps.append(f"{name}[{index}]")
        return "/".join(reversed(steps))
