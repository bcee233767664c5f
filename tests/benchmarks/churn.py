"""Executions come and go under quotas: how soon the mirror shows it, and at what price in calls.

The clock is the simulator's: a second goes by, something happens, and every five seconds there is
a pass that takes no time. So a delay is the scheduler's and the budget's.
"""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from callbacks.audit.actor import Actor
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.deliver import deliver
from callbacks.decisions.settle import settle
from callbacks.models import CallbackTask, Decision, DecisionStatus, Direction, Role
from callbacks.sync.budget import quota_of
from callbacks.sync.hinted import note_hints
from tests import making
from tests.benchmarks.filling import order_input
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.virtual import INTERVAL, REGION, Office, office
from tests.benchmarks.workflows import SHORT

MACHINES, SHARE = 20, 0.5
NEW, OURS, ELSEWHERE = 5, 2, 2
# So many are open before the first of them is answered.
POOL = 60
OUTPUT = '{"Payload": {"message": "succeeded"}}'
COLUMNS = ("what", "number", "median s", "p95 s", "longest s", "bound: median s", "bound: p95 s")


def run(sizes: Sizes) -> Iterator[Table]:
    waiting, seconds = sizes.churn
    with busy_office("churn", waiting) as (at, machines):
        for has_hints in (False, True):
            churn = Churn(at, machines, has_hints=has_hints)
            churn.go_on(seconds, times=1)
            churn.drain()
            yield _delays(waiting, churn, len(machines))
            yield _calls(churn, seconds)


@contextmanager
def busy_office(name: str, waiting: int) -> Iterator[tuple[Office, list[str]]]:
    """With its machines' ARNs, all mirrored, and from then on under quotas."""
    with office(name, share=SHARE) as at:
        machines = at.fill(waiting, min(MACHINES, waiting), SHORT, order_input(0))
        at.simulator.quotas(enabled=True)
        yield at, machines


@dataclass
class Churn:
    """What happened and is not seen yet, and how long it took where it is."""

    at: Office
    machines: list[str]
    has_hints: bool = False
    unseen_new: dict[str, float] = field(default_factory=dict)
    unseen_ends: dict[str, float] = field(default_factory=dict)
    new_delays: list[float] = field(default_factory=list)
    end_delays: list[float] = field(default_factory=list)
    decisions: list[tuple[uuid.UUID, int]] = field(default_factory=list)
    confirmed_within_two: int = 0
    changes: int = 0
    passes: int = 0

    def __post_init__(self) -> None:
        self.at.calls.clear()
        self.at.throttles = 0
        self._turn = itertools.cycle(self.machines)
        # Mirrored by a pass, with a token of their own: those are answered.
        self._open: list[str] = []
        self._random = random.Random(20261130)
        person = making.make_person(f"bench-{uuid.uuid4().hex[:8]}", Role.APPROVER)
        self._actor: Actor = making.make_actor(person)

    def go_on(self, seconds: int, *, times: int) -> None:
        for second in range(seconds):
            self.at.advance(1)
            self._settle()
            self._start(NEW * times)
            for _ in range(ELSEWHERE * times):
                self._answer_elsewhere()
            for _ in range(OURS * times):
                self._answer()
            if second % INTERVAL == INTERVAL - 1:
                self._pass()

    def drain(self) -> float:
        """Nothing happens any more: the seconds until all that did is seen."""
        began = self.at.moment
        while self.unseen_new or self.unseen_ends:
            self.at.advance(INTERVAL)
            self._pass()
        return self.at.moment - began

    def _start(self, number: int) -> None:
        for _ in range(number):
            arn = self.at.simulator.start(next(self._turn), order_input(0))
            self.unseen_new[arn] = self.at.moment
            self.changes += 1
            self._hint(arn)

    def _answer_elsewhere(self) -> None:
        arn = self._any_open()
        if arn is None:
            return
        (task,) = self.at.simulator.tokens(arn)
        self.at.simulator.call("SendTaskSuccess", taskToken=task["token"], output=OUTPUT)
        self.unseen_ends[arn] = self.at.moment
        self.changes += 1
        self._hint(arn)

    def _hint(self, arn: str) -> None:
        """As a queue would have told it by the next pass."""
        if self.has_hints:
            note_hints(connection=self.at.connection, arns=[arn], now=self.at.now)

    def _answer(self) -> None:
        arn = self._any_open()
        if arn is None:
            return
        task = CallbackTask.objects.get(execution__arn=arn)
        key = uuid.uuid4()
        answer = Answer(direction=Direction.APPROVE, output_text=OUTPUT, reason="Looks right.")
        decide(
            task_id=task.pk,
            decision_id=key,
            answer=answer,
            actor=self._actor,
            undo_seconds=0,
            now=self.at.now,
        )
        deliver(decision_id=key, now=self.at.now)
        self.decisions.append((key, self.passes))
        self.changes += 1

    def _any_open(self) -> str | None:
        """Not the newest: their machine has just been looked at, which says nothing of others."""
        if len(self._open) < POOL:
            return None
        at = self._random.randrange(len(self._open))
        self._open[at], self._open[-1] = self._open[-1], self._open[at]
        return self._open.pop()

    def _settle(self) -> None:
        """As the sweep of a second does."""
        for key, _ in self.decisions:
            settle(decision_id=key, now=self.at.now)

    def _pass(self) -> None:
        self.at.mirror()
        self.passes += 1
        self._see_new()
        self._see_ends()
        self._see_decisions()

    def _see_new(self) -> None:
        for arn in _mirrored(self.unseen_new):
            self.new_delays.append(self.at.moment - self.unseen_new.pop(arn))
            self._open.append(arn)

    def _see_ends(self) -> None:
        waiting = set(_mirrored(self.unseen_ends, status="waiting"))
        for arn in [arn for arn in self.unseen_ends if arn not in waiting]:
            self.end_delays.append(self.at.moment - self.unseen_ends.pop(arn))

    def _see_decisions(self) -> None:
        done = {key for key, passes in self.decisions if self.passes - passes >= 2}
        rows = Decision.objects.filter(pk__in=done, status=DecisionStatus.CONFIRMED)
        self.confirmed_within_two += rows.count()
        self.decisions = [one for one in self.decisions if one[0] not in done]


def _mirrored(arns: dict[str, float], **which: str) -> list[str]:
    rows = CallbackTask.objects.filter(execution__arn__in=list(arns), **which)
    return list(rows.values_list("execution__arn", flat=True))


def _delays(waiting: int, churn: Churn, machines: int) -> Table:
    """A list shows at best what happened since the last one: all machines in turn, at all calls."""
    calls = quota_of(region=REGION, operation="ListExecutions").refill * SHARE
    turn = INTERVAL if churn.has_hints else machines / calls
    bound = (max(turn, INTERVAL) / 2, max(turn, INTERVAL) * 0.95)
    return Table(
        f"How soon the mirror shows it, {'with' if churn.has_hints else 'without'} hints: "
        f"{waiting:,} waiting, {NEW} new a second, share {SHARE}",
        COLUMNS,
        [
            ["new, until it shows", *_figures(churn.new_delays), *bound],
            ["answered elsewhere, until it goes", *_figures(churn.end_delays), *bound],
        ],
        [
            f"Bound: a pass every {INTERVAL:.0f} s."
            if churn.has_hints
            else f"Bound: a list of each of {machines} machines in turn with all calls of the "
            f"share, one in {turn:.1f} s, and a pass every {INTERVAL:.0f} s."
        ],
    )


def _figures(delays: list[float]) -> list[Any]:
    if not delays:
        return [0, None, None, None]
    ordered = sorted(delays)
    number = len(ordered)
    return [number, ordered[number // 2], ordered[int(number * 0.95)], ordered[-1]]


def _calls(churn: Churn, seconds: int) -> Table:
    calls = sum(churn.at.calls.values())
    ours = len(churn.decisions) + churn.confirmed_within_two
    return Table(
        "What that costs",
        ("seconds", "changes", "calls of passes", "per change", "throttled", "ours, confirmed"),
        [[seconds, churn.changes, calls, calls / max(1, churn.changes), churn.at.throttles,
          f"{churn.confirmed_within_two} of {ours}"]],
        [
            ", ".join(f"{name} {number:,}" for name, number in churn.at.calls.items()),
            "Ours: confirmed within two passes; those of the last two passes are not counted yet.",
        ],
    )  # fmt: skip
