"""The state machines of a connection: which there are, what they look like, which to list next."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from callbacks.models import (
    MAY_WAIT,
    Connection,
    Execution,
    ExecutionStatus,
    Policy,
    StateMachine,
)
from callbacks.models.identity import state_machine_id
from callbacks.stepfunctions import Reader, Refused, StateMachineDetail, StepFunctionsError
from callbacks.stepfunctions import StateMachine as ListedMachine
from callbacks.stepfunctions.rights import LIST_DENIED
from callbacks.sync.definitions import keep_definition
from callbacks.sync.lines import LAG
from callbacks.sync.rematching import ask_for_rematch
from callbacks.sync.trouble import ABOUT_KEYS, is_about_key
from callbacks.sync.versions import forget_versions

logger = logging.getLogger(__name__)

STANDARD = "STANDARD"
BATCH = 500
# How old a description may become; a listing does not tell that a machine has changed.
DESCRIBE_AGAIN_AFTER = timedelta(seconds=60)
READ_TAGS_AGAIN_AFTER = timedelta(minutes=10)
# Until they are known, a policy that goes by tags covers what it may be meant for.
ASK_FOR_TAGS_AGAIN_AFTER = timedelta(seconds=30)
# So long a machine is left alone after AWS has refused something about it.
PROBLEM_PAUSE = timedelta(minutes=2)
# Of those whose list it has denied, one is tried this soon: a right may be given at any moment.
DENIED_PAUSE = timedelta(seconds=20)


def mirror_machines(
    *,
    connection: Connection,
    listed: Iterable[ListedMachine],
    now: datetime,
    before: datetime | None,
) -> None:
    """Write a whole listing; what it no longer has is gone, and its executions with it or not.

    `before`: when the last one was taken. What is new since did not exist then, so whatever began
    in it is to be looked for, also if its description has to wait for another pass.
    """
    standard = [machine for machine in listed if machine.type == STANDARD]
    rows = [_row(connection, machine, before) for machine in standard]
    StateMachine.objects.bulk_create(rows, ignore_conflicts=True)
    there = {row.pk for row in rows}
    mirrored = StateMachine.objects.without_map_runs().filter(connection=connection)
    gone_at = dict(mirrored.values_list("pk", "gone_at"))
    gone = [key for key, at in gone_at.items() if at is None and key not in there]
    back = [key for key, at in gone_at.items() if at is not None and key in there]
    back += _made_anew(rows, dict(mirrored.values_list("pk", "created_at")))
    mark_gone(gone, now=now)
    # One of the same name made anew: what we saw of the old one says nothing.
    StateMachine.objects.filter(pk__in=back).update(
        gone_at=None, described_at=None, revision_since=None
    )
    if back:
        forget_versions(back)


def mark_gone(keys: list[UUID], *, now: datetime) -> None:
    """AWS has deleted them: no list names their executions any more, which may run on."""
    StateMachine.objects.filter(pk__in=keys).update(gone_at=now)
    running = Execution.objects.filter(state_machine__in=keys, status=ExecutionStatus.RUNNING)
    running.filter(left_at=None).update(left_at=now)


def _made_anew(rows: list[StateMachine], known: dict[UUID, datetime | None]) -> list[UUID]:
    """Those of which AWS tells another time of creation than before, which is noted."""
    others = [row for row in rows if row.created_at != known[row.pk]]
    StateMachine.objects.bulk_update(others, ["created_at"], batch_size=BATCH)
    return [row.pk for row in others if known[row.pk] is not None]


def keep_gone_machine(*, connection: Connection, arn: str, now: datetime) -> None:
    """Make a row for one that is in no list any more, but of which a run is still to be read."""
    row = StateMachine(
        id=state_machine_id(connection=connection.pk, arn=arn),
        connection=connection,
        arn=arn,
        name=_name_in(arn),
        gone_at=now,
    )
    StateMachine.objects.bulk_create([row], ignore_conflicts=True)


def _name_in(arn: str) -> str:
    """Of `…:stateMachine:NAME`, `…:stateMachine:NAME/LABEL` or `…:mapRun:NAME/LABEL:UUID`."""
    rest = re.split(r":(?:stateMachine|mapRun):", arn)[-1]
    return re.split("[/:]", rest)[0][:80]


def to_describe(
    *, connection: Connection, now: datetime, again_after: timedelta
) -> list[StateMachine]:
    """Return machines without a description of the last time, the oldest first."""
    stale = Q(described_at=None) | Q(described_at__lt=now - again_after)
    rows = StateMachine.objects.without_map_runs().filter(connection=connection, gone_at=None)
    rows = rows.filter(stale)
    # Those that AWS refuses keep no call from the others.
    rows = rows.filter(Q(problem="") | Q(problem_at=None) | Q(problem_at__lte=now - PROBLEM_PAUSE))
    return list(rows.order_by(F("described_at").asc(nulls_first=True), "id"))


def is_set_aside(*, machine: StateMachine, now: datetime) -> bool:
    """Whether AWS has refused something about it just now; lists are given without its key."""
    at = machine.problem_at
    has_problem = bool(machine.problem) and not is_about_key(machine.problem)
    return has_problem and at is not None and at <= now < at + PROBLEM_PAUSE


def to_probe(*, machines: Iterable[StateMachine], now: datetime) -> StateMachine | None:
    """The one to find out by whether AWS gives lists again that it had denied."""
    denied = [
        (one.problem_at, one)
        for one in machines
        if one.problem_at is not None and one.problem.startswith(LIST_DENIED)
    ]
    if not denied or now - max(at for at, _ in denied) < DENIED_PAUSE:
        return None
    return min(denied, key=lambda one: one[0])[1]


def bring_back_denied(connection: UUID) -> None:
    """AWS has given a list that it had denied: the others are not to wait for their time."""
    rows = StateMachine.objects.filter(connection=connection, problem__startswith=LIST_DENIED)
    rows.update(problem_at=None, survey_next_at=None)


def clear_problem(machine: StateMachine) -> None:
    """A list was read; that says nothing of a key, which only a definition needs."""
    if not is_about_key(machine.problem):
        machine.problem = ""


def to_tag(*, connection: Connection, now: datetime) -> list[StateMachine]:
    """Return machines whose tags are unread or old, the oldest first; none while no policy asks."""
    if not Policy.objects.current().exclude(tags={}).exists():
        return []
    unknown = Q(tags_read_at=None, tags_asked_at__lt=now - ASK_FOR_TAGS_AGAIN_AFTER)
    old = Q(tags_asked_at__lt=now - READ_TAGS_AGAIN_AFTER)
    rows = StateMachine.objects.without_map_runs().filter(connection=connection, gone_at=None)
    rows = rows.filter(Q(tags_asked_at=None) | unknown | old, MAY_WAIT | Exists(_running()))
    return list(rows.order_by(F("tags_asked_at").asc(nulls_first=True), "id"))


def read_tags(*, reader: Reader, machine: StateMachine, now: datetime) -> None:
    """Ask for the tags; other ones than before may put its tasks under another policy."""
    # Also where it is denied: the next try is not the next pass.
    machine.tags_asked_at = now
    machine.save(update_fields=["tags_asked_at"])
    tags, before = reader.tags(arn=machine.arn), machine.known_tags
    machine.tags, machine.tags_read_at = tags, now
    with transaction.atomic():
        machine.save(update_fields=["tags", "tags_read_at"])
        if tags != before:
            _map_runs_of(machine).update(tags=tags, tags_read_at=now)
            ask_for_rematch(now=now)


def _map_runs_of(machine: StateMachine) -> QuerySet[StateMachine]:
    """At whatever depth: each has the name of the machine at the top, which is unique."""
    return StateMachine.objects.filter(
        connection=machine.connection_id, name=machine.name, parent__isnull=False
    )


def to_list(*, connection: Connection, everything: bool) -> list[StateMachine]:
    """Return machines whose executions matter, the longest unlisted first.

    That is where today's definition can wait or could not be read, where what began before it
    could is not looked at yet, or where the mirror has running executions: those may have started
    on an earlier one. Of Map Runs, all that are not let go.
    """
    machines = StateMachine.objects.filter(connection=connection, gone_at=None)
    if not everything:
        unread = Q(definition=None) & ~Q(problem="")
        is_map_run = Q(parent__isnull=False)
        owed = Q(could_wait=True, revision_since__gt=F("looked_at") - LAG)
        machines = machines.filter(MAY_WAIT | owed | unread | is_map_run | Exists(_running()))
    machines = machines.select_related("definition")
    return list(machines.order_by(F("listed_at").asc(nulls_first=True), "id"))


def _running() -> QuerySet[Execution]:
    return Execution.objects.filter(state_machine=OuterRef("pk"), status=ExecutionStatus.RUNNING)


def owes_look(machine: StateMachine) -> bool:
    """Whether somebody may wait in what began before an update and was not looked at since."""
    since, looked_at = machine.revision_since, machine.looked_at
    if not machine.could_wait or since is None or looked_at is None:
        return False
    return since > looked_at - LAG


def describe(*, reader: Reader, machine: StateMachine, aws_now: datetime) -> None:
    """Ask for today's definition and keep it. `aws_now` is AWS's clock before the call."""
    detail = _described(reader, machine)
    definition = keep_definition(text=detail.definition)
    same = machine.definition_id == definition.pk and machine.revision_id == _revision(detail)
    if not same or machine.revision_since is None:
        machine.revision_since = aws_now
    if machine.definition is not None and definition.can_wait and not machine.may_wait:
        # What ended on definitions in which nobody waits is nothing to look for.
        machine.looked_at = None
    if machine.may_wait and not definition.can_wait:
        # What runs may be of the time when somebody could.
        machine.survey_next_at = machine.survey_upto = machine.survey_began_at = None
        machine.survey_token = ""
    machine.could_wait = machine.could_wait or machine.may_wait or definition.can_wait
    machine.definition = definition
    machine.revision_id = _revision(detail)
    machine.described_at = aws_now
    machine.kms_key = detail.kms_key
    machine.is_deleting = detail.status == "DELETING"
    if not machine.problem.startswith(LIST_DENIED):
        # That of a list ends with one that is given.
        machine.problem = ""
    machine.save(
        update_fields=[
            "definition",
            "revision_id",
            "revision_since",
            "described_at",
            "looked_at",
            "could_wait",
            "survey_next_at",
            "survey_upto",
            "survey_began_at",
            "survey_token",
            "kms_key",
            "is_deleting",
            "problem",
        ]
    )


def _described(reader: Reader, machine: StateMachine) -> StateMachineDetail:
    try:
        return reader.describe_state_machine(arn=machine.arn)
    except Refused as exc:
        if exc.kind in ABOUT_KEYS and not machine.kms_key:
            _ask_for_key(reader, machine)
        raise


def _ask_for_key(reader: Reader, machine: StateMachine) -> None:
    """Which key it is AWS tells without it, so that the missing right can be named."""
    try:
        detail = reader.describe_state_machine(arn=machine.arn, metadata_only=True)
    except StepFunctionsError as exc:
        logger.info("The key of %s is not told: %s", machine.arn, exc.code)
        return
    machine.kms_key = detail.kms_key
    machine.save(update_fields=["kms_key"])


def _revision(detail: StateMachineDetail) -> str:
    return detail.revision_id or ""


def _row(
    connection: Connection, machine: ListedMachine, looked_at: datetime | None
) -> StateMachine:
    return StateMachine(
        id=state_machine_id(connection=connection.pk, arn=machine.arn),
        connection=connection,
        arn=machine.arn,
        name=machine.name,
        type=machine.type,
        created_at=machine.created_at,
        looked_at=looked_at,
    )
