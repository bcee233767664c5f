"""Versions of a state machine: what an execution runs on that was started by one, or by an alias.

A version never changes, so each costs one call, however many executions run on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callbacks.models import Definition, StateMachine, StateMachineVersion
from callbacks.stepfunctions import NotFound, StepFunctionsError
from callbacks.sync.asking import Asking
from callbacks.sync.definitions import keep_definition

DESCRIBE = "DescribeStateMachine"


@dataclass(frozen=True, slots=True)
class _Known:
    definition: Definition
    created_at: datetime | None

    def is_of(self, started_at: datetime) -> bool:
        """Not of a later machine of the same name, whose versions are counted from 1 again."""
        return self.created_at is None or self.created_at <= started_at


class Versions:
    """Asks for each version once; what AWS refuses is not asked again in this pass."""

    def __init__(self, *, asking: Asking) -> None:
        self._asking = asking
        self._known: dict[tuple[UUID, str], _Known | None] = {}

    def definition_of(
        self, *, machine: StateMachine, number: str, started_at: datetime
    ) -> Definition | None:
        """The definition of this version; None where AWS does not tell now, or it is gone."""
        key = (machine.pk, number)
        if key not in self._known:
            stored = _stored(machine, number)
            if stored is None and not self._asking.purse.allows(DESCRIBE):
                return None
            self._known[key] = stored or self._asked(machine, number)
        found = self._known[key]
        return found.definition if found is not None and found.is_of(started_at) else None

    def keep(self, *, machine: StateMachine, number: str, definition: Definition) -> None:
        """What AWS said of an execution of a version that it no longer describes by itself."""
        if self._known.get((machine.pk, number)) is None:
            self._known[machine.pk, number] = _keep(machine, number, _Known(definition, None))

    def _asked(self, machine: StateMachine, number: str) -> _Known | None:
        try:
            detail = self._asking.reader.describe_state_machine(arn=f"{machine.arn}:{number}")
        except NotFound:
            return None
        except StepFunctionsError as exc:
            self._asking.note(exc)
            return None
        definition = keep_definition(text=detail.definition)
        return _keep(machine, number, _Known(definition, detail.created_at))


def forget_versions(machines: list[UUID]) -> None:
    """Of machines that were made anew under the same name."""
    StateMachineVersion.objects.filter(state_machine__in=machines).delete()
    StateMachine.objects.filter(pk__in=machines).update(
        versions_wait=False,
        could_wait=False,
        survey_next_at=None,
        survey_upto=None,
        survey_began_at=None,
        survey_token="",
    )


def _stored(machine: StateMachine, number: str) -> _Known | None:
    rows = StateMachineVersion.objects.select_related("definition")
    found = rows.filter(state_machine=machine, number=number).first()
    return _Known(found.definition, found.created_at) if found is not None else None


def _keep(machine: StateMachine, number: str, known: _Known) -> _Known:
    StateMachineVersion.objects.bulk_create(
        [
            StateMachineVersion(
                state_machine=machine,
                number=number,
                definition=known.definition,
                created_at=known.created_at,
            )
        ],
        ignore_conflicts=True,
    )
    if known.definition.can_wait and not machine.versions_wait:
        machine.versions_wait = True
        machine.save(update_fields=["versions_wait"])
    return known
