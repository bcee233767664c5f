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
from tests.simulator.place import Place

Arguments = dict[str, Json]


def health(place: Place, _: Arguments) -> Json:
    return {"ready": True, "now": place.simulator.clock.now()}


def now(place: Place, _: Arguments) -> Json:
    return {"now": place.simulator.catch_up()}


def advance(place: Place, given: Arguments) -> Json:
    return {"now": place.simulator.advance(float(given["seconds"]))}


def reset(place: Place, _: Arguments) -> Json:
    place.simulator.reset()
    return {}


def separate(place: Place, _: Arguments) -> Json:
    """Tell accounts and regions apart from now on, and answer for STS."""
    place.simulator.separate()
    return {}


def require_external_id(place: Place, given: Arguments) -> Json:
    place.simulator.require_external_id(given["role_arn"], given["external_id"])
    return {}


def expire_sessions(place: Place, _: Arguments) -> Json:
    """End all credentials that AssumeRole has given out so far."""
    place.simulator.expire_sessions()
    return {}


def start_many(place: Place, given: Arguments) -> Json:
    """Start `count` executions at once; those that exist already are an error."""
    place.simulator.catch_up()
    engine = place.engine
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


def fault(place: Place, given: Arguments) -> Json:
    return {"id": place.faults.add(given).id}


def faults(place: Place, _: Arguments) -> Json:
    return {"faults": place.faults.shown()}


def clear_faults(place: Place, _: Arguments) -> Json:
    place.faults.clear()
    return {}


def held(place: Place, _: Arguments) -> Json:
    return {"held": place.faults.held()}


def release(place: Place, given: Arguments) -> Json:
    return {"released": place.faults.release(given.get("fault"))}


def calls(place: Place, given: Arguments) -> Json:
    wanted = (given.get("operation"), given.get("execution"), int(given.get("after", 0)))
    return {"calls": place.calls.find(*wanted)}


def counts(place: Place, _: Arguments) -> Json:
    return {"counts": dict(place.calls.counts)}


def quotas(place: Place, given: Arguments) -> Json:
    buckets = {name: tuple(pair) for name, pair in given.get("buckets", {}).items()}
    place.quotas.configure(enabled=bool(given["enabled"]), buckets=buckets)
    return {}


def lag(place: Place, given: Arguments) -> Json:
    """Let ListExecutions, ListStateMachines and DescribeStateMachine show changes late."""
    place.simulator.catch_up()
    place.engine.set_lag(float(given["seconds"]))
    return {}


def expire_pages(place: Place, given: Arguments) -> Json:
    """Make the page tokens so far invalid; `lifetime` is that of those to come, in seconds."""
    place.simulator.catch_up()
    place.engine.expire_pages(float(given.get("lifetime", DAY)))
    return {}


def outcome(place: Place, given: Arguments) -> Json:
    """Say what tasks do: machine, state, resource (each optional), times, kind and its fields."""
    place.simulator.catch_up()
    place.engine.set_outcome(given)
    return {}


def put_object(place: Place, given: Arguments) -> Json:
    place.simulator.catch_up()
    place.engine.put_object(str(given["bucket"]), str(given["key"]), str(given["text"]))
    return {}


def key(place: Place, given: Arguments) -> Json:
    """Say how a key of one's own stands for callers: usable, denied, disabled or busy."""
    place.simulator.catch_up()
    place.engine.set_key(str(given["key"]), str(given["standing"]))
    return {}


def slow_deletion(place: Place, given: Arguments) -> Json:
    """Delete machines as AWS does, or let them be gone at once."""
    place.simulator.catch_up()
    place.engine.set_slow_deletion(bool(given["on"]))
    return {}


def tokens(place: Place, given: Arguments) -> Json:
    """The open tasks of one execution, or of all, each with its token."""
    place.simulator.catch_up()
    if given.get("execution") is None:
        visits = list(place.engine.open_tasks.values())
    else:
        visits = place.engine.open_tasks_of(str(given["execution"]))
    return {"tokens": [_open_task(place, visit) for visit in visits]}


def _open_task(place: Place, visit: TaskVisit) -> dict[str, Any]:
    token = place.engine.mint.token(visit.number)
    return {
        "token": token,
        "token_sha256": sha256(token),
        "execution_arn": visit.scope.execution.arn,
        "state": visit.state.name,
        "event_id": visit.scheduled,
        "redrive_count": visit.scope.execution.redrive_count,
    }


def execution(place: Place, given: Arguments) -> Json:
    found = _execution(place, given)
    return place.service.call("DescribeExecution", {"executionArn": found.arn})


def history(place: Place, given: Arguments) -> Json:
    """The whole history, however long."""
    found = _execution(place, given)
    ids = range(1, len(found.events) + 1)
    return {"events": wire_history(found, ids, place.engine.mint)}


def add_event(place: Place, given: Arguments) -> Json:
    """A history that the real service might write one day, or a broken one."""
    found = _execution(place, given)
    event_id = place.engine.add_event(
        found.arn, given["type"], int(given["previous"]), given["details"]
    )
    return {"id": event_id}


def _execution(place: Place, given: Arguments) -> Execution:
    place.simulator.catch_up()
    arn = str(given["execution"])
    found = place.engine.executions.get(arn)
    if found is None:
        raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return found


ACTIONS: dict[str, Callable[[Place, Arguments], Json]] = {
    action.__name__: action
    for action in (
        health,
        now,
        advance,
        reset,
        separate,
        require_external_id,
        expire_sessions,
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
        put_object,
        key,
        slow_deletion,
        tokens,
        execution,
        history,
        add_event,
    )
}
