"""Surveys: who waits in a state machine in which, by today's definition, nobody can.

Its executions may run on versions, or on definitions from before it was updated, in which somebody
waits. So what runs is gone through now and then, a page at a time; where everything that ran is
known to wait for nobody, only what began since. What is found is put into the mirror, and such a
machine is then listed like those that can wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet

from callbacks.models import MAY_WAIT, Connection, StateMachine, StateMachineVersion
from callbacks.stepfunctions import (
    ExecutionPage,
    ExecutionSummary,
    NotFound,
    PageExpired,
    Refused,
    RefusedKind,
    StateMachineDetail,
)
from callbacks.stepfunctions.rights import LIST_DENIED
from callbacks.sync.asking import Asking
from callbacks.sync.definitions import began_before_todays, keep_definition
from callbacks.sync.lines import LAG, find_news, ordered_at
from callbacks.sync.machines import bring_back_denied
from callbacks.sync.plan import RUNNING
from callbacks.sync.sightings import held_of, write_news
from callbacks.sync.versions import Versions

LIST, FOR_EXECUTION = "ListExecutions", "DescribeStateMachineForExecution"
# One that never changed has no version but of today's definition.
SURVEY_EVERY = timedelta(hours=6)
# One that has changed may have versions of other times ...
SURVEY_CHANGED_EVERY = timedelta(minutes=15)
# ... and where somebody could wait once, or versions are in use, somebody may wait in one now.
SURVEY_VERSIONED_EVERY = timedelta(minutes=3)
# What AWS did not tell is asked again this soon.
SURVEY_AGAIN_AFTER = timedelta(minutes=1)
# So many machines are in memory, and so many pages are read at most in one pass.
MOST = 200


class Untold(Exception):
    """AWS does not tell now on which definition an execution runs."""


def in_doubt(rows: QuerySet[StateMachine]) -> QuerySet[StateMachine]:
    """Of these, those in which nobody can wait today, but perhaps could at another time."""
    known = StateMachineVersion.objects.filter(state_machine=OuterRef("pk"))
    rows = rows.filter(~MAY_WAIT, definition__isnull=False)
    return rows.filter(Q(could_wait=True) | ~Q(revision_id="") | Exists(known))


def to_survey(*, connection: Connection, now: datetime) -> list[StateMachine]:
    """Return MOST of those that are due, the longest due first: one query."""
    rows = StateMachine.objects.without_map_runs().filter(connection=connection, gone_at=None)
    rows = rows.filter(~MAY_WAIT, definition__isnull=False)
    rows = rows.filter(Q(survey_next_at=None) | Q(survey_next_at__lte=now))
    rows = rows.filter(Q(problem="") | Q(problem__startswith=LIST_DENIED))
    return list(
        rows.order_by(F("survey_next_at").asc(nulls_first=True), "-could_wait", "id")[:MOST]
    )


def waited_since(connection: Connection) -> datetime | None:
    """When a machine of the connection was last surveyed, else since when one could have been."""
    rows = StateMachine.objects.without_map_runs().filter(connection=connection, gone_at=None)
    said = rows.aggregate(last=Max("surveyed_at"), first=Min("revision_since", filter=~MAY_WAIT))
    at: datetime | None = said["last"] or said["first"]
    return at


def survey(*, asking: Asking, machine: StateMachine, now: datetime) -> bool:
    """Read one page of what runs; whether somebody may wait in it, who is then in the mirror.

    Where `survey_token` is set after that, it goes on. Raises StepFunctionsError.
    """
    # Also where it fails: the next try is not the next pass.
    machine.surveyed_at, machine.survey_next_at = now, now + SURVEY_AGAIN_AFTER
    machine.save(update_fields=["surveyed_at", "survey_next_at"])
    aws_now = asking.aws_now(now)
    page, is_first = _page(asking, machine)
    began_at = aws_now if is_first else machine.survey_began_at or aws_now
    _clear_denial(machine)
    since = machine.survey_upto - LAG if machine.survey_upto else None
    lines = [one for one in page.executions if since is None or ordered_at(one) >= since]
    try:
        found = _waiting_in(asking, machine, lines)
    except Untold:
        return machine.versions_wait
    if found is not None:
        news = find_news([found], held_of(machine=machine, arns=[found.arn]))
        write_news(machine=machine, news=news, now=now)
    is_whole = not page.next_token or len(lines) < len(page.executions)
    if found is not None or machine.versions_wait or is_whole:
        # What was found is followed by lists; until they have, nothing is known to wait for nobody.
        _end(machine, None if found is not None else began_at, now)
    else:
        _go_on(machine, page.next_token or "", began_at)
    return found is not None or machine.versions_wait


def runs_on_one_that_waits(
    *, asking: Asking, versions: Versions, machine: StateMachine, line: ExecutionSummary
) -> bool:
    """Whether somebody can wait in the definition that this execution runs on.

    Asks for that where it is not known. Raises Untold, StepFunctionsError.
    """
    if line.version:
        return _version_waits(asking, versions, machine, line)
    if not began_before_todays(machine=machine, started_at=line.started_at):
        return machine.may_wait
    own = _own(asking, line)
    return own is not None and keep_definition(text=own.definition).can_wait


def _waiting_in(
    asking: Asking, machine: StateMachine, lines: Sequence[ExecutionSummary]
) -> ExecutionSummary | None:
    """The first that was seen to run on a definition in which somebody waits."""
    versions = Versions(asking=asking)
    seen: set[str] = set()
    for line in lines:
        if line.version and line.version not in seen:
            seen.add(line.version)
            if _version_waits(asking, versions, machine, line):
                return line
    old = [
        line
        for line in lines
        if not line.version and began_before_todays(machine=machine, started_at=line.started_at)
    ]
    return first_that_waits(old, own=lambda line: _own(asking, line))


def first_that_waits(
    lines: Sequence[ExecutionSummary],
    *,
    own: Callable[[ExecutionSummary], StateMachineDetail | None],
) -> ExecutionSummary | None:
    """One that runs on a definition in which somebody waits, asking for as few as it takes.

    Updates follow each other: between two executions of the same revision all are of that one.
    """
    ordered = sorted(lines, key=lambda line: line.started_at)
    spans = [(0, len(ordered) - 1)] if ordered else []
    told: dict[int, tuple[str, str] | None] = {}
    while spans:
        low, high = spans.pop()
        for place in {low, high} - told.keys():
            detail = own(ordered[place])
            definition = keep_definition(text=detail.definition) if detail else None
            if definition is not None and definition.can_wait:
                return ordered[place]
            told[place] = (
                (detail.revision_id or "", definition.pk) if detail and definition else None
            )
        if high - low > 1 and (told[low] is None or told[low] != told[high]):
            middle = (low + high) // 2
            spans += [(low, middle), (middle, high)]
    return None


def _version_waits(
    asking: Asking, versions: Versions, machine: StateMachine, line: ExecutionSummary
) -> bool:
    """By its own description, else by that of this execution of it: a version may be deleted."""
    found = versions.definition_of(machine=machine, number=line.version, started_at=line.started_at)
    if found is None:
        own = _own(asking, line)
        if own is None:
            return False
        found = keep_definition(text=own.definition)
        versions.keep(machine=machine, number=line.version, definition=found)
    return found.can_wait


def _own(asking: Asking, line: ExecutionSummary) -> StateMachineDetail | None:
    """None where AWS no longer knows the execution. Raises Untold, StepFunctionsError."""
    if not asking.may(FOR_EXECUTION):
        raise Untold
    try:
        return asking.reader.describe_state_machine_for_execution(execution_arn=line.arn)
    except NotFound:
        return None


def _page(asking: Asking, machine: StateMachine) -> tuple[ExecutionPage, bool]:
    """The next page, and whether it is the first."""

    def ask(token: str | None) -> ExecutionPage:
        return asking.reader.execution_page(list_of=machine.arn, status=RUNNING, next_token=token)

    if not machine.survey_token:
        return ask(None), True
    try:
        return ask(machine.survey_token), False
    except PageExpired:
        return ask(None), True
    except Refused as exc:
        if exc.kind is not RefusedKind.INVALID_REQUEST:
            raise
        return ask(None), True


def _clear_denial(machine: StateMachine) -> None:
    if machine.problem:
        machine.problem = ""
        machine.save(update_fields=["problem"])
        bring_back_denied(machine.connection_id)


def _end(machine: StateMachine, upto: datetime | None, now: datetime) -> None:
    machine.survey_upto = upto
    machine.survey_token, machine.survey_began_at = "", None
    machine.survey_next_at = now + _interval(machine)
    _keep(machine, "survey_upto")


def _go_on(machine: StateMachine, token: str, began_at: datetime) -> None:
    machine.survey_token, machine.survey_began_at = token, began_at
    machine.survey_next_at = None
    _keep(machine)


def _keep(machine: StateMachine, *more: str) -> None:
    machine.save(update_fields=["survey_token", "survey_began_at", "survey_next_at", *more])


def _interval(machine: StateMachine) -> timedelta:
    known = StateMachineVersion.objects.filter(state_machine=machine)
    if machine.could_wait or known.exists():
        return SURVEY_VERSIONED_EVERY
    return SURVEY_CHANGED_EVERY if machine.revision_id else SURVEY_EVERY
