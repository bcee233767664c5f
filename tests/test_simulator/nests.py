"""What the tests of nested executions do again and again."""

from __future__ import annotations

from typing import Any

from tests.simulator.control import Control
from tests.simulator.history import details_key
from tests.test_simulator.definitions import machine


def started(simulator: Control, state: dict[str, Any], given: Any = None) -> str:
    """The execution whose first state starts another one."""
    return simulator.start(simulator.create("parent", machine(Nest=state)), given)


def children(simulator: Control, child: str) -> list[str]:
    """All executions of the machine, the newest first."""
    found = simulator.call("ListExecutions", stateMachineArn=child)["executions"]
    return [str(one["executionArn"]) for one in found]


def answer(simulator: Control, execution: str, output: str = "{}") -> None:
    token = simulator.tokens(execution)[0]["token"]
    simulator.call("SendTaskSuccess", taskToken=token, output=output)


def fail(simulator: Control, execution: str, **why: str) -> None:
    token = simulator.tokens(execution)[0]["token"]
    simulator.call("SendTaskFailure", taskToken=token, **why)


def last(simulator: Control, execution: str, type_: str) -> Any:
    """The details of the execution's last event of a type."""
    event = [one for one in simulator.history(execution) if one["type"] == type_][-1]
    return event[details_key(type_)]
