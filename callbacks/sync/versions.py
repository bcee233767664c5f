"""Versions of a state machine: what an execution runs on that was started by one, or by an alias.

A version never changes, so each costs one call, however many executions run on it. It may wait
where today's definition cannot: such a machine is listed like those that can.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from callbacks.models import MAY_WAIT, Connection, Definition, StateMachine, StateMachineVersion
from callbacks.stepfunctions import NotFound, StepFunctionsError
from callbacks.stepfunctions.rights import LIST_DENIED
from callbacks.sync.asking import Asking
from callbacks.sync.definitions import keep_definition
from callbacks.sync.plan import RUNNING
from callbacks.sync.schedule import Survey, surveys_due

DESCRIBE, LIST = "DescribeStateMachine", "ListExecutions"
# Of a machine in which nobody waits today, one page of what runs is looked at this seldom: one that
# never changed has no version but of today's definition.
SURVEY_EVERY = timedelta(hours=6)
# One that has changed may have versions of other times ...
SURVEY_CHANGED_EVERY = timedelta(minutes=15)
# ... and where somebody could wait once, or versions are in use, somebody may wait in one now.
SURVEY_VERSIONED_EVERY = timedelta(minutes=3)
SURVEYED = 100


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


def in_doubt(rows: QuerySet[StateMachine]) -> QuerySet[StateMachine]:
    """Of these, those in which nobody can wait today, but perhaps in a version of another time."""
    known = Exists(StateMachineVersion.objects.filter(state_machine=OuterRef("pk")))
    rows = rows.filter(~MAY_WAIT, definition__isnull=False)
    return rows.filter(Q(could_wait=True) | ~Q(revision_id="") | known)


def to_survey(*, connection: Connection, now: datetime) -> list[StateMachine]:
    """Return machines in which nobody waits as far as is known, the most urgent first: two
    queries.

    That is whose versions have been unasked for longest, by how often each is to be asked.
    """
    stale = Q(surveyed_at=None) | Q(surveyed_at__lt=now - SURVEY_VERSIONED_EVERY)
    rows = StateMachine.objects.without_map_runs().filter(connection=connection, gone_at=None)
    rows = rows.filter(stale, ~MAY_WAIT, definition__isnull=False).order_by("id")
    rows = rows.filter(Q(problem="") | Q(problem__startswith=LIST_DENIED))
    known = StateMachineVersion.objects.filter(state_machine__connection=connection)
    with_versions = set(known.values_list("state_machine", flat=True).distinct())
    return surveys_due([(row, _facts(row, row.pk in with_versions)) for row in rows], now=now)


def last_survey(connection: Connection) -> datetime | None:
    """When a machine of the connection was last surveyed."""
    rows = StateMachine.objects.filter(connection=connection)
    at: datetime | None = rows.aggregate(at=Max("surveyed_at"))["at"]
    return at


def _facts(machine: StateMachine, has_versions: bool) -> Survey:
    is_versioned = machine.could_wait or has_versions
    changed = SURVEY_CHANGED_EVERY if machine.revision_id else SURVEY_EVERY
    return Survey(
        every=SURVEY_VERSIONED_EVERY if is_versioned else changed,
        surveyed_at=machine.surveyed_at,
        known_since=machine.revision_since,
        is_urgent=is_versioned,
    )


def survey(*, asking: Asking, machine: StateMachine, now: datetime) -> bool:
    """Look by which versions executions of this machine run; whether somebody may wait in one.

    Raises StepFunctionsError.
    """
    # Also where it is refused: the next try is not the next pass.
    machine.surveyed_at = now
    machine.save(update_fields=["surveyed_at"])
    page = asking.reader.execution_page(list_of=machine.arn, status=RUNNING, limit=SURVEYED)
    if machine.problem:
        machine.problem = ""
        machine.save(update_fields=["problem"])
    versions = Versions(asking=asking)
    for line in page.executions:
        if line.version and not machine.versions_wait:
            versions.definition_of(machine=machine, number=line.version, started_at=line.started_at)
    return machine.versions_wait


def forget_versions(machines: list[UUID]) -> None:
    """Of machines that were made anew under the same name."""
    StateMachineVersion.objects.filter(state_machine__in=machines).delete()
    StateMachine.objects.filter(pk__in=machines).update(
        versions_wait=False, could_wait=False, surveyed_at=None
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
