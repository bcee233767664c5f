"""Go through the list of a machine's running executions, page by page, and see who is missing.

Each page is held against the rows whose place in the list is on that page, so that neither a list
nor the mirror is ever in memory as a whole. A sweep goes on in the next pass where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from callbacks.models import Execution, ExecutionStatus, StateMachine
from callbacks.stepfunctions import ExecutionPage, IncompleteAnswer, PageExpired
from callbacks.sync.asking import Asking
from callbacks.sync.lines import LAG, Cursor, Held, find_news
from callbacks.sync.looks import OPERATION, Seen
from callbacks.sync.machines import clear_problem
from callbacks.sync.plan import RUNNING
from callbacks.sync.sightings import as_held, held_of, write_missing, write_news


def sweep(
    *, asking: Asking, machine: StateMachine, now: datetime, beyond: float, everything: bool
) -> Seen:
    """Read as many pages as there are, or as the budget allows. Raises StepFunctionsError.

    `beyond`: how many calls to leave for others.
    """
    place = _Place.of(machine) or _Place(began_at=asking.aws_now(now))
    seen = Seen()
    while not seen.is_whole:
        try:
            page = _page(asking, machine, place)
        except PageExpired:
            # From the start again: half an old list says nothing about the rest.
            place = _Place(began_at=asking.aws_now(now))
            page = _page(asking, machine, place)
        except IncompleteAnswer:
            _keep(machine, None)
            raise
        seen += _see(machine, page, place, now)
        place = place.after(page)
        if not everything and not asking.may(OPERATION, beyond=beyond):
            break
    _keep(machine, None if seen.is_whole else place)
    if seen.is_whole:
        machine.swept_at = now
        clear_problem(machine)
        machine.listed_at = machine.listed_at or now
        machine.save(update_fields=["swept_at", "listed_at", "problem"])
    return seen


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sweep stands: when it began in AWS's clock, the next page, and what came before."""

    began_at: datetime
    token: str = ""
    cursor: Cursor = field(default_factory=Cursor)

    @classmethod
    def of(cls, machine: StateMachine) -> _Place | None:
        if machine.sweep_began_at is None:
            return None
        cursor = Cursor(machine.sweep_upto, frozenset(machine.sweep_carried))
        return cls(machine.sweep_began_at, machine.sweep_token, cursor)

    def after(self, page: ExecutionPage) -> _Place:
        return replace(self, token=page.next_token or "", cursor=self.cursor.after(page.executions))


def _page(asking: Asking, machine: StateMachine, place: _Place) -> ExecutionPage:
    page = asking.reader.execution_page(
        list_of=machine.arn, status=RUNNING, next_token=place.token or None
    )
    if place.cursor.goes_back(page.executions):
        raise _doubled()
    return page


def _see(machine: StateMachine, page: ExecutionPage, place: _Place, now: datetime) -> Seen:
    lines, is_last = page.executions, not page.next_token
    running = _running_within(machine, page, place)
    others = [line.arn for line in lines if line.arn not in running]
    news = find_news(lines, running | held_of(machine=machine, arns=others))
    write_missing(machine=machine, arns=place.cursor.missing(lines, running.keys()), now=now)
    return Seen(
        lines=len(lines),
        news=len(news),
        closed=write_news(machine=machine, news=news, now=now),
        latest_start=news.latest_start,
        is_whole=is_last,
    )


def _running_within(machine: StateMachine, page: ExecutionPage, place: _Place) -> dict[str, Held]:
    """Those that run as far as the mirror knows, and whose place is on this page.

    What began just before the sweep may not be in the list yet.
    """
    after, upto = place.cursor.span(page.executions, is_last=not page.next_token)
    settled = place.began_at - LAG
    rows = Execution.objects.filter(
        state_machine=machine,
        status=ExecutionStatus.RUNNING,
        ordered_at__lte=min(upto, settled) if upto else settled,
    )
    if after is not None:
        rows = rows.filter(ordered_at__gt=after)
    return as_held(rows)


def _keep(machine: StateMachine, place: _Place | None) -> None:
    cursor = place.cursor if place else Cursor()
    machine.sweep_began_at = place.began_at if place else None
    machine.sweep_token = place.token if place else ""
    machine.sweep_upto, machine.sweep_carried = cursor.upto, sorted(cursor.carried)
    machine.save(update_fields=["sweep_began_at", "sweep_token", "sweep_upto", "sweep_carried"])


def _doubled() -> IncompleteAnswer:
    return IncompleteAnswer(
        operation=OPERATION,
        code="IncompleteAnswer",
        message="the same page came twice",
        request_id=None,
        status=200,
    )
