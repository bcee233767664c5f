"""Seeded schedules of crashes and answers of the wire, against an AWS that is one task in memory.

One schedule is one answer to one task. Workers die or freeze at the named points, calls end in each
way that a call can end in, the broker loses and doubles messages, somebody else may be first. Then
everything heals, and the outcome must be named and must be true. What AWS did is known here, so the
record is held against it.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from callbacks.audit import sink
from callbacks.audit.lines import read_line
from callbacks.decisions import deliver, moves, pauses, settle, sweep
from callbacks.decisions.claims import Claim
from callbacks.decisions.errors import TooLate
from callbacks.models import AuditEntry, CallbackTask, Decision, DecisionStatus, Lease, TaskStatus
from callbacks.stepfunctions import (
    IncompleteAnswer,
    NotSent,
    NotSentKind,
    Refused,
    RefusedKind,
    Reply,
    StepFunctionsError,
    TaskGone,
    Throttled,
    Unanswered,
)

CRASH_POINTS = (
    (deliver, "_claim", "before"),
    (deliver, "_claim", "after"),
    (moves, "append", "before"),
    (moves, "append", "after"),
    (sink, "ensure_written", "before"),
    (sink, "ensure_written", "after"),
    (deliver, "_call", "before"),
    (deliver, "_call", "after"),
    (pauses, "follow", "after"),
    (deliver, "note", "after"),
    (settle, "_doubt_crashed_call", "after"),
    (settle, "_take_turn", "after"),
    (settle, "_read", "after"),
    (settle, "_name", "before"),
)
START = datetime(2026, 3, 1, tzinfo=UTC)
LONGEST_STEP = 20
CALM_STEPS = 60


class Killed(BaseException):
    """The worker is gone: nothing after this line of it ever runs."""


def wire_outcomes() -> dict[str, tuple[bool, StepFunctionsError | None]]:
    """How a call can end: whether AWS applies it, and what the caller sees."""
    about: dict[str, Any] = {"operation": "SendTask", "code": "Scripted"}
    return {
        "taken": (True, None),
        "reply lost after it was applied": (True, Unanswered(**about)),
        "200 cut after it was applied": (True, IncompleteAnswer(**about)),
        "lost before it was applied": (False, Unanswered(**about)),
        "refused connection": (False, NotSent(kind=NotSentKind.UNREACHABLE, **about)),
        "throttled": (False, Throttled(**about)),
        "credentials ended": (False, Refused(kind=RefusedKind.EXPIRED_CREDENTIALS, **about)),
        "denied": (False, Refused(kind=RefusedKind.ACCESS_DENIED, **about)),
        "no credentials": (False, NotSent(kind=NotSentKind.CREDENTIALS, **about)),
    }


@dataclass
class Aws:
    """One task: who ended it, and every call that came. Its history shows an ending late."""

    script: list[str]
    calls: list[tuple[str, str]] = field(default_factory=list)
    applied: list[tuple[str, str]] = field(default_factory=list)
    ended_by: str = ""
    ended_at: datetime | None = None
    now: datetime = START

    def end(self, by: str) -> bool:
        if self.ended_by:
            return False
        self.ended_by, self.ended_at = by, self.now
        return True

    def take(self, what: tuple[str, str]) -> Reply:
        """One call with these bytes, ending as the script says."""
        self.calls.append(what)
        applies, error = wire_outcomes()[self.script.pop(0) if self.script else "taken"]
        if applies:
            if not self.end("us"):
                error = error or TaskGone(operation="SendTask", code="TaskTimedOut")
            else:
                self.applied.append(what)
        if error:
            raise error
        return Reply(request_id=f"request-{len(self.calls)}", at=None)

    def shows_end(self, lag: timedelta) -> bool:
        return self.ended_at is not None and self.now - self.ended_at >= lag


@dataclass
class Schedule:
    """One seed's course of events."""

    seed: int
    decision: Decision
    undo: Callable[[datetime], object]
    hits: Counter[str] = field(default_factory=Counter)
    crashes: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        names = list(wire_outcomes())
        self.aws = Aws(script=[self.dice.choice(names) for _ in range(self.dice.randrange(5))])
        self.outcomes = list(self.aws.script)
        chosen = self.dice.sample(range(len(CRASH_POINTS)), self.dice.randrange(4))
        self.deaths = {(_label(CRASH_POINTS[at]), self.dice.randrange(1, 3)) for at in chosen}
        self.messages: list[tuple[str, uuid.UUID]] = []
        self.frozen: list[Claim] = []
        self.lag = timedelta(seconds=self.dice.choice([0, 0, 1, 5]))
        self.is_calm = False

    # -- the course -------------------------------------------------------------------------------
    def run(self) -> None:
        with self._world():
            for _ in range(self.dice.randrange(2, 10)):
                self._pass_time(self.dice.uniform(0, LONGEST_STEP))
                self._something_happens()
                self._work()
            self.is_calm = True
            for _ in range(CALM_STEPS):
                self._pass_time(LONGEST_STEP)
                self._work()
                self.decision.refresh_from_db()
                if not self.frozen and self.decision.status not in _OPEN:
                    return

    def _pass_time(self, seconds: float) -> None:
        self.aws.now += timedelta(seconds=seconds)

    def _something_happens(self) -> None:
        what = self.dice.random()
        if what < 0.06:
            self.aws.end("somebody")
        elif what < 0.1:
            self.aws.end("time")
        elif what < 0.2:
            with suppress(TooLate, Killed):
                self.undo(self.aws.now)
        elif what < 0.4:
            self._mirror()

    def _work(self) -> None:
        """A sweep, its messages in any order, some lost and some twice; sleepers may wake."""
        with self._mortal():
            sweep.sweep(now=self.aws.now)
        messages, self.messages = self.messages, []
        if not self.is_calm:
            messages = [m for m in messages * 2 if self.dice.random() < 0.6]
            self.dice.shuffle(messages)
        for name, decision_id in messages:
            act = deliver.deliver if name == "deliver_decision" else settle.settle
            with self._mortal():
                act(decision_id=decision_id, now=self.aws.now)
        if self.frozen and (self.is_calm or self.dice.random() < 0.3):
            self._wake(self.frozen.pop())

    def _wake(self, claim: Claim) -> None:
        """A worker that slept between its last look and the socket goes on as if nothing were."""
        with self._mortal(), suppress(moves.Superseded):
            deliver._conclude(claim, deliver._call(claim))

    @contextmanager
    def _mortal(self) -> Iterator[None]:
        try:
            yield
        except Killed:
            self.crashes += 1

    # -- the world around -------------------------------------------------------------------------
    @contextmanager
    def _world(self) -> Iterator[None]:
        Lease.objects.all().delete()
        patches = [
            mock.patch.object(deliver, "Sender", self._sender),
            mock.patch.object(settle, "read_execution", self._read_again),
            mock.patch.object(sweep, "hint", lambda name, key: self.messages.append((name, key))),
        ]
        for module, name in {(module, name) for module, name, _ in CRASH_POINTS}:
            patches.append(mock.patch.object(module, name, self._deadly(module, name)))
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in patches:
                patch.stop()

    def _deadly(self, module: Any, name: str) -> Callable[..., Any]:
        real = getattr(module, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self._pass(_label((module, name, "before")), args)
            result = real(*args, **kwargs)
            self._pass(_label((module, name, "after")), args)
            return result

        return wrapped

    def _pass(self, point: str, args: tuple[Any, ...]) -> None:
        self.hits[point] += 1
        if self.is_calm or (point, self.hits[point]) not in self.deaths:
            return
        if point == "deliver._call:before" and self.dice.random() < 0.5:
            self.frozen.append(args[0])
        raise Killed(point)

    def _sender(self, **_: Any) -> Any:
        schedule = self

        class Sender:
            def send_task_success(self, *, token: str, output: str) -> Reply:
                return schedule._sent(("success", output))

            def send_task_failure(self, *, token: str, error: str, cause: str) -> Reply:
                return schedule._sent(("failure", f"{error}\0{cause}"))

            def require_credentials(self) -> None: ...

            def renew_credentials(self) -> None: ...

        return Sender()

    def _sent(self, what: tuple[str, str]) -> Reply:
        self.assert_recorded_outside()
        return self.aws.take(what)

    def _read_again(self, **_: Any) -> None:
        self._mirror()

    def _mirror(self) -> None:
        """Read the history: what sync would write once it shows the end."""
        if not self.aws.shows_end(self.lag):
            return
        task = CallbackTask.objects.select_related("execution").get(pk=self.decision.task_id)
        if not task.is_waiting:
            return
        for name, value in self._closing().items():
            setattr(task, name, value)
        task.closed_at, task.closed_event_id = self.aws.ended_at, task.execution.last_event_id + 1
        task.save()
        task.execution.last_event_id += 1
        task.execution.save()

    def _closing(self) -> dict[str, Any]:
        if self.aws.ended_by == "time":
            return {"status": TaskStatus.TIMED_OUT, "closed_kind": "timed_out"}
        answered = {"status": TaskStatus.ANSWERED, "closed_kind": "succeeded"}
        if self.aws.ended_by == "somebody":
            return {**answered, "closed_output": '{"by": "somebody else"}'}
        direction, text = self.aws.applied[0]
        if direction == "success":
            return {**answered, "closed_output": text}
        error, cause = text.split("\0")
        return answered | {"closed_kind": "failed", "closed_error": error, "closed_cause": cause}

    # -- what is promised -------------------------------------------------------------------------
    def assert_recorded_outside(self) -> None:
        """Before a call: the file's end is not behind the decision's claim."""
        last = sink.sink_path().read_bytes().splitlines(keepends=True)[-1]
        entries = AuditEntry.objects.filter(decision_id=self.decision.pk, kind="answer_sending")
        newest = entries.order_by("chain_seq").values_list("chain_seq", flat=True).first()
        assert newest is not None
        assert newest <= read_line(last).seq

    def sends(self) -> list[dict[str, Any]]:
        """The calls in the form of the simulator's log."""
        about = {"token_sha256": str(self.decision.task_id)}
        return [
            {"applied": number < len(self.aws.applied), "params": about | {"said": what}}
            for number, what in enumerate(self.aws.calls)
        ]

    def assert_promises(self) -> None:
        self.decision.refresh_from_db()
        about = (
            f"seed {self.seed}: {self.decision.status}, ended by {self.aws.ended_by or 'nobody'}"
        )
        assert self.decision.status not in _OPEN, about
        assert (self.aws.ended_by == "us") == (self.decision.status == "confirmed"), about
        assert self.decision.status in ("confirmed", "withdrawn") or self.decision.outcome, about
        assert len(self.aws.applied) <= 1, about
        assert len(set(self.aws.calls)) <= 1, about
        assert len(self.aws.calls) <= self.decision.generation, about
        kinds = AuditEntry.objects.filter(decision_id=self.decision.pk).order_by("chain_seq")
        told = list(kinds.values_list("kind", flat=True))
        assert (told[0], told[-1]) == ("answer_decided", f"answer_{self.decision.status}"), about


_OPEN = (
    DecisionStatus.HELD, DecisionStatus.SENDING, DecisionStatus.SENT, DecisionStatus.UNKNOWN,
)  # fmt: skip


def _label(point: tuple[Any, str, str]) -> str:
    module, name, moment = point
    return f"{module.__name__.rsplit('.', 1)[1]}.{name}:{moment}"
