"""Parallel and inline Map: levels within a state, and what one failure does to its siblings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.simulator import queries
from tests.simulator.asl import jsonata, template
from tests.simulator.asl.paths import NoResult, evaluate, parse_path
from tests.simulator.context import VisitDocuments
from tests.simulator.errors import QueryFailure, StateError, runtime
from tests.simulator.jsontext import Json, render
from tests.simulator.model import ContainerVisit, Scope, TaskVisit, Visit
from tests.simulator.states import (
    cause_of,
    enter,
    fail,
    fail_with,
    finish,
    record_failure,
)

if TYPE_CHECKING:
    from tests.simulator.engine import Engine


def run_parallel(engine: Engine, visit: Visit, previous: int) -> None:
    assert isinstance(visit, ContainerVisit)
    visit.data = queries.effective_input(engine, visit)
    visit.children, visit.results = [], {}
    visit.started = _record(engine, visit, "Started", previous)
    for index, level in enumerate(visit.state.levels):
        child = Scope(visit.scope.execution, level, visit, index)
        visit.children.append(child)
        engine.later(begin_child, visit, child, visit.started)


def run_map(engine: Engine, visit: Visit, previous: int) -> None:
    assert isinstance(visit, ContainerVisit)
    visit.data = queries.selected_input(engine, visit)
    visit.items = items_of(engine, visit)
    visit.concurrency = concurrency_of(engine, visit)
    visit.children, visit.results = [], {}
    details = {"length": len(visit.items)}
    visit.started = _record(engine, visit, "Started", previous, details)
    if not visit.items:
        engine.later(_succeed, visit, visit.started)
    first = visit.concurrency or len(visit.items)
    for _ in range(min(first, len(visit.items))):
        _start_iteration(engine, visit, visit.started)


def _record(engine: Engine, visit: Visit, what: str, previous: int, details: Json = None) -> int:
    event = f"{visit.state.type}State{what}"
    visit.scope.last = engine.record(visit.scope.execution, event, previous, details)
    return visit.scope.last


def items_of(engine: Engine, visit: ContainerVisit) -> list[Json]:
    if visit.state.is_jsonata:
        return _items_by_query(engine, visit)
    path = visit.state.raw.get("ItemsPath", "$")
    documents = VisitDocuments(engine, visit, visit.data)
    try:
        items = evaluate(parse_path(path), documents)
    except NoResult as exc:
        raise runtime(f"Invalid path '{path}' : No results for path: {exc.route}") from exc
    if not isinstance(items, list):
        raise runtime(
            f'Reference path "{path}" must point to array, but instead was: {render(items)}'
        )
    return items


def _items_by_query(engine: Engine, visit: ContainerVisit) -> list[Json]:
    written = visit.state.raw.get("Items")
    if written is not None:
        return list(jsonata.fill_as("array", written, queries.seen(engine, visit), "Items"))
    if not isinstance(visit.raw_input, list):
        shown = render(visit.raw_input)
        raise QueryFailure(f"Map state input must be an array but was: {shown}", None)
    return visit.raw_input


def concurrency_of(engine: Engine, visit: ContainerVisit) -> int:
    raw = visit.state.raw
    if "MaxConcurrencyPath" not in raw:
        return int(queries.number(engine, visit, raw.get("MaxConcurrency", 0), "MaxConcurrency"))
    path = raw["MaxConcurrencyPath"]
    documents = VisitDocuments(engine, visit, visit.data)
    value = template.lookup(path, documents, engine.dice, field="MaxConcurrencyPath")
    count = whole_number(value)
    if count is None or count < 0:
        shown = value if isinstance(value, str) else render(value)
        raise runtime(
            f'The MaxConcurrencyPath field refers to value "{shown}"'
            f" which is not a valid integer: {path}"
        )
    return count


def whole_number(value: Json) -> int | None:
    """A count as AWS reads it from a path: digits in a text will do (recorded)."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if type(value) is int else None


def _start_iteration(engine: Engine, visit: ContainerVisit, previous: int) -> None:
    index = len(visit.children)
    level = visit.state.levels[0]
    child = Scope(visit.scope.execution, level, visit, index, visit.items[index])
    visit.children.append(child)
    child.last = _record_iteration(engine, child, "Started", previous)
    engine.later(begin_child, visit, child, child.last)


def _record_iteration(engine: Engine, child: Scope, what: str, previous: int) -> int:
    assert child.container is not None
    details = {"index": child.index, "name": child.container.state.name}
    return engine.record(child.execution, f"MapIteration{what}", previous, details)


def begin_child(engine: Engine, visit: ContainerVisit, child: Scope, previous: int) -> None:
    """Enter the first state of a branch or an iteration."""
    if child.closed:
        return
    try:
        value = _child_input(engine, visit, child)
    except QueryFailure as error:
        leaf = record_failure(engine, visit, error, previous)
        child_failed(engine, child, error.error, cause_of(visit, error), leaf)
        return
    except StateError as error:
        child_failed(engine, child, error.error, error.cause, previous)
        return
    enter(engine, child, child.level.start_at, value, previous)


def _child_input(engine: Engine, visit: ContainerVisit, child: Scope) -> Json:
    if visit.state.type == "Parallel":
        return visit.data
    return item_input(engine, visit, child.index, child.item)


def item_input(engine: Engine, visit: ContainerVisit, index: int, item: Json) -> Json:
    """What the item becomes by ItemSelector, which was called Parameters once."""
    selector = visit.state.raw.get("ItemSelector", visit.state.raw.get("Parameters"))
    if selector is None:
        return item
    shown = {"Index": index, "Value": item}
    return queries.payload(engine, visit, selector, "ItemSelector", visit.data, item=shown)


def child_finished(engine: Engine, child: Scope, output: Json) -> None:
    visit = child.container
    assert visit is not None
    child.closed = child.done = True
    visit.results[child.index] = output
    leaf = child.last
    if visit.state.type == "Map":
        leaf = _record_iteration(engine, child, "Succeeded", child.last)
        if len(visit.children) < len(visit.items):
            # With MaxConcurrency the next iteration hangs on the end of the one before.
            _start_iteration(engine, visit, child.last)
            return
    if len(visit.results) == max(len(visit.children), len(visit.items)):
        engine.later(_succeed, visit, leaf)


def _succeed(engine: Engine, visit: ContainerVisit, leaf: int) -> None:
    if visit.scope.closed or visit.scope.visit is not visit:
        return
    _record(engine, visit, "Succeeded", leaf)
    visit.scope.last = leaf
    result = [visit.results[index] for index in sorted(visit.results)]
    try:
        finish(engine, visit, result, leaf)
    except StateError as error:
        fail(engine, visit, error, leaf)


def child_failed(
    engine: Engine, child: Scope, error: str | None, cause: str | None, leaf: int
) -> None:
    """The first failure ends all siblings; every event about that points to the failing leaf."""
    visit = child.container
    assert visit is not None
    for sibling in visit.children:
        if sibling is child:
            _record_failing(engine, child, leaf)
        elif not sibling.closed:
            abort_scope(engine, sibling, leaf)
    fail_with(engine, visit, error, cause, leaf, contained=True)


def _record_failing(engine: Engine, child: Scope, leaf: int) -> None:
    child.closed = True
    assert child.container is not None
    if child.container.state.type == "Map":
        _record_iteration(engine, child, "Failed", leaf)
    if isinstance(child.visit, TaskVisit) and child.visit.scheduled:
        engine.record(child.execution, "TaskStateAborted", leaf, None)


def abort_scope(engine: Engine, scope: Scope, leaf: int) -> None:
    """Close a level and all below it, with the events that say so."""
    if scope.container is not None and scope.container.state.type == "Map":
        _record_iteration(engine, scope, "Aborted", leaf)
    visit = scope.visit
    run = visit.map_run if isinstance(visit, ContainerVisit) else None
    was_running = run is not None and run.status == "RUNNING"
    close_scope(engine, scope)
    if was_running:
        engine.record(scope.execution, "MapRunAborted", leaf, None)
    if isinstance(visit, ContainerVisit):
        for child in visit.children:
            if not child.closed:
                abort_scope(engine, child, leaf)
    if visit is not None and visit.state.type in ("Task", "Wait", "Map", "Parallel"):
        engine.record(scope.execution, f"{visit.state.type}StateAborted", leaf, None)


def task_visits(scope: Scope) -> Iterator[TaskVisit]:
    """The tasks that a level and all below it stand at."""
    if isinstance(scope.visit, TaskVisit):
        yield scope.visit
    elif isinstance(scope.visit, ContainerVisit):
        for child in scope.visit.children:
            yield from task_visits(child)


def close_scope(engine: Engine, scope: Scope) -> None:
    """Void what waits in one level: its token, its timers, its nested execution."""
    scope.closed = True
    if scope.visit is None:
        return
    if isinstance(scope.visit, TaskVisit):
        engine.leave_nested(scope.visit)
    scope.visit.close()
    if isinstance(scope.visit, TaskVisit):
        engine.open_tasks.pop(scope.visit.number, None)
    elif isinstance(scope.visit, ContainerVisit) and scope.visit.map_run is not None:
        engine.abort_map_run(scope.visit.map_run)


def close_tree(engine: Engine, scope: Scope) -> None:
    """Close a level and all below it without a word, as the end of an execution does."""
    close_scope(engine, scope)
    if isinstance(scope.visit, ContainerVisit):
        for child in scope.visit.children:
            if not child.done:
                close_tree(engine, child)
