"""A connection that cannot send is asked by one call per pause, however many answers wait (F07)."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from callbacks.decisions import deliver as deliver_module
from callbacks.decisions import pauses, sweep
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.models import AuditEntry, CallbackTask, Connection, Decision, DecisionStatus, Lease
from callbacks.stepfunctions import (
    InvalidOutput,
    NotSent,
    NotSentKind,
    Refused,
    RefusedKind,
    StepFunctionsError,
    TaskGone,
    Throttled,
    Unanswered,
)
from tests import making
from tests.decisions.conftest import APPROVAL, Desk
from tests.sync.world import machine, task

pytestmark = pytest.mark.django_db
OPERATION = "SendTaskSuccess"
CROWD = 40
DEAD = "http://127.0.0.1:9"
RETRY = timedelta(seconds=5)


def refused(kind: RefusedKind, **about: Any) -> StepFunctionsError:
    return Refused(kind=kind, operation=OPERATION, code=kind, **about)


def not_sent(kind: NotSentKind = NotSentKind.UNREACHABLE) -> StepFunctionsError:
    return NotSent(kind=kind, operation=OPERATION, code="EndpointConnectionError")


class Line:
    """Many answers that wait on one connection, the sweep that finds them, and the calls made."""

    def __init__(self, desk: Desk, monkeypatch: Any) -> None:
        self.desk = desk
        self.found: list[uuid.UUID] = []
        self.calls: list[datetime] = []
        monkeypatch.setattr(sweep, "hint", lambda task, decision_id: self.found.append(decision_id))
        call = deliver_module._call

        def counted(claim: Any) -> Any:
            self.calls.append(claim.at)
            return call(claim)

        monkeypatch.setattr(deliver_module, "_call", counted)

    def decide_all(self, answer: Answer = APPROVAL) -> None:
        tasks = CallbackTask.objects.filter(decisions=None).order_by("?")
        for number, row in enumerate(tasks):
            decide(
                task_id=row.pk,
                decision_id=uuid.uuid4(),
                answer=answer,
                actor=making.make_actor(self.desk.approver),
                now=self.desk.now + timedelta(milliseconds=number),
                undo_seconds=0,
            )

    def pass_by(self, seconds: int) -> None:
        """Let so many seconds pass, with a sweep in each; the workers are quick."""
        for _ in range(seconds):
            self.desk.later += timedelta(seconds=1)
            self.found.clear()
            now = self.desk.now
            sweep.sweep(now=now)
            for decision_id in list(self.found):
                deliver_module.deliver(decision_id=decision_id, now=now)


@pytest.fixture
def line(desk: Desk, monkeypatch: Any) -> Line:
    arn = desk.simulator.create("crowd", machine(Review=task(TimeoutSeconds=86_400)))
    desk.simulator.start_many(arn, CROWD - 1, {"order": 1})
    desk.world.sync()
    desk.stop_clock()
    return Line(desk, monkeypatch)


def break_endpoint(desk: Desk) -> Callable[[], None]:
    Connection.objects.update(endpoint_url=DEAD)
    return lambda: Connection.objects.update(endpoint_url=desk.simulator.url) and None


def throttle_all(desk: Desk) -> Callable[[], None]:
    desk.simulator.fault(OPERATION, kind="throttle", times=None)
    return desk.simulator.clear_faults


@pytest.mark.parametrize("break_it", [break_endpoint, throttle_all], ids=["dead", "throttled"])
def test_many_answers_make_one_call_per_pause_and_go_out_in_order_after(
    line: Line, break_it: Callable[[Desk], Callable[[], None]]
) -> None:
    mend = break_it(line.desk)
    line.decide_all()
    line.pass_by(60)
    assert 6 <= len(line.calls) <= 12
    gaps = [later - earlier for earlier, later in zip(line.calls, line.calls[1:], strict=False)]
    assert min(gaps) >= RETRY
    mend()
    while not Decision.objects.filter(status=DecisionStatus.SENT).exists():
        line.pass_by(1)
    # The one that asked, and who looked in the same second.
    already = len(line.desk.sends())
    line.pass_by(2)
    assert set(Decision.objects.values_list("status", flat=True)) == {DecisionStatus.SENT}
    sent = [call["execution_arn"] for call in line.desk.sends()[already:]]
    by_time = Decision.objects.order_by("send_after").values_list("execution_arn", flat=True)
    assert sent == [arn for arn in by_time if arn in set(sent)]
    assert len(sent) > CROWD / 2
    assert not Lease.objects.filter(name__startswith="send:").exists()


def test_what_waits_says_why_and_says_it_once(line: Line) -> None:
    break_endpoint(line.desk)
    line.decide_all()
    line.pass_by(60)
    codes = Decision.objects.values_list("status", "answer_code").distinct()
    assert list(codes) == [(DecisionStatus.SENDING, "EndpointConnectionError")]
    entries = AuditEntry.objects.filter(kind="answer_not_sent").count()
    assert entries <= CROWD - 1 + len(line.calls)


# --- one decision more than the desk's, and what AWS says to the first --------------------------
def say(monkeypatch: Any, *errors: StepFunctionsError) -> list[uuid.UUID]:
    """Let the next calls end so; return the list of those who called."""
    asked: list[uuid.UUID] = []
    left = list(errors)
    call = deliver_module._call

    def scripted(claim: Any) -> Any:
        asked.append(claim.decision.pk)
        return left.pop(0) if left else call(claim)

    monkeypatch.setattr(deliver_module, "_call", scripted)
    return asked


@pytest.fixture
def second(desk: Desk) -> Callable[[], Decision]:
    arn = desk.world.start(machine(Review=task(TimeoutSeconds=86_400)), name="second")
    desk.world.sync()
    key = desk.world.task(arn).pk
    return lambda: desk.decide(task_id=key)


THE_CONNECTIONS = [
    not_sent(),
    not_sent(NotSentKind.CREDENTIALS),
    Throttled(operation=OPERATION, code="ThrottlingException"),
    refused(RefusedKind.EXPIRED_CREDENTIALS),
    refused(RefusedKind.BAD_CREDENTIALS),
    refused(RefusedKind.CLOCK),
    refused(RefusedKind.ACCESS_DENIED, resource="*"),
]
ONE_ANSWERS = [
    refused(RefusedKind.ACCESS_DENIED, resource="arn:aws:states:eu-west-1:1:stateMachine:orders"),
    refused(RefusedKind.INVALID_REQUEST),
    refused(RefusedKind.KMS),
    InvalidOutput(operation=OPERATION, code="InvalidOutput"),
    TaskGone(operation=OPERATION, code="TaskTimedOut"),
    Unanswered(operation=OPERATION, code="ReadTimeoutError"),
]


def named(errors: list[StepFunctionsError]) -> dict[str, Any]:
    ids = [f"{type(e).__name__} {getattr(e, 'kind', e.code)}" for e in errors]
    return {"argvalues": errors, "ids": ids}


@pytest.mark.parametrize("error", **named(THE_CONNECTIONS))
def test_what_is_the_connections_trouble_holds_the_others_up(
    desk: Desk, second: Any, monkeypatch: Any, error: StepFunctionsError
) -> None:
    asked = say(monkeypatch, error)
    first, other = desk.decide(), second()
    desk.deliver(first)
    assert desk.deliver(other).answer_code == error.code
    assert asked == [first.pk]


@pytest.mark.parametrize("error", **named(ONE_ANSWERS))
def test_what_is_one_answers_trouble_holds_nobody_up(
    desk: Desk, second: Any, monkeypatch: Any, error: StepFunctionsError
) -> None:
    say(monkeypatch, error)
    first, other = desk.decide(), second()
    desk.deliver(first)
    assert desk.deliver(other).status == DecisionStatus.SENT


@pytest.mark.parametrize("error", **named(ONE_ANSWERS[:-1]))
def test_any_word_of_aws_itself_ends_the_pause(
    desk: Desk, second: Any, monkeypatch: Any, error: StepFunctionsError
) -> None:
    say(monkeypatch, not_sent(), error)
    first, other = desk.decide(), second()
    desk.deliver(first)
    desk.later += 2 * RETRY
    desk.deliver(first)
    assert desk.deliver(other).status == DecisionStatus.SENT


def test_silence_ends_no_pause(desk: Desk, second: Any, monkeypatch: Any) -> None:
    asked = say(monkeypatch, not_sent(), ONE_ANSWERS[-1])
    first, other = desk.decide(), second()
    desk.deliver(first)
    desk.later += 2 * RETRY
    desk.deliver(first)
    desk.deliver(other)
    assert asked == [first.pk, first.pk]


def test_a_wrong_clock_is_asked_twice_a_minute(desk: Desk, second: Any, monkeypatch: Any) -> None:
    """F10: no storm."""
    asked = say(monkeypatch, refused(RefusedKind.CLOCK))
    first, other = desk.decide(), second()
    desk.deliver(first)
    desk.later += timedelta(seconds=29)
    desk.deliver(other)
    assert asked == [first.pk]


def test_of_any_that_ask_at_once_one_may_call(desk: Desk, monkeypatch: Any) -> None:
    say(monkeypatch, not_sent())
    desk.deliver(desk.decide())
    pause = pauses.find_pause(connection_id=desk.world.connection.pk)
    assert pause is not None
    assert [pause.take_turn(now=pause.until) for _ in range(3)] == [True, False, False]


def test_what_dies_soon_looks_again_as_soon_as_anybody_may(
    desk: Desk, second: Any, monkeypatch: Any
) -> None:
    say(monkeypatch, not_sent())
    first, other = desk.decide(), second()
    desk.deliver(first)
    CallbackTask.objects.filter(pk=other.task_id).update(
        dies_earliest=desk.now + timedelta(seconds=8)
    )
    pause = pauses.find_pause(connection_id=desk.world.connection.pk)
    assert pause is not None
    assert desk.deliver(other).look_after == pause.until


def test_a_pause_of_one_connection_is_none_of_another(desk: Desk, monkeypatch: Any) -> None:
    say(monkeypatch, not_sent())
    desk.deliver(desk.decide())
    assert pauses.find_pause(connection_id=making.make_connection().pk) is None
