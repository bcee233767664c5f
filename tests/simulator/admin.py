"""The routes under /_simulator/: what tests and the demo ask of the simulator itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulator.calls import sha256
from tests.simulator.errors import ServiceError
from tests.simulator.history import wire_history
from tests.simulator.jsontext import Json
from tests.simulator.model import Execution, TaskVisit
from tests.simulator.paging import DAY
from tests.simulator.simulator import Simulator

Arguments = dict[str, Json]


def health(simulator: Simulator, _: Arguments) -> Json:
    return {"ready": True, "now": simulator.clock.now()}


def now(simulator: Simulator, _: Arguments) -> Json:
    return {"now": simulator.catch_up()}


def advance(simulator: Simulator, given: Arguments) -> Json:
    return {"now": simulator.advance(float(given["seconds"]))}


def reset(simulator: Simulator, _: Arguments) -> Json:
    simulator.reset()
    return {}


def start_many(simulator: Simulator, given: Arguments) -> Json:
    """Start `count` executions at once; those that exist already are an error."""
    simulator.catch_up()
    engine = simulator.engine
    machine = engine.machines.get(given["stateMachineArn"])
    if machine is None:
        raise ServiceError("StateMachineDoesNotExist", str(given["stateMachineArn"]))
    prefix = f"arn:aws:states:{engine.region}:{engine.account}:execution:{machine.name}:"
    names = str(given.get("name_prefix", "run-"))
    if f"{prefix}{names}000000" in engine.executions:
        raise ServiceError("ExecutionAlreadyExists", f"{prefix}{names}000000")
    engine.start_many(
        machine.arn, prefix, names, int(given["count"]), str(given.get("input", "{}"))
    )
    return {"prefix": prefix + names, "running": len(engine.open_tasks)}


def fault(simulator: Simulator, given: Arguments) -> Json:
    return {"id": simulator.faults.add(given).id}


def faults(simulator: Simulator, _: Arguments) -> Json:
    return {"faults": simulator.faults.shown()}


def clear_faults(simulator: Simulator, _: Arguments) -> Json:
    simulator.faults.clear()
    return {}


def held(simulator: Simulator, _: Arguments) -> Json:
    return {"held": simulator.faults.held()}


def release(simulator: Simulator, given: Arguments) -> Json:
    return {"released": simulator.faults.release(given.get("fault"))}


def calls(simulator: Simulator, given: Arguments) -> Json:
    wanted = (given.get("operation"), given.get("execution"), int(given.get("after", 0)))
    return {"calls": simulator.calls.find(*wanted)}


def counts(simulator: Simulator, _: Arguments) -> Json:
    return {"counts": dict(simulator.calls.counts)}


def quotas(simulator: Simulator, given: Arguments) -> Json:
    buckets = {name: tuple(pair) for name, pair in given.get("buckets", {}).items()}
    simulator.quotas.configure(enabled=bool(given["enabled"]), buckets=buckets)
    return {}


def lag(simulator: Simulator, given: Arguments) -> Json:
    """Let ListExecutions, ListStateMachines and DescribeStateMachine show changes late."""
    simulator.catch_up()
    simulator.engine.set_lag(float(given["seconds"]))
    return {}


def expire_pages(simulator: Simulator, given: Arguments) -> Json:
    """Make the page tokens so far invalid; `lifetime` is that of those to come, in seconds."""
    simulator.catch_up()
    simulator.engine.expire_pages(float(given.get("lifetime", DAY)))
    return {}


def outcome(simulator: Simulator, given: Arguments) -> Json:
    """Say what tasks do: machine, state, resource (each optional), times, kind and its fields."""
    simulator.catch_up()
    simulator.engine.set_outcome(given)
    return {}


def tokens(simulator: Simulator, given: Arguments) -> Json:
    """The open tasks of one execution, or of all, each with its token."""
    simulator.catch_up()
    if given.get("execution") is None:
        visits = list(simulator.engine.open_tasks.values())
    else:
        visits = simulator.engine.open_tasks_of(str(given["execution"]))
    return {"tokens": [_open_task(simulator, visit) for visit in visits]}


def _open_task(simulator: Simulator, visit: TaskVisit) -> dict[str, Any]:
    token = simulator.engine.mint.token(visit.number)
    return {
        "token": token,
        "token_sha256": sha256(token),
        "execution_arn": visit.scope.execution.arn,
        "state": visit.state.name,
        "event_id": visit.scheduled,
        "redrive_count": visit.scope.execution.redrive_count,
    }


def execution(simulator: Simulator, given: Arguments) -> Json:
    found = _execution(simulator, given)
    return simulator.service.call("DescribeExecution", {"executionArn": found.arn})


def history(simulator: Simulator, given: Arguments) -> Json:
    """The whole history, however long."""
    found = _execution(simulator, given)
    ids = range(1, len(found.events) + 1)
    return {"events": wire_history(found, ids, simulator.engine.mint)}


def add_event(simulator: Simulator, given: Arguments) -> Json:
    """A history that the real service might write one day, or a broken one."""
    found = _execution(simulator, given)
    event_id = simulator.engine.add_event(
        found.arn, given["type"], int(given["previous"]), given["details"]
    )
    return {"id": event_id}


def _execution(simulator: Simulator, given: Arguments) -> Execution:
    simulator.catch_up()
    arn = str(given["execution"])
    found = simulator.engine.executions.get(arn)
    if found is None:
        raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return found


ACTIONS: dict[str, Callable[[Simulator, Arguments], Json]] = {
    action.__name__: action
    for action in (
        health,
        now,
        advance,
        reset,
        start_many,
        fault,
        faults,
        clear_faults,
        held,
        release,
        calls,
        counts,
        quotas,
        lag,
        expire_pages,
        outcome,
        tokens,
        execution,
        history,
        add_event,
    )
}
