"""One claim, one call, and what AWS's answer makes of the decision."""

import itertools
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest

from callbacks.audit import AuditUnavailable, sink
from callbacks.decisions import deliver as deliver_module
from callbacks.decisions.errors import AlreadyDecided
from callbacks.models import AuditEntry, CallbackTask, Connection, Decision, DecisionStatus
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
from tests.decisions.conftest import OUTPUT, REJECTION, Desk

pytestmark = pytest.mark.django_db
OPERATION = "SendTaskSuccess"


def answers(monkeypatch: Any, *errors: StepFunctionsError) -> list[str]:
    """Let the next calls end so, whatever is sent; return the list of what was asked."""
    said: list[str] = []
    left = list(errors)

    class Scripted(deliver_module.Sender):
        def send_task_success(self, **values: Any) -> Any:
            said.append(values["output"])
            if left:
                raise left.pop(0)
            return super().send_task_success(**values)

        def renew_credentials(self) -> None:
            said.append("renewed")

    monkeypatch.setattr(deliver_module, "Sender", Scripted)
    return said


def throttled() -> StepFunctionsError:
    return Throttled(operation=OPERATION, code="ThrottlingException", status=400)


def expired() -> StepFunctionsError:
    return Refused(
        kind=RefusedKind.EXPIRED_CREDENTIALS, operation=OPERATION, code="ExpiredTokenException"
    )


def unreachable() -> StepFunctionsError:
    return NotSent(kind=NotSentKind.UNREACHABLE, operation=OPERATION, code="ConnectTimeoutError")


def deliver_later(desk: Desk, decision: Decision) -> Decision:
    desk.later += timedelta(seconds=30)
    return desk.deliver(decision)


# --- the way out -------------------------------------------------------------------------------
def test_the_exact_bytes_are_sent_once_and_the_request_id_is_kept(desk: Desk) -> None:
    decision = desk.deliver(desk.decide())
    (call,) = desk.sends()
    assert call["params"]["output"] == OUTPUT
    assert decision.status == DecisionStatus.SENT
    assert decision.aws_request_id == call["request_id"]


def test_a_rejection_is_sent_with_its_error_and_cause(desk: Desk) -> None:
    desk.deliver(desk.decide(REJECTION))
    (call,) = desk.sends()
    assert (call["params"]["error"], call["params"]["cause"]) == ("Wrong", "Not this one.")


def test_nothing_is_sent_before_the_window_is_over(desk: Desk) -> None:
    decision = desk.decide(undo_seconds=3600)
    assert desk.deliver(decision).status == DecisionStatus.HELD
    assert desk.sends() == []


def test_an_unknown_decision_is_nobodys_fault(desk: Desk) -> None:
    deliver_module.deliver(decision_id=uuid.uuid4(), now=desk.now)
    assert desk.sends() == []


def test_a_sent_decision_is_not_sent_again(desk: Desk) -> None:
    decision = desk.deliver(desk.decide())
    deliver_later(desk, decision)
    assert len(desk.sends()) == 1


def test_a_claimed_decision_is_left_to_its_claim(desk: Desk) -> None:
    decision = desk.decide()
    Decision.objects.filter(pk=decision.pk).update(
        status=DecisionStatus.SENDING, generation=1, lease_until=desk.now + timedelta(seconds=1)
    )
    desk.later = timedelta(minutes=5)
    assert desk.deliver(decision).generation == 1
    assert desk.sends() == []


def test_the_last_known_event_is_noted_at_the_first_claim_and_kept(
    desk: Desk, monkeypatch: Any
) -> None:
    answers(monkeypatch, throttled())
    decision = desk.deliver(desk.decide())
    known = decision.event_id_before
    assert known == desk.world.execution(desk.arn).last_event_id
    desk.world.execution(desk.arn).__class__.objects.update(last_event_id=known + 5)
    assert deliver_later(desk, decision).event_id_before == known


# --- the audit record --------------------------------------------------------------------------
def test_every_line_of_it_is_outside_the_database_before_the_call(
    desk: Desk, monkeypatch: Any, audit_sink: Any
) -> None:
    kinds: list[str] = []

    class Looking(deliver_module.Sender):
        def send_task_success(self, **values: Any) -> Any:
            kinds.extend(k for k in ("answer_decided", "answer_sending") if k in text())
            return super().send_task_success(**values)

    def text() -> str:
        return str(audit_sink.read_text())

    monkeypatch.setattr(deliver_module, "Sender", Looking)
    desk.deliver(desk.decide())
    assert kinds == ["answer_decided", "answer_sending"]


def test_what_cannot_be_recorded_outside_is_kept_and_sent_later(
    desk: Desk, audit_sink: Any
) -> None:
    audit_sink.mkdir(parents=True)
    decision = desk.deliver(desk.decide())
    assert (decision.status, decision.answer_code) == (DecisionStatus.SENDING, "AuditUnavailable")
    assert desk.sends() == []
    audit_sink.rmdir()
    assert deliver_later(desk, decision).status == DecisionStatus.SENT


def test_a_claim_that_cannot_be_recorded_is_no_claim(desk: Desk, monkeypatch: Any) -> None:
    decision = desk.decide()

    def fail(**_: Any) -> None:
        raise AuditUnavailable("no")

    monkeypatch.setattr("callbacks.decisions.moves.append", fail)
    with pytest.raises(AuditUnavailable):
        desk.deliver(decision)
    decision.refresh_from_db()
    assert (decision.status, decision.generation) == (DecisionStatus.HELD, 0)
    assert desk.sends() == []


def test_each_step_has_its_entry(desk: Desk) -> None:
    decision = desk.settle(desk.deliver(desk.decide()))
    entries = AuditEntry.objects.filter(decision_id=decision.pk).order_by("chain_seq")
    assert list(entries.values_list("kind", flat=True)) == [
        "answer_decided", "answer_sending", "answer_sent", "answer_confirmed",
    ]  # fmt: skip


# --- what AWS says -----------------------------------------------------------------------------
@pytest.mark.parametrize("error", [throttled(), unreachable()], ids=["throttled", "unreachable"])
def test_what_passes_by_itself_is_kept_and_tried_again(
    desk: Desk, monkeypatch: Any, error: StepFunctionsError
) -> None:
    answers(monkeypatch, error)
    decision = desk.deliver(desk.decide())
    assert (decision.status, decision.answer_code) == (DecisionStatus.SENDING, error.code)
    assert decision.lease_until is None
    assert desk.deliver(decision).generation == 1  # not before its pause is over
    assert deliver_later(desk, decision).status == DecisionStatus.SENT


def test_the_pauses_of_throttled_answers_spread(desk: Desk, monkeypatch: Any) -> None:
    """F08: over at least half of the interval."""
    answers(monkeypatch, *[throttled() for _ in range(30)])
    decision, pauses = desk.decide(), []
    for _ in range(30):
        deliver_later(desk, decision)
        assert decision.look_after is not None
        pauses.append((decision.look_after - decision.status_at).total_seconds())
    assert max(pauses) - min(pauses) > 0.25 * 5
    assert min(pauses) >= 5
    assert max(pauses) <= 7.5


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Refused(kind=kind, operation=OPERATION, code="No"), str(kind))
        for kind in RefusedKind
        if kind != RefusedKind.EXPIRED_CREDENTIALS
    ]
    + [
        (NotSent(kind=NotSentKind.CREDENTIALS, operation=OPERATION, code="No"), "credentials"),
        (NotSent(kind=NotSentKind.ROLE_DENIED, operation=OPERATION, code="No"), "role_denied"),
        (NotSent(kind=NotSentKind.CONFIGURATION, operation=OPERATION, code="No"), "configuration"),
        (InvalidOutput(operation=OPERATION, code="InvalidOutput"), "invalid_output"),
    ],
)
def test_a_refusal_has_its_name_and_the_task_can_be_answered_again(
    desk: Desk, monkeypatch: Any, error: StepFunctionsError, outcome: str
) -> None:
    answers(monkeypatch, error)
    decision = desk.deliver(desk.decide())
    assert (decision.status, decision.outcome) == (DecisionStatus.REFUSED, outcome)
    assert desk.decide(REJECTION).status == DecisionStatus.HELD


@pytest.mark.parametrize(
    "error",
    [
        Unanswered(operation=OPERATION, code="ReadTimeoutError"),
        TaskGone(operation=OPERATION, code="TaskTimedOut"),
    ],
)
def test_what_the_answer_does_not_tell_is_unknown(
    desk: Desk, monkeypatch: Any, error: StepFunctionsError
) -> None:
    answers(monkeypatch, error)
    assert desk.deliver(desk.decide()).status == DecisionStatus.UNKNOWN


def test_a_token_that_does_not_decrypt_is_refused(desk: Desk) -> None:
    decision = desk.decide()
    CallbackTask.objects.update(token_ciphertext=b"00000000" + b"x" * 40)
    decision = desk.deliver(decision)
    assert (decision.status, decision.outcome) == (DecisionStatus.REFUSED, "token_unreadable")


# --- refused while an earlier call may yet be applied ------------------------------------------
def refused() -> StepFunctionsError:
    return Refused(kind=RefusedKind.ACCESS_DENIED, operation=OPERATION, code="AccessDenied")


def invalid() -> StepFunctionsError:
    return InvalidOutput(operation=OPERATION, code="InvalidOutput")


def abandon(desk: Desk) -> Decision:
    """A worker claimed it and is silent: dead, or asleep just before its call."""
    decision = desk.decide()
    Decision.objects.filter(pk=decision.pk).update(
        status=DecisionStatus.SENDING, generation=1, event_id_before=1,
        claimed_at=desk.now, lease_until=desk.now - timedelta(seconds=1),
    )  # fmt: skip
    return desk.settle(decision)


def settle_later(desk: Desk, decision: Decision, seconds: float = 30) -> Decision:
    desk.later += timedelta(seconds=seconds)
    return desk.settle(decision)


def test_a_refusal_after_a_call_that_may_come_yet_keeps_the_task_locked(
    desk: Desk, monkeypatch: Any
) -> None:
    answers(monkeypatch, refused())
    decision = settle_later(desk, abandon(desk))
    assert (decision.status, decision.answer_code) == (DecisionStatus.UNKNOWN, "AccessDenied")
    with pytest.raises(AlreadyDecided):
        desk.decide(REJECTION)


def test_the_call_of_a_worker_that_slept_is_named_ours_though_a_later_one_was_refused(
    desk: Desk, monkeypatch: Any
) -> None:
    answers(monkeypatch, refused())
    decision = settle_later(desk, abandon(desk))
    desk.world.succeed(desk.arn, OUTPUT)  # it wakes
    decision = settle_later(desk, decision, 60)
    assert decision.status == DecisionStatus.CONFIRMED


def test_what_is_refused_in_doubt_is_tried_again_ever_more_rarely_until_aws_takes_it(
    desk: Desk, monkeypatch: Any
) -> None:
    desk.stop_clock()
    said = answers(monkeypatch, *[refused() for _ in range(20)])
    decision, called = abandon(desk), []
    for second in range(600):
        settle_later(desk, decision, 1)
        if len(said) > len(called):
            called.append(second)
    pauses = [later - sooner for sooner, later in itertools.pairwise(called)]
    assert pauses == sorted(pauses)
    # The call itself takes a moment of the second in which the pause begins.
    assert pauses[0] < 60 <= pauses[-1] <= 61
    said.clear()
    monkeypatch.undo()
    sent = settle_later(desk, decision, 61)
    assert settle_later(desk, sent, 1).status == DecisionStatus.CONFIRMED
    assert len(desk.sends()) == 1


def test_a_token_that_does_not_decrypt_any_more_leaves_the_doubt_as_it_is(desk: Desk) -> None:
    decision = abandon(desk)
    CallbackTask.objects.update(token_ciphertext=b"00000000" + b"x" * 40)
    decision = settle_later(desk, decision)
    assert (decision.status, decision.answer_code) == (DecisionStatus.UNKNOWN, "TokenUnreadable")


def test_bytes_that_aws_cannot_read_were_none_in_the_earlier_call_either(
    desk: Desk, monkeypatch: Any
) -> None:
    answers(monkeypatch, invalid())
    decision = settle_later(desk, abandon(desk))
    assert (decision.status, decision.outcome) == (DecisionStatus.REFUSED, "invalid_output")


# --- credentials that have ended (F09) ---------------------------------------------------------
def test_credentials_that_have_ended_are_renewed_and_the_answer_goes_out(
    desk: Desk, monkeypatch: Any
) -> None:
    said = answers(monkeypatch, expired())
    decision = desk.deliver(desk.decide())
    assert said == [OUTPUT, "renewed"]
    assert deliver_later(desk, decision).status == DecisionStatus.SENT


@pytest.mark.parametrize("before", [throttled, unreachable])
def test_credentials_that_ended_during_an_outage_are_renewed_all_the_same(
    desk: Desk, monkeypatch: Any, before: Any
) -> None:
    answers(monkeypatch, before(), before(), before(), expired())
    decision = desk.decide()
    for _ in range(4):
        deliver_later(desk, decision)
    assert deliver_later(desk, decision).status == DecisionStatus.SENT


def test_credentials_that_stay_too_old_are_refused_in_the_end(desk: Desk, monkeypatch: Any) -> None:
    answers(monkeypatch, *[expired() for _ in range(9)])
    decision = desk.decide()
    for _ in range(3):
        deliver_later(desk, decision)
    assert (decision.status, decision.outcome) == (DecisionStatus.REFUSED, "expired_credentials")


# --- crashes, pauses and things that are gone --------------------------------------------------
def test_a_claim_that_has_aged_makes_no_call(desk: Desk, monkeypatch: Any) -> None:
    started = time.monotonic()

    def slow(decision_id: uuid.UUID) -> None:
        monkeypatch.setattr(deliver_module.time, "monotonic", lambda: started + 60)

    monkeypatch.setattr(sink, "ensure_written", slow)
    assert desk.deliver(desk.decide()).status == DecisionStatus.SENDING
    assert desk.sends() == []


def test_a_worker_that_was_overtaken_writes_nothing(desk: Desk, monkeypatch: Any) -> None:
    def taken_over(claim: Any) -> StepFunctionsError:
        Decision.objects.update(generation=7)
        return throttled()

    monkeypatch.setattr(deliver_module, "_call", taken_over)
    decision = desk.deliver(desk.decide())
    assert (decision.generation, decision.answer_code) == (7, "")


def test_a_task_closed_since_the_decision_is_not_sent_to(desk: Desk) -> None:
    decision = desk.decide()
    desk.world.succeed(desk.arn)
    desk.world.sync()
    assert desk.deliver(decision).status == DecisionStatus.HELD
    assert len(desk.sends()) == 1


def test_an_answer_whose_connection_is_gone_is_kept(desk: Desk) -> None:
    decision = desk.decide()
    desk.world.connection.delete()
    assert desk.deliver(decision).status == DecisionStatus.HELD
    assert desk.sends() == []


def test_no_traceback_variable_holds_the_token(desk: Desk, monkeypatch: Any) -> None:
    def fail(self: Any, **_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(deliver_module.Sender, "send_task_success", fail)
    decision = desk.decide()
    token = desk.world.token(desk.arn)
    with pytest.raises(RuntimeError) as raised:
        desk.deliver(decision)
    frames = [entry.frame for entry in raised.traceback if "callbacks/" in str(entry.path)]
    assert not [f for f in frames if token in [v for v in f.f_locals.values() if v == token]]


def test_nothing_is_sent_over_a_connection_that_was_switched_off_meanwhile(desk: Desk) -> None:
    decision = desk.decide()
    Connection.objects.update(is_enabled=False)
    assert desk.deliver(decision).status == DecisionStatus.HELD
    assert desk.sends() == []
    Connection.objects.update(is_enabled=True)
    assert desk.deliver(decision).status == DecisionStatus.SENT
