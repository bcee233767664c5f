"""StartExecution, whoever calls it: what it checks, and the execution that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import parse
from tests.simulator.model import DELETING, Execution, Machine
from tests.simulator.names import arn_of, check_name, find_machine, no_machine
from tests.simulator.versions import find_version, split

if TYPE_CHECKING:
    from tests.simulator.engine import Engine


@dataclass(frozen=True, slots=True)
class Wanted:
    """An execution that may be started."""

    machine: Machine
    qualifier: str  # the version or alias, or ""
    arn: str
    name: str
    text: str  # its input


def wanted_start(engine: Engine, machine_arn: str, name: str, text: str) -> Wanted:
    """The execution that is asked for; raises ServiceError as AWS refuses it."""
    arn, qualifier = split(machine_arn)
    machine = find_machine(engine.machines, arn)
    is_known = find_version(machine, qualifier) or qualifier in machine.aliases
    if qualifier and not is_known:
        raise no_machine(machine_arn)
    if machine.status == DELETING:
        raise ServiceError("StateMachineDeleting", f"State Machine is deleting: '{arn}'")
    check_name(name)
    try:
        parse(text)
    except ValueError as exc:
        words = f"Invalid State Machine Execution Input: '{exc}'"
        raise ServiceError("InvalidExecutionInput", words) from exc
    its_arn = arn_of(engine, "execution", f"{machine.name}:{name}")
    return Wanted(machine, qualifier, its_arn, name, text)


def running_twin(engine: Engine, wanted: Wanted) -> Execution | None:
    """The execution that runs already with this name and input, which a second start comes to;
    raises ServiceError where the name is taken otherwise."""
    twin = engine.executions.get(wanted.arn)
    if twin is not None and (twin.status != "RUNNING" or twin.input_text != wanted.text):
        raise ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{wanted.arn}'")
    return twin
