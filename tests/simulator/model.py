"""What the engine keeps: machines, executions, and the states that are being visited."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tests.simulator.clock import Timer
from tests.simulator.jsontext import Json, parse, render

if TYPE_CHECKING:
    from tests.simulator.maprun import MapRun
    from tests.simulator.versions import Start, Version

# Status of a machine that goes away with the last of its executions.
DELETING = "DELETING"
CALLBACK_SUFFIX = ".waitForTaskToken"
JSONPATH = "JSONPath"
JSONATA = "JSONata"


class Event(NamedTuple):
    """One history event; its id is its place in the list, counted from 1."""

    type: str
    previous: int
    at: float
    details: dict[str, Json] | None


@dataclass(frozen=True, slots=True)
class Resource:
    """What a Task calls, and how that call ends: `callback` and `activity` wait for an answer."""

    kind: str  # callback | sync | service | lambda | activity
    arn: str
    type: str
    name: str
    mark: dict[str, Json]  # shared by all events that only repeat the resource

    @property
    def has_token(self) -> bool:
        return self.kind in ("callback", "sync", "activity")

    @property
    def starts_execution(self) -> bool:
        return self.type == "states" and self.name.partition(".")[0] == "startExecution"


def read_resource(arn: str) -> Resource:
    parts = arn.split(":")
    if parts[2:3] == ["lambda"]:
        return Resource("lambda", arn, "lambda", arn, {})
    if ":activity:" in arn:
        return Resource("activity", arn, "activity", arn, {})
    type_, name = ":".join(parts[5:-1]).strip(":"), parts[-1]
    if arn.endswith(".sync:2"):
        type_, name = ":".join(parts[5:-2]).strip(":"), ":".join(parts[-2:])
    kind = "service"
    if name.endswith(CALLBACK_SUFFIX):
        kind = "callback"
    elif ".sync" in name:
        kind = "sync"
    return Resource(kind, arn, type_, name, {"resource": name, "resourceType": type_})


@dataclass(slots=True)
class State:
    name: str
    type: str
    raw: dict[str, Json]
    resource: Resource | None = None
    levels: tuple[Level, ...] = ()
    # Made once: a hundred thousand histories share these texts.
    entered: str = ""
    exited: str = ""
    # A distributed Map's: STANDARD or EXPRESS; empty for all other states.
    child_type: str = ""
    is_jsonata: bool = False

    def __post_init__(self) -> None:
        self.entered = sys.intern(f"{self.type}StateEntered")
        self.exited = sys.intern(f"{self.type}StateExited")


@dataclass(slots=True)
class Level:
    """One set of states with its start: the machine, a branch, or the body of a Map."""

    start_at: str
    states: dict[str, State]


def read_level(raw: dict[str, Json], language: str) -> Level:
    """`language` is the machine's: what a container says of its own does not reach inside."""
    states = {name: _read_state(name, state, language) for name, state in raw["States"].items()}
    return Level(raw["StartAt"], states)


def _read_state(name: str, raw: dict[str, Json], language: str) -> State:
    resource = read_resource(raw["Resource"]) if raw["Type"] == "Task" else None
    bodies: list[dict[str, Json]] = []
    if raw["Type"] == "Parallel":
        bodies = raw["Branches"]
    elif raw["Type"] == "Map":
        bodies = [raw.get("ItemProcessor") or raw["Iterator"]]
    levels = tuple(read_level(body, language) for body in bodies)
    state = State(name, raw["Type"], raw, resource, levels, child_type=_child_type(raw))
    state.is_jsonata = raw.get("QueryLanguage", language) == JSONATA
    return state


def _child_type(raw: dict[str, Json]) -> str:
    body = raw.get("ItemProcessor") or raw.get("Iterator") or {}
    config = body.get("ProcessorConfig", {})
    return str(config["ExecutionType"]) if config.get("Mode") == "DISTRIBUTED" else ""


@dataclass(slots=True)
class Revision:
    """A definition as it stood at one time; executions keep the one they started with."""

    id: str
    definition: str
    role_arn: str
    updated_at: float
    level: Level
    timeout: float | None
    # Texts that many executions of this revision share.
    shared: dict[object, Json] = field(default_factory=dict)


def read_revision(revision_id: str, definition: str, role_arn: str, now: float) -> Revision:
    raw = parse(definition)
    level = read_level(raw, raw.get("QueryLanguage", JSONPATH))
    return Revision(revision_id, definition, role_arn, now, level, raw.get("TimeoutSeconds"))


@dataclass(slots=True)
class Machine:
    arn: str
    name: str
    type: str
    created_at: float
    revision: Revision
    tags: dict[str, str]
    status: str = "ACTIVE"
    logging: Json = None
    tracing: Json = None
    kms_key: str = ""
    versions: dict[int, Version] = field(default_factory=dict)
    last_version: int = 0
    # Alias to the versions it leads to, each with its weight.
    aliases: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


class Execution:
    __slots__ = (
        "arn",
        "cause",
        "error",
        "events",
        "input_text",
        "input_value",
        "kms_key",
        "machine",
        "map_run",
        "name",
        "order",
        "output_text",
        "redrive_count",
        "redriven_at",
        "revision",
        "root",
        "started_at",
        "started_by",
        "status",
        "stopped_at",
        "timer",
    )

    def __init__(
        self,
        arn: str,
        name: str,
        machine: Machine,
        text: str,
        value: Json,
        now: float,
        map_run: MapRun | None = None,
        started_by: Start | None = None,
    ) -> None:
        self.arn = arn
        self.name = name
        self.machine = machine
        self.map_run = map_run
        self.started_by = started_by
        self.kms_key = machine.kms_key
        self.revision = machine.revision
        if started_by is not None and started_by.version:
            self.revision = machine.versions[started_by.version].revision
        self.input_text = text
        self.input_value = value
        self.started_at = now
        self.status = "RUNNING"
        self.events: list[Event] = []
        self.order = 0
        self.output_text: str | None = None
        self.error: str | None = None
        self.cause: str | None = None
        self.stopped_at: float | None = None
        self.redrive_count = 0
        self.redriven_at: float | None = None
        self.root: Scope | None = None
        self.timer: Timer | None = None

    def text_of(self, value: Json) -> str:
        """The value as text; what is still the execution's input keeps the text it came with."""
        return self.input_text if value is self.input_value else render(value)


class Scope:
    """A running level: the machine itself, a branch of a Parallel, an iteration of a Map."""

    __slots__ = ("closed", "container", "done", "execution", "index", "item", "last", "level",
                 "variables", "visit")  # fmt: skip

    def __init__(
        self,
        execution: Execution,
        level: Level,
        container: ContainerVisit | None = None,
        index: int = 0,
        item: Json = None,
    ) -> None:
        self.execution = execution
        self.level = level
        self.container = container
        self.index = index
        self.item = item
        self.variables: dict[str, Json] | None = None
        self.visit: Visit | None = None
        self.last = 0
        self.closed = False
        self.done = False

    def visible_variables(self) -> dict[str, Json]:
        outer = self.container.scope.visible_variables() if self.container else {}
        return {**outer, **self.variables} if self.variables else outer


class Visit:
    """One entry into a state, until it is left; attempts of a retried state stay one visit."""

    __slots__ = ("attempts", "entered_at", "entry", "raw_input", "retries", "scope", "state",
                 "timer")  # fmt: skip

    def __init__(self, scope: Scope, state: State, raw_input: Json, now: float) -> None:
        self.scope = scope
        self.state = state
        self.raw_input = raw_input
        self.entered_at = now
        self.entry = 0  # the id of its StateEntered
        self.retries = 0
        self.attempts: dict[int, int] | None = None
        self.timer: Timer | None = None

    def close(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class TaskVisit(Visit):
    __slots__ = ("beat_timer", "child", "heartbeat", "last", "number", "open", "scheduled",
                 "serial", "timeout")  # fmt: skip

    def __init__(self, scope: Scope, state: State, raw_input: Json, now: float) -> None:
        super().__init__(scope, state, raw_input, now)
        self.number = 0  # of the token; 0 where the task has none
        self.scheduled = 0
        self.last = 0
        self.serial = 0
        self.open = False
        self.timeout: float | None = None
        self.heartbeat: float | None = None
        self.beat_timer: Timer | None = None
        self.child: Execution | None = None  # the execution whose end is this task's

    def close(self) -> None:
        super().close()
        self.open = False
        self.child = None
        if self.beat_timer is not None:
            self.beat_timer.cancel()
            self.beat_timer = None


class ContainerVisit(Visit):
    __slots__ = ("children", "concurrency", "data", "items", "map_run", "results", "started")

    def __init__(self, scope: Scope, state: State, raw_input: Json, now: float) -> None:
        super().__init__(scope, state, raw_input, now)
        self.children: list[Scope] = []
        self.results: dict[int, Json] = {}
        self.items: list[Json] = []
        self.map_run: MapRun | None = None
        self.data: Json = None
        self.concurrency = 0
        self.started = 0

    @property
    def noun(self) -> str:
        return self.state.type


VISITS: dict[str, type[Visit]] = {
    "Task": TaskVisit,
    "Map": ContainerVisit,
    "Parallel": ContainerVisit,
}
