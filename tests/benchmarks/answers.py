"""One answer: what deciding and delivering cost beside the bare call to the same simulator."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from django.utils import timezone

from callbacks.audit.actor import Actor
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.deliver import deliver
from callbacks.models import CallbackTask, Decision, DecisionStatus, Direction, Role
from tests import making
from tests.benchmarks.filling import order_input
from tests.benchmarks.measuring import Times, times_of
from tests.benchmarks.shop import Shop, shop
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.workflows import SHORT

OUTPUT = '{"Payload": {"message": "succeeded"}}'
WARM_UP = 2


def run(sizes: Sizes) -> Iterator[Table]:
    with shop("answers") as at:
        at.start("short", SHORT, 2 * (sizes.answers + WARM_UP), order_input(0))
        at.mirror()
        spent = _answer_all(at, sizes.answers + WARM_UP)
    times = {name: times_of(seconds[WARM_UP:]) for name, seconds in spent.items()}
    bare = times["bare SendTaskSuccess"]
    own = [a + b for a, b in zip(spent["decide()"], spent["deliver()"], strict=True)][WARM_UP:]
    times["decide() and deliver()"] = times_of(own)
    yield Table(
        "One answer, beside a bare call in turn with it",
        ("step", "answers", "median ms", "p95 ms", "beyond the bare call ms", "a second"),
        [_row(name, sizes.answers, time, bare) for name, time in times.items()],
        [
            f"{sizes.answers / sum(own):.1f} answers a second, one after the other in one process.",
            "decide() includes the message to the broker; deliver() the audit file's fsync and the "
            "call.",
        ],
    )


def _row(name: str, answers: int, mine: Times, bare: Times) -> list[Any]:
    beyond = mine.median - bare.median if "deliver" in name else None
    return [name, answers, mine.median, mine.p95, beyond, 1000 / mine.median]


def _answer_all(at: Shop, answers: int) -> dict[str, list[float]]:
    actor = making.make_actor(making.make_person("bench-decider", Role.APPROVER))
    tasks = list(CallbackTask.objects.filter(connection=at.connection).order_by("id"))
    ours, others = tasks[:answers], tasks[answers : 2 * answers]
    tokens = {task["token_sha256"]: str(task["token"]) for task in at.simulator.tokens()}
    client = _client(at)
    spent: dict[str, list[float]] = {
        name: [] for name in ("bare SendTaskSuccess", "decide()", "deliver()")
    }
    for mine, other in zip(ours, others, strict=True):
        token = tokens[other.token_sha256]
        spent["bare SendTaskSuccess"].append(
            _timed(lambda token=token: client.send_task_success(taskToken=token, output=OUTPUT))
        )
        _answer(mine, actor, spent)
    return spent


def _answer(task: CallbackTask, actor: Actor, spent: dict[str, list[float]]) -> None:
    key, now = uuid.uuid4(), timezone.now()
    answer = Answer(direction=Direction.APPROVE, output_text=OUTPUT, reason="Looks right.")
    spent["decide()"].append(
        _timed(
            lambda: decide(
                task_id=task.pk,
                decision_id=key,
                answer=answer,
                actor=actor,
                undo_seconds=0,
                now=now,
            )
        )
    )
    spent["deliver()"].append(_timed(lambda: deliver(decision_id=key, now=timezone.now())))
    status = Decision.objects.get(pk=key).status
    if status != DecisionStatus.SENT:
        raise RuntimeError(f"the answer was not taken: {status}")


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _client(at: Shop) -> Any:
    return boto3.client(
        "stepfunctions",
        region_name=at.connection.region,
        endpoint_url=at.simulator.url,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )
