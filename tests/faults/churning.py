"""Everything happens at once in AWS and here, while processes are killed and started again."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.utils import timezone

from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.errors import AlreadyDecided, TaskOver
from callbacks.models import CallbackTask, Decision, Direction, Execution, RescueAction, User
from callbacks.rescue import ask
from callbacks.rescue.errors import RescueError
from tests import making
from tests.faults.processes import Processes, wait_until
from tests.simulator.control import Control
from tests.sync.course import ELSEWHERE, Course
from tests.sync.truth import differences, waiting_differs

# As the simulator has them for this region; sync may use the half.
REGION = "eu-west-1"
QUOTAS = {
    "DescribeExecution": (300, 15),
    "DescribeStateMachine": (200, 20),
    "DescribeStateMachineForExecution": (200, 1),
    "GetExecutionHistory": (400, 20),
    "ListExecutions": (200, 5),
    "ListStateMachines": (100, 5),
}
SHARE = 0.5
APPROVED = '{"by": "us"}'
# Between two events, in seconds: less than sync's share of calls can follow.
PAUSE = 0.25
ANSWERS, LONGEST = 5, 10
# What each says when it begins to work.
UP = {"worker": " ready.", "beat": "beat: Starting"}


class Churn(Course):
    """A course in real time, in which people answer, stop and redrive from here too."""

    def __init__(self, simulator: Control, seed: int, person: User) -> None:
        # What has a timeout is over soon after the churn is.
        super().__init__(simulator, seed, crowd=5, timeout=8, heartbeat=6)
        self.actor = making.make_actor(person)

    def go_on(self, seconds: float, meanwhile: Callable[[], None]) -> None:
        """For so long, and on a busy machine until some answers have been given from here."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < LONGEST * seconds:
            if passed > seconds and Decision.objects.count() >= ANSWERS:
                return
            self._step()
            meanwhile()
            time.sleep(PAUSE)

    def _step(self) -> None:
        elsewhere = [self.answer, self.fail, self.stop, self.redrive]
        here = [self.approve, self.approve, self.reject, self.stop_here, self.redrive_here]
        self.random.choice([self.start, self.start, *elsewhere, *here])()

    def approve(self) -> None:
        self._decide(Answer(direction=Direction.APPROVE, output_text=APPROVED, reason="Right."))

    def reject(self) -> None:
        error = self.random.choice(["Again", "Never"])
        self._decide(Answer(direction=Direction.REJECT, error=error, cause="We.", reason="No."))

    def _decide(self, answer: Answer) -> None:
        for task in self._any(CallbackTask.objects.waiting(), most=3):
            try:
                decide(
                    task_id=task, decision_id=uuid.uuid4(), answer=answer, actor=self.actor,
                    undo_seconds=0, now=timezone.now(),
                )  # fmt: skip
            except (AlreadyDecided, TaskOver):
                # Over meanwhile, or answered already: the person is told so.
                continue

    def stop_here(self) -> None:
        self._rescue(ask.stop, Execution.objects.filter(status="RUNNING"))

    def redrive_here(self) -> None:
        self._rescue(ask.redrive, Execution.objects.filter(status__in=["FAILED", "ABORTED"]))

    def _rescue(self, act: Callable[..., RescueAction], rows: Any) -> None:
        for execution in self._any(rows, most=1):
            try:
                act(
                    execution_id=execution, action_id=uuid.uuid4(), reason="It hangs.",
                    actor=self.actor, now=timezone.now(),
                )  # fmt: skip
            except RescueError:
                continue

    def _any(self, rows: Any, *, most: int) -> list[uuid.UUID]:
        keys = sorted(rows.values_list("pk", flat=True))
        return self.random.sample(keys, min(len(keys), most))

    def is_told_truly(self) -> bool:
        """Nothing is under way, nothing will move by itself, and the mirror equals the truth."""
        under_way = Decision.objects.unsettled().exists() or _open_actions().exists()
        if under_way or waiting_differs(self.simulator) or self.differences():
            return False
        # By a mirror that is right: a timeout or a repeat would make the truth another one.
        return not (_with_a_clock().exists() or _to_repeat().exists())

    def differences(self) -> list[str]:
        return differences(self.simulator, self.started)

    def story(self) -> str:
        """What is not as it should be."""
        answers = Counter(Decision.objects.unsettled().values_list("status", flat=True))
        actions = Counter(_open_actions().values_list("kind", "status"))
        moving = f"with a clock: {_told(_with_a_clock())}, to repeat: {_told(_to_repeat())}"
        waits = f"waiting otherwise than in AWS: {waiting_differs(self.simulator)}"
        return "\n".join([f"{answers}, {actions}", moving, waits, *self.differences()[:20]])

    def sends(self) -> list[dict[str, Any]]:
        """The answers that came from here, as the simulator saw them."""
        made = self.simulator.calls("SendTaskSuccess") + self.simulator.calls("SendTaskFailure")
        theirs = ELSEWHERE.values()
        return [
            call
            for call in made
            if call["params"].get("output", call["params"].get("cause")) not in theirs
        ]


def _with_a_clock() -> Any:
    """What waits and ends by itself."""
    return CallbackTask.objects.waiting().exclude(timeout_seconds=None, heartbeat_seconds=None)


def _to_repeat() -> Any:
    """What runs and waits for nobody, nor for its children: it is between two attempts."""
    waiting = CallbackTask.objects.waiting().values("execution_id")
    runs = Execution.objects.filter(status="RUNNING").exclude(pk__in=waiting)
    return runs.exclude(map_runs__executions__status="RUNNING")


def _told(rows: Any) -> list[Any]:
    return list(rows.values()[:3])


def _open_actions() -> Any:
    return RescueAction.objects.filter(status__in=["requested", "sending", "sent", "unknown"])


class Killer:
    """Kills one of its processes every second or so, whatever it is at, and starts another.

    Only while no more than one is still coming up, so that on a busy machine too something is done.
    """

    def __init__(self, started: Processes, roles: Sequence[str], dice: random.Random) -> None:
        self.kills: Counter[str] = Counter()
        self._started = started
        self._dice = dice
        # The names of those that live, with what they are.
        self._alive: dict[str, str] = {}
        for role in roles:
            self._start(role)
        wait_until(lambda: len(self._up()) == len(roles))
        self._next = time.monotonic() + 1

    def __call__(self) -> None:
        if time.monotonic() >= self._next and len(self._up()) >= len(self._alive) - 1:
            self._kill(self._dice.choice(list(self._alive)))

    def _kill(self, name: str) -> None:
        self._started.running[name].kill()
        self._started.wait_killed(name)
        del self._started.running[name]
        role = self._alive.pop(name)
        self.kills[role] += 1
        self._start(role)
        self._next = time.monotonic() + self._dice.uniform(0.5, 1.5)

    def _start(self, role: str) -> None:
        name = f"{role}-{len(self._alive) + sum(self.kills.values())}"
        self._started.start(role, name=name)
        self._alive[name] = role

    def _up(self) -> list[str]:
        has_said = self._started.has_said
        return [name for name, role in self._alive.items() if has_said(name, UP[role])]


def overdrawn(calls: list[dict[str, Any]]) -> dict[str, float]:
    """By operation: how many more calls were made, at the worst moment, than our share allows."""
    worst: dict[str, float] = {}
    for operation, (size, refill) in QUOTAS.items():
        level, last = size * SHARE, 0.0
        for call in (one for one in calls if one["operation"] == operation):
            level = min(size * SHARE, level + (call["at"] - last) * refill * SHARE) - 1
            last = call["at"]
            worst[operation] = max(worst.get(operation, 0.0), -level)
    return worst
