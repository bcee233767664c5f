"""Look at a machine's executions from the newest down to what the last look has seen.

A look that does not come to its end within one pass goes on in the next from the page where it
stopped. What it finds stands in the mirror at once, so nothing is found twice or forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from callbacks.models import StateMachine
from callbacks.stepfunctions import (
    ExecutionPage,
    ExecutionSummary,
    PageExpired,
    Refused,
    RefusedKind,
)
from callbacks.sync.asking import Asking
from callbacks.sync.lines import LAG, find_news, reaches_back
from callbacks.sync.machines import clear_problem, owes_look
from callbacks.sync.schedule import news_rate
from callbacks.sync.sightings import held_of, write_news

OPERATION = "ListExecutions"
# AWS counts calls, not lines; where more is to be expected, pages of the largest size.
FEW, MANY = 100, 1000
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """What reading some pages of a list has brought."""

    lines: int = 0
    news: int = 0
    closed: int = 0
    # The latest start of those that were not known before.
    latest_start: datetime | None = None
    is_whole: bool = False

    def __add__(self, other: Seen) -> Seen:
        starts = [at for at in (self.latest_start, other.latest_start) if at is not None]
        return Seen(
            lines=self.lines + other.lines,
            news=self.news + other.news,
            closed=self.closed + other.closed,
            latest_start=max(starts, default=None),
            is_whole=other.is_whole,
        )


def look(*, asking: Asking, machine: StateMachine, now: datetime, everything: bool) -> Seen:
    """Read as many pages as it takes or the budget allows. Raises StepFunctionsError."""
    if machine.looked_at is None:
        raise ValueError("from when on to look is not known")
    since = machine.looked_at - LAG
    began_at = machine.look_began_at or asking.aws_now(now)
    limit = machine.look_size if machine.look_token else _page_size(machine, began_at)
    token, seen = machine.look_token, Seen()
    while not seen.is_whole:
        page = _page(asking, machine, token, limit)
        token = page.next_token or ""
        is_whole = not token or reaches_back(page.executions, since=since)
        seen += _see(machine, page.executions, since, now, is_whole=is_whole)
        if not everything and not asking.may(OPERATION):
            break
    machine.look_size = limit
    _keep(machine, seen, token, began_at, now)
    return seen


def _page_size(machine: StateMachine, began_at: datetime) -> int:
    if machine.looked_at is None:
        return MANY
    span: timedelta = began_at - machine.looked_at + LAG
    return FEW if machine.news * span.total_seconds() < FEW / 2 else MANY


def _page(asking: Asking, machine: StateMachine, token: str, limit: int) -> ExecutionPage:
    def ask(next_token: str | None) -> ExecutionPage:
        return asking.reader.execution_page(
            list_of=machine.arn, status=None, limit=limit, next_token=next_token
        )

    try:
        return ask(token or None)
    except PageExpired:
        # From the newest once more: what was seen already is in the mirror.
        return ask(None)
    except Refused as exc:
        if not token or exc.kind is not RefusedKind.INVALID_REQUEST:
            raise
        return ask(None)


def _see(
    machine: StateMachine,
    lines: Sequence[ExecutionSummary],
    since: datetime,
    now: datetime,
    *,
    is_whole: bool,
) -> Seen:
    held = held_of(machine=machine, arns=[line.arn for line in lines])
    news = find_news(lines, held, since=since if _can_wait(machine) else NEVER)
    return Seen(
        lines=len(lines),
        news=len(news),
        closed=write_news(machine=machine, news=news, now=now),
        latest_start=news.latest_start,
        is_whole=is_whole,
    )


def _can_wait(machine: StateMachine) -> bool:
    """Whether somebody may have waited in what came and went."""
    return machine.is_map_run or machine.may_wait or owes_look(machine)


def _keep(machine: StateMachine, seen: Seen, token: str, began_at: datetime, now: datetime) -> None:
    fields = ["look_token", "look_size", "look_began_at", "problem"]
    clear_problem(machine)
    if seen.is_whole:
        if machine.listed_at is not None:
            passed = (now - machine.listed_at).total_seconds()
            machine.news = news_rate(before=machine.news, news=seen.news, seconds=passed)
        machine.looked_at, machine.look_began_at, machine.look_token = began_at, None, ""
        machine.listed_at = now
        fields += ["looked_at", "listed_at", "news"]
    else:
        machine.look_began_at, machine.look_token = began_at, token
    machine.save(update_fields=fields)
