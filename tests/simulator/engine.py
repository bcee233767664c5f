"""The state of the whole simulated service, moved by commands and by the clock alone."""

from __future__ import annotations

import gc
import random
import uuid
from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.simulator import (
    containers,
    distributed,
    jsonata_states,
    jsonpath_states,
    nested,
    states,
    tasks,
)
from tests.simulator.catalogue import Catalogue
from tests.simulator.clock import Timer, Timers
from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json, parse, render
from tests.simulator.listing import ExecutionIndex
from tests.simulator.maprun import MapRun
from tests.simulator.model import (
    DELETING,
    Event,
    Execution,
    Machine,
    Scope,
    TaskVisit,
    Visit,
)
from tests.simulator.outcomes import Outcomes, default_result
from tests.simulator.redrive import obstacle, resume
from tests.simulator.tokens import TokenMint
from tests.simulator.versions import Start, start_by

MAX_EVENTS = 25_000


class Engine(Catalogue):
    """What is done to it from outside is a command: its arguments are plain JSON, it is recorded
    for the journal, and repeating the recorded commands gives the same state."""

    def __init__(self, *, seed: str, region: str, account: str) -> None:
        super().__init__()
        self.region = region
        self.account = account
        self.mint = TokenMint(seed)
        self.dice = random.Random(seed)
        self.executions: dict[str, Execution] = {}
        self.map_runs: dict[str, MapRun] = {}
        self.map_runs_of: dict[str, list[MapRun]] = {}  # by the parent execution's ARN
        self.open_tasks: dict[int, TaskVisit] = {}
        # By the ARN of a nested execution: the attempts that end with it.
        self.watched: dict[str, list[tuple[TaskVisit, int]]] = {}
        self.token_homes: list[Execution] = []
        self.token_events = array("L")
        self.outcomes = Outcomes()
        working: dict[str, states.Handler] = {
            "Task": tasks.run_task,
            "Map": _run_map,
            "Parallel": containers.run_parallel,
        }
        self.handlers = {**jsonpath_states.HANDLERS, **working}
        self.jsonata_handlers = {**jsonata_states.HANDLERS, **working}
        self._timers = Timers()
        self._queue: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._orders = 0
        self._seed = seed
        self._uuids = 0

    # -- time ---------------------------------------------------------------------------------

    def run_until(self, moment: float) -> None:
        """Let everything happen that is due by the moment, each at its own time."""
        while (due := self._timers.next_due()) is not None and due <= moment:
            self.now = max(self.now, due)
            for action in self._timers.take_due(due):
                action()
            self._settle()
        self.now = max(self.now, moment)

    def next_due(self) -> float | None:
        return self._timers.next_due()

    def timer_in(self, seconds: float, action: Callable[[], None]) -> Timer:
        return self._timers.at(self.now + seconds, action)

    def timer_at(self, moment: float, action: Callable[[], None]) -> Timer:
        return self._timers.at(moment, action)

    def later(self, step: Callable[..., None], *arguments: Any) -> None:
        self._queue.append((step, arguments))

    def _settle(self) -> None:
        queue = self._queue
        while queue:
            step, arguments = queue.popleft()
            step(self, *arguments)

    # -- executions ---------------------------------------------------------------------------

    def _will_change(self, execution: Execution) -> None:
        if self.lag > 0:
            self._index(execution).will_change(execution, self.now, self.listed_at)

    def _index(self, execution: Execution) -> ExecutionIndex:
        """The list that the execution is in: a child is in its Map Run's alone."""
        if execution.map_run is not None:
            return execution.map_run.index
        return self.indexes[execution.machine.arn]

    def start(
        self, machine_arn: str, arn: str, name: str, text: str, qualifier: str = ""
    ) -> Execution:
        """`qualifier`: the version or alias by which it is started."""
        machine = self.machines[machine_arn]
        by = start_by(machine, qualifier, self.dice)
        execution = self.begin(machine, arn, name, text, parse(text), by=by)
        given = {"machine_arn": machine_arn, "arn": arn, "name": name, "text": text}
        self._record_command("start", {**given, "qualifier": qualifier})
        self._settle()
        return execution

    def start_many(
        self, machine_arn: str, arn_prefix: str, name_prefix: str, count: int, text: str
    ) -> None:
        """Start `count` executions that share one input; names are the prefix and a number."""
        machine, value = self.machines[machine_arn], parse(text)
        collecting = gc.isenabled()
        gc.disable()  # nothing here is garbage, and the collector would walk it all many times
        try:
            for number in range(count):
                name = f"{name_prefix}{number:06d}"
                self.begin(machine, arn_prefix + name, name, text, value)
                self._settle()
        finally:
            if collecting:
                gc.enable()
        self._record_command(
            "start_many",
            {
                "machine_arn": machine_arn,
                "arn_prefix": arn_prefix,
                "name_prefix": name_prefix,
                "count": count,
                "text": text,
            },
        )

    def begin(
        self,
        machine: Machine,
        arn: str,
        name: str,
        text: str,
        value: Json,
        run: MapRun | None = None,
        by: Start | None = None,
    ) -> Execution:
        execution = Execution(arn, name, machine, text, value, self.now, run, by)
        self.executions[arn] = execution
        self._will_change(execution)
        self._reorder(execution)
        self._index(execution).place(execution, moved=True)
        self.record(execution, "ExecutionStarted", 0, self._started_details(execution))
        level = execution.revision.level
        execution.root = Scope(execution, level)
        self._watch_timeout(execution)
        self.later(states.enter, execution.root, level.start_at, value, 0)
        return execution

    def _started_details(self, execution: Execution) -> dict[str, Json]:
        details = {
            "input": execution.input_text,
            "roleArn": execution.revision.role_arn,
        }
        return self._shared(execution, "started", details)

    def entered_details(self, execution: Execution, name: str, value: Json) -> dict[str, Json]:
        text = execution.text_of(value)
        details = {"input": text, "name": name}
        if value is execution.input_value:
            return self._shared(execution, name, details)
        return details

    def _shared(self, execution: Execution, kind: str, details: dict[str, Json]) -> dict[str, Json]:
        """One dictionary for all executions of a revision that say the same."""
        shared = execution.revision.shared
        kept = shared.get(kind)
        if kept is None or kept["input"] is not details["input"]:
            shared[kind] = kept = details
        return kept

    def _reorder(self, execution: Execution) -> None:
        self._orders += 1
        execution.order = self._orders

    def _watch_timeout(self, execution: Execution) -> None:
        seconds = execution.revision.timeout
        if seconds is not None:
            execution.timer = self.timer_in(seconds, lambda: self._time_out(execution))

    def record(
        self,
        execution: Execution,
        type_: str,
        previous: int,
        details: dict[str, Json] | None,
    ) -> int:
        """Append one event; returns its id."""
        execution.events.append(Event._make((type_, previous, self.now, details)))
        count = len(execution.events)
        if count == MAX_EVENTS - 1 and execution.status == "RUNNING":
            self._end(
                execution,
                "FAILED",
                count,
                error="States.Runtime",
                cause="The execution reached the maximum number of history events (25000).",
            )
        return count

    # -- ends ---------------------------------------------------------------------------------

    def finish_scope(self, scope: Scope, output: Json, text: str) -> None:
        if scope.container is not None:
            containers.child_finished(self, scope, output)
            return
        scope.execution.output_text = text
        scope.done = True
        self._end(scope.execution, "SUCCEEDED", scope.last)

    def fail_scope(self, scope: Scope, error: str | None, cause: str | None, leaf: int) -> None:
        if scope.container is not None:
            containers.child_failed(self, scope, error, cause, leaf)
        else:
            self._end(scope.execution, "FAILED", leaf, error=error, cause=cause)

    def _time_out(self, execution: Execution) -> None:
        self._end(execution, "TIMED_OUT", 0)

    def _end(
        self,
        execution: Execution,
        status: str,
        previous: int,
        *,
        error: str | None = None,
        cause: str | None = None,
    ) -> None:
        if execution.status != "RUNNING":
            return
        self._will_change(execution)
        execution.status = status
        execution.error, execution.cause = error, cause
        execution.stopped_at = self.now
        if execution.root is not None:
            containers.close_tree(self, execution.root)
        if execution.timer is not None:
            execution.timer.cancel()
            execution.timer = None
        details = {"output": execution.output_text, "error": error, "cause": cause}
        present = {key: value for key, value in details.items() if value is not None}
        self.record(execution, _ENDINGS[status], previous, present)
        if status == "SUCCEEDED":
            execution.root = None
        # A list has what ended by its end, and only what runs by its start.
        self._reorder(execution)
        self._index(execution).place(execution, moved=True, was="RUNNING")
        if execution.map_run is not None:
            self.later(distributed.child_ended, execution)
        for visit, serial in self.watched.pop(execution.arn, ()):
            self.later(nested.child_ended, execution, visit, serial)
        machine = execution.machine
        if machine.status == DELETING and not self.runs_in(machine.arn):
            self.remove_machine(machine.arn)

    def stop(self, arn: str, error: str | None, cause: str | None) -> None:
        """End a running execution at once; a closed one stays as it is."""
        execution = self.executions[arn]
        self._end(execution, "ABORTED", 0, error=error, cause=cause)
        self._record_command("stop", {"arn": arn, "error": error, "cause": cause})
        self._settle()

    def redrive(self, arn: str) -> None:
        self.reopen(self.executions[arn])
        self._record_command("redrive", {"arn": arn})
        self._settle()

    def reopen(self, execution: Execution) -> None:
        """Let a closed execution go on from where it stopped."""
        was = execution.status
        self._will_change(execution)
        execution.status = "RUNNING"
        execution.error = execution.cause = execution.output_text = None
        execution.stopped_at = None
        execution.redrive_count += 1
        execution.redriven_at = self.now
        self._reorder(execution)
        self._index(execution).place(execution, moved=True, was=was)
        details = {"redriveCount": execution.redrive_count}
        last = len(execution.events)
        redriven = self.record(execution, "ExecutionRedriven", last, details)
        self._watch_timeout(execution)
        assert execution.root is not None
        resume(self, execution.root, redriven)

    def redrive_obstacle(self, execution: Execution) -> str | None:
        return obstacle(execution, self.now)

    # -- nested executions --------------------------------------------------------------------

    def start_nested(self, visit: TaskVisit) -> None:
        nested.begin(self, visit)

    def leave_nested(self, visit: TaskVisit) -> None:
        nested.abandon(self, visit)

    # -- Map Runs -----------------------------------------------------------------------------

    def open_map_run(self, run: MapRun) -> None:
        self.map_runs[run.arn] = run
        self.map_runs_of.setdefault(run.execution.arn, []).append(run)

    def abort_map_run(self, run: MapRun) -> None:
        distributed.abort(self, run)

    def end(self, execution: Execution, status: str, cause: str | None = None) -> None:
        """End an execution of the engine's own accord, where it still runs."""
        self._end(execution, status, 0, cause=cause)

    def set_status(self, execution: Execution, status: str) -> None:
        """Give another status to a closed execution, which keeps its place in lists."""
        was = execution.status
        self._will_change(execution)
        execution.status = status
        self._index(execution).place(execution, moved=False, was=was)

    def new_uuid(self) -> str:
        """The next identifier, the same when commands are repeated."""
        self._uuids += 1
        name = f"{self._seed}/{self._uuids}"
        return str(uuid.uuid5(uuid.NAMESPACE_OID, name))

    def add_event(self, arn: str, type_: str, previous: int, details: dict[str, Json]) -> int:
        """Append an event that nothing here would write, for those who must survive it."""
        given = {"arn": arn, "type_": type_, "previous": previous, "details": details}
        self._record_command("add_event", given)
        return self.record(self.executions[arn], type_, previous, details)

    # -- tasks --------------------------------------------------------------------------------

    def new_token_number(self, visit: TaskVisit) -> int:
        """The next token's number; whose it is stays known when it is spent."""
        self.token_homes.append(visit.scope.execution)
        self.token_events.append(len(visit.scope.execution.events) + 1)
        return len(self.token_homes)

    def open_tasks_of(self, arn: str) -> list[TaskVisit]:
        """The tasks of one execution that an answer can close, the oldest first."""
        execution = self.executions.get(arn)
        if execution is None or execution.root is None:
            return []
        visits = containers.task_visits(execution.root)
        found = [visit for visit in visits if self.open_tasks.get(visit.number) is visit]
        return sorted(found, key=lambda visit: visit.number)

    def home_of(self, token: str) -> tuple[Execution, int] | None:
        """The execution and the scheduled event of any token that was ever given out."""
        number = self.mint.number(token)
        if number is None or not 0 < number <= len(self.token_homes):
            return None
        return self.token_homes[number - 1], self.token_events[number - 1]

    def task_of(self, token: str) -> TaskVisit:
        """The open task of a token; raises ServiceError as AWS names each other case."""
        number = self.mint.number(token)
        if number is None or not 0 < number <= len(self.token_homes):
            raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")
        visit = self.open_tasks.get(number)
        if visit is None:
            raise ServiceError(
                "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"
            )
        return visit

    def succeed_task(self, number: int, output: str) -> None:
        tasks.close_succeeded(self, self.open_tasks[number], output)
        self._record_command("succeed_task", {"number": number, "output": output})
        self._settle()

    def fail_task(self, number: int, error: str | None, cause: str | None) -> None:
        tasks.close_failed(self, self.open_tasks[number], error, cause)
        self._record_command("fail_task", {"number": number, "error": error, "cause": cause})
        self._settle()

    def beat_task(self, number: int) -> None:
        tasks.restart_heartbeat(self, self.open_tasks[number])
        self._record_command("beat_task", {"number": number})

    def start_activity(self, number: int, worker: str | None) -> None:
        tasks.start_activity(self, self.open_tasks[number], worker)
        self._record_command("start_activity", {"number": number, "worker": worker})

    def set_outcome(self, rule: dict[str, Json]) -> None:
        self.outcomes.add(rule)
        self._record_command("set_outcome", {"rule": rule})

    def outcome(self, visit: TaskVisit) -> tasks.Outcome | None:
        return self.outcomes.find(visit)

    def default_result(self, visit: TaskVisit) -> str:
        return render(default_result(visit))


def _run_map(engine: Engine, visit: Visit, previous: int) -> None:
    if visit.state.child_type:
        distributed.run_distributed(engine, visit, previous)
    else:
        containers.run_map(engine, visit, previous)


_ENDINGS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "ABORTED": "ExecutionAborted",
    "TIMED_OUT": "ExecutionTimedOut",
}
