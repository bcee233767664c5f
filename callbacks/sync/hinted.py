"""Hints that an execution has something new. None is believed; each says what to look up next.

Of an execution that the mirror holds a hint brings its next reading forward. One that it does not
hold is described first: what AWS does not know, or what runs in a state machine in which nobody
waits, leaves no trace. Where only a version could let it wait, few are described, after all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic

from django.db.models import Exists, OuterRef, Q, QuerySet

from callbacks.models import Connection, Execution, ExecutionStatus, Hint, StateMachine
from callbacks.models.identity import execution_id
from callbacks.stepfunctions import (
    ExecutionSummary,
    HintQueue,
    NotFound,
    StepFunctionsError,
    Throttled,
)
from callbacks.sync.asking import Asking
from callbacks.sync.lines import find_news, line_of
from callbacks.sync.sightings import held_of, write_news
from callbacks.sync.stand_ins import note_no_run
from callbacks.sync.surveys import Untold, in_doubt, runs_on_one_that_waits
from callbacks.sync.trouble import is_of_the_connection
from callbacks.sync.versions import Versions

DESCRIBE = "DescribeExecution"
# Of a pass; what is left comes with the next one.
LONGEST_RECEIVING = 2.0  # seconds
MOST_LOOKED_UP = 100
BATCH = 500
# Of executions that wait only if the version does by which they were started: so many are kept, and
# looked up in a pass. A busy state machine without a wait is not to fill the table, nor the budget.
MOST_DOUBTFUL, MOST_OF_ONE = 20, 5
# By then the lists have shown it.
TOO_OLD = timedelta(minutes=5)
# Of one that ended so lately, a hint tells of that end; later it may tell of a redrive.
JUST_ENDED = timedelta(minutes=1)
# Calls that stay for answers under way whose execution the mirror has lost.
FOR_OTHERS = 1


def receive_hints(*, asking: Asking, connection: Connection, now: datetime) -> None:
    """Empty the connection's queue, if it has one. Raises StepFunctionsError.

    A message is deleted once what it says stands in the database.
    """
    if not connection.hint_queue_url:
        return
    queue = HintQueue(
        access=connection.access,
        url=connection.hint_queue_url,
        calls=asking.counter,
        admit=asking.admit,
    )
    until = monotonic() + LONGEST_RECEIVING
    while monotonic() < until:
        hints = queue.receive()
        if not hints.receipts:
            return
        note_hints(connection=connection, arns=hints.arns, now=now)
        queue.delete(hints)


def note_hints(*, connection: Connection, arns: Iterable[str], now: datetime) -> None:
    """Bring forward what the mirror holds, and remember what it does not: five queries a BATCH."""
    ours = [arn for arn in arns if _is_of(connection, arn)]
    for start in range(0, len(ours), BATCH):
        _note(connection, ours[start : start + BATCH], now)


def look_up_hints(*, asking: Asking, connection: Connection, now: datetime) -> None:
    """Describe what the mirror did not hold, and put what is true of it into the queue.

    Raises StepFunctionsError where nothing else would fare better either.
    """
    _forget_needless(connection, now)
    hints = Hint.objects.filter(connection=connection).order_by("is_doubtful", "at", "pk")
    versions = Versions(asking=asking)
    for hint in hints[:MOST_LOOKED_UP]:
        if not asking.may(DESCRIBE, beyond=FOR_OTHERS):
            return
        try:
            _look_up(asking, hint, versions, now)
        except Throttled as exc:
            asking.note(exc)
            return
        except StepFunctionsError as exc:
            if is_of_the_connection(exc):
                raise
            # The lists show it all the same, only later.
            asking.note(exc, is_common=False)
        hint.delete()


def _forget_needless(connection: Connection, now: datetime) -> None:
    """What a list has shown meanwhile, or what nobody had the calls for."""
    hints = Hint.objects.filter(connection=connection)
    running = Execution.objects.filter(
        connection=connection, arn=OuterRef("execution_arn"), status=ExecutionStatus.RUNNING
    )
    hints.filter(Q(at__lt=now - TOO_OLD) | Exists(running)).delete()


def _is_of(connection: Connection, arn: str) -> bool:
    _, _, _, region, account, *_ = arn.split(":")
    return region == connection.region and connection.account in ("", account)


def _note(connection: Connection, arns: list[str], now: datetime) -> None:
    keys = {execution_id(connection=connection.pk, arn=arn): arn for arn in arns}
    held = Execution.objects.filter(pk__in=keys)
    ended_lately = Q(read_at=None) | Q(read_at__gt=now - JUST_ENDED)
    needless = Q(status=ExecutionStatus.RUNNING) | ended_lately
    known = set(held.filter(needless).values_list("pk", flat=True))
    later = Q(read_next_at=None) | Q(read_next_at__gt=now)
    held.filter(later, status=ExecutionStatus.RUNNING, problem="").update(read_next_at=now)
    unknown = [arn for key, arn in keys.items() if key not in known]
    if unknown:
        Hint.objects.bulk_create(_hints(connection, unknown, now), ignore_conflicts=True)


def _hints(connection: Connection, arns: list[str], now: datetime) -> list[Hint]:
    """Those of state machines in which somebody may wait, and few of those in doubt."""
    names = {_machine_name(arn) for arn in arns}
    rows = StateMachine.objects.without_map_runs().filter(connection=connection, gone_at=None)
    rows = rows.filter(name__in=names)
    # One that is only just made is in neither.
    needless = _names_of(rows.filter(definition__can_wait=False, versions_wait=False))
    doubtful = _names_of(in_doubt(rows)) if needless else set()
    kept = [arn for arn in arns if _machine_name(arn) not in needless]
    asked = [arn for arn in arns if _machine_name(arn) in doubtful]
    few = _few_of_each(connection, asked) if asked else []
    return [
        *(Hint(connection=connection, execution_arn=arn, at=now) for arn in kept),
        *(Hint(connection=connection, execution_arn=arn, at=now, is_doubtful=True) for arn in few),
    ]


def _few_of_each(connection: Connection, arns: list[str]) -> list[str]:
    """As many as there are places for: a busy state machine does not take those of all others."""
    rows = Hint.objects.filter(connection=connection, is_doubtful=True)
    held = set(rows.values_list("execution_arn", flat=True))
    of_machine = Counter(map(_machine_name, held))
    places = MOST_DOUBTFUL - len(held)
    found: list[str] = []
    for arn in arns:
        name = _machine_name(arn)
        if len(found) < places and of_machine[name] < MOST_OF_ONE and arn not in held:
            of_machine[name] += 1
            found.append(arn)
    return found


def _names_of(rows: QuerySet[StateMachine]) -> set[str]:
    return set(rows.values_list("name", flat=True))


def _machine_name(execution_arn: str) -> str:
    # Of a Map Run's child it is NAME/LABEL.
    return execution_arn.split(":")[6].partition("/")[0]


def _look_up(asking: Asking, hint: Hint, versions: Versions, now: datetime) -> None:
    try:
        detail = asking.reader.describe_execution(arn=hint.execution_arn)
    except NotFound:
        note_no_run(connection=hint.connection, arn=hint.execution_arn)
        return
    list_of = detail.map_run_arn or detail.state_machine_arn
    rows = StateMachine.objects.filter(connection=hint.connection, arn=list_of)
    machine = rows.select_related("definition").first()
    line = line_of(detail)
    if machine is None or not _may_wait(asking, versions, machine, line):
        return
    news = find_news([line], held_of(machine=machine, arns=[line.arn]))
    write_news(machine=machine, news=news, now=now)


def _may_wait(
    asking: Asking, versions: Versions, machine: StateMachine, line: ExecutionSummary
) -> bool:
    """Whether somebody may in it; where AWS does not tell now, a survey will."""
    if machine.may_wait:
        return True
    try:
        return runs_on_one_that_waits(asking=asking, versions=versions, machine=machine, line=line)
    except Untold:
        return False
