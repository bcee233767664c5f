"""Names and ARNs: how they are made, which are refused, and the machines that they lead to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.simulator.errors import ServiceError
from tests.simulator.model import Machine

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

FORBIDDEN_IN_NAMES = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


def arn_of(engine: Engine, kind: str, name: str) -> str:
    return f"arn:aws:states:{engine.region}:{engine.account}:{kind}:{name}"


def check_name(name: str) -> None:
    if FORBIDDEN_IN_NAMES.search(name):
        raise ServiceError("InvalidName", f"Invalid Name: '{name}'")


def check_arn(arn: str, kind: str) -> None:
    if not re.fullmatch(rf"arn:[\w-]+:states:[\w-]+:\d{{12}}:{kind}:\S+", arn):
        raise ServiceError("InvalidArn", f"Invalid Arn: 'Resource type not valid: {arn}'")


def find_machine(machines: Mapping[str, Machine], arn: str) -> Machine:
    """Raises ServiceError where there is none, or the ARN is of something else."""
    check_arn(arn, "stateMachine")
    machine = machines.get(arn)
    if machine is None:
        raise no_machine(arn)
    return machine


def no_machine(arn: str) -> ServiceError:
    return ServiceError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
