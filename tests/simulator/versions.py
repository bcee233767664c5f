"""Versions of a state machine, which never change, and the aliases that lead to one of two."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.simulator.model import Machine, Revision


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    revision: Revision
    created_at: float


@dataclass(frozen=True, slots=True)
class Start:
    """By what an execution was started: nothing, a version, or an alias that led to one."""

    version: int = 0
    alias: str = ""

    def marks(self, machine_arn: str) -> dict[str, str]:
        """As executions show it."""
        found = {}
        if self.version:
            found["stateMachineVersionArn"] = f"{machine_arn}:{self.version}"
        if self.alias:
            found["stateMachineAliasArn"] = f"{machine_arn}:{self.alias}"
        return found


def split(arn: str) -> tuple[str, str]:
    """The state machine's own ARN, and the version or alias behind it, or ""."""
    parts = arn.split(":")
    return ":".join(parts[:7]), ":".join(parts[7:])


def find_version(machine: Machine, qualifier: str) -> Version | None:
    number = int(qualifier) if qualifier.isdecimal() else 0
    return machine.versions.get(number)


def start_by(machine: Machine, qualifier: str, dice: random.Random) -> Start:
    """Raises KeyError for a version or alias that there is not."""
    if not qualifier:
        return Start()
    if qualifier.isdecimal():
        return Start(version=machine.versions[int(qualifier)].number)
    numbers, weights = zip(*machine.aliases[qualifier], strict=True)
    return Start(version=dice.choices(numbers, weights)[0], alias=qualifier)
