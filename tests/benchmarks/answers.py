"""One answer: what deciding and delivering cost beside the bare call to the same simulator."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.audit.actor import Actor
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.deliver import deliver
from callbacks.models import CallbackTask, Decision, DecisionStatus, Direction, Role
from tests import making
from tests.benchmarks.filling import order_input
from tests.benchmarks.measuring import Laps, Times
from tests.benchmarks.shop import Shop, shop
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.workflows import SHORT

OUTPUT = '{"Payload": {"message": "succeeded"}}'
WARM_UP = 2
BARE, DECIDE, DELIVER = "bare SendTaskSuccess", "decide()", "deliver()"
BOTH = "decide() and deliver()"


def run(sizes: Sizes) -> Iterator[Table]:
    with shop("answers") as at:
        at.start("short", SHORT, 2 * (sizes.answers + WARM_UP) + 1, order_input(0))
        at.mirror()
        laps = _answer_all(at, sizes.answers + WARM_UP)
        statements = _count_statements(at)
    laps[BOTH] = laps[DECIDE].plus(laps[DELIVER])
    seconds = sum(laps[BOTH].seconds[WARM_UP:])
    bare = laps[BARE].times(warm_up=WARM_UP)
    yield Table(
        "One answer, beside a bare call in turn with it",
        ("step", "answers", "median ms", "p95 ms", "cpu ms", "beyond bare ms", "statements"),
        [
            [name, sizes.answers, *_figures(one.times(warm_up=WARM_UP), bare), statements.get(name)]
            for name, one in laps.items()
        ],
        [
            f"{sizes.answers / seconds:.1f} answers a second, one after the other in one process.",
            "decide() includes the message to the broker; deliver() the audit file's fsync and the "
            "call.",
        ],
    )


def _figures(mine: Times, bare: Times) -> tuple[float, float, float, float]:
    return mine.median, mine.p95, mine.cpu, mine.median - bare.median


def _answer_all(at: Shop, answers: int) -> dict[str, Laps]:
    actor = making.make_actor(making.make_person("bench-decider", Role.APPROVER))
    tasks = list(CallbackTask.objects.filter(connection=at.connection).order_by("id"))
    ours, others = tasks[:answers], tasks[answers : 2 * answers]
    tokens = {task["token_sha256"]: str(task["token"]) for task in at.simulator.tokens()}
    client = _client(at)
    laps = {name: Laps() for name in (BARE, DECIDE, DELIVER)}
    for mine, other in zip(ours, others, strict=True):
        answer = _Answer(mine, actor)
        token = tokens[other.token_sha256]
        laps[BARE].run(partial(client.send_task_success, taskToken=token, output=OUTPUT))
        laps[DECIDE].run(answer.decide)
        laps[DELIVER].run(answer.deliver)
        answer.check()
    return laps


def _count_statements(at: Shop) -> dict[str, int]:
    """On the last task: counting takes time of its own, so it is no part of the times."""
    task = CallbackTask.objects.filter(connection=at.connection).order_by("id").reverse()[0]
    person = making.make_person("bench-counter", Role.APPROVER)
    answer = _Answer(task, making.make_actor(person))
    with CaptureQueriesContext(database) as deciding:
        answer.decide()
    with CaptureQueriesContext(database) as delivering:
        answer.deliver()
    answer.check()
    counts = {DECIDE: len(deciding), DELIVER: len(delivering)}
    return {**counts, BOTH: sum(counts.values())}


class _Answer:
    """One approval of one task."""

    def __init__(self, task: CallbackTask, actor: Actor) -> None:
        self.key = uuid.uuid4()
        self._task_id = task.pk
        self._actor = actor

    def decide(self) -> None:
        decide(
            task_id=self._task_id,
            decision_id=self.key,
            answer=Answer(direction=Direction.APPROVE, output_text=OUTPUT, reason="Looks right."),
            actor=self._actor,
            undo_seconds=0,
            now=timezone.now(),
        )

    def deliver(self) -> None:
        deliver(decision_id=self.key, now=timezone.now())

    def check(self) -> None:
        """Raises where AWS did not take it: something else was measured then."""
        status = Decision.objects.get(pk=self.key).status
        if status != DecisionStatus.SENT:
            raise RuntimeError(f"the answer was not taken: {status}")


def _client(at: Shop) -> Any:
    return boto3.client(
        "stepfunctions",
        region_name=at.connection.region,
        endpoint_url=at.simulator.url,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )
