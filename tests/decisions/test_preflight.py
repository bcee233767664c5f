"""An answer that would end the run is stopped at the one door, unless somebody may and says why."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from callbacks.asl.forecast import Outcome, Verdict
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.errors import InvalidAnswer, WouldKill
from callbacks.decisions.preflight import error_names, mend, preflight
from callbacks.models import AuditEntry, CallbackTask, Decision, Direction, Role, User
from tests import making
from tests.founding import RIGHT, WRONG, founding_definition, founding_task

pytestmark = pytest.mark.django_db


def approval(text: str = WRONG, **fields: Any) -> Answer:
    return Answer(direction=Direction.APPROVE, output_text=text, **fields)


def rejection(error: str, **fields: Any) -> Answer:
    return Answer(direction=Direction.REJECT, error=error, cause="No.", reason="No.", **fields)


def give(task: CallbackTask, user: User, answer: Answer) -> Decision:
    return decide(
        task_id=task.pk,
        decision_id=uuid.uuid4(),
        answer=answer,
        actor=making.make_actor(user),
        now=timezone.now(),
    )


@pytest.fixture
def approver() -> User:
    return making.make_person("ana", Role.APPROVER)


@pytest.fixture
def night_watch() -> User:
    """On call, and allowed to answer."""
    return making.make_person("nina", Role.APPROVER, Role.OPERATOR)


def test_a_right_answer_goes_and_its_forecast_is_on_record(approver: User) -> None:
    decision = give(founding_task(), approver, approval(RIGHT))
    assert decision.forecast == Verdict.OK
    assert '"forecast":"ok"' in AuditEntry.objects.get(decision_id=decision.pk).body


def test_a_fatal_answer_is_not_recorded(approver: User) -> None:
    with pytest.raises(WouldKill) as caught:
        give(founding_task(), approver, approval(override=True, reason="I know."))
    assert not caught.value.may_override
    failure = caught.value.forecast.failure
    assert failure is not None
    assert (failure.field, failure.path) == ("OutputPath", "$.Payload")
    assert not Decision.objects.exists()
    assert not AuditEntry.objects.filter(kind="answer_decided").exists()


def test_whoever_may_has_to_say_so_and_why(night_watch: User) -> None:
    task = founding_task()
    with pytest.raises(WouldKill) as caught:
        give(task, night_watch, approval(reason="Let it die."))
    assert caught.value.may_override
    with pytest.raises(InvalidAnswer) as invalid:
        give(task, night_watch, approval(override=True, reason=" "))
    assert list(invalid.value.errors) == ["reason"]

    decision = give(task, night_watch, approval(override=True, reason="Let it die."))
    assert decision.forecast == Verdict.FATAL


def test_a_forecast_that_is_altered_later_is_found(approver: User) -> None:
    decision = give(founding_task(), approver, approval(RIGHT))
    decision.forecast = "fatal"
    with pytest.raises(Exception, match="never changed"):
        decision.save()


def test_what_cannot_be_predicted_is_sent(approver: User) -> None:
    definition = founding_definition(ResultSelector={"Payload.$": "States.UUID()"})
    assert give(founding_task(definition), approver, approval()).forecast == Verdict.UNKNOWN


def test_a_run_whose_definition_is_not_read_is_not_predicted(approver: User) -> None:
    task = founding_task()
    task.execution.definition = None
    task.execution.save()
    assert give(task, approver, approval()).forecast == Verdict.UNKNOWN


def test_a_rejection_may_end_the_run(approver: User) -> None:
    assert give(founding_task(), approver, rejection("Other")).forecast == Verdict.WARNING


def test_a_fixed_no_that_would_end_the_run_is_stopped_too(approver: User) -> None:
    policy = making.make_policy(rejection_mode="success", rejection_output='{"approved": false}')
    with pytest.raises(WouldKill):
        give(
            founding_task(policy=policy), approver, Answer(direction=Direction.REJECT, reason="No.")
        )


def test_earlier_attempts_use_the_retry_rule_up() -> None:
    first = founding_task(status="closed", closed_error="Busy", closed_kind="failed")
    second = making.make_task(first.request, attempt=2, scheduled_event_id=9)
    found = preflight(task=second, answer=rejection("Busy"))
    assert found.outcome == Outcome.RETRIED
    assert found.retry is not None
    assert (found.retry.used, found.retry.seconds_most) == (2, 4)


def test_attempts_that_are_not_known_are_not_guessed() -> None:
    task = founding_task(attempt=3, scheduled_event_id=20)
    assert preflight(task=task, answer=rejection("Busy")).verdict == Verdict.UNKNOWN


def test_an_attempt_that_stumbled_over_its_answer_is_not_counted() -> None:
    first = founding_task(status="closed", closed_kind="succeeded")
    second = making.make_task(first.request, attempt=2, scheduled_event_id=9)
    assert preflight(task=second, answer=rejection("Busy")).verdict == Verdict.UNKNOWN


def test_a_fault_of_the_forecast_keeps_nobody_from_answering(
    approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RecursionError

    monkeypatch.setattr("callbacks.decisions.preflight.forecast_success", fail)
    assert give(founding_task(), approver, approval(RIGHT)).forecast == Verdict.UNKNOWN


def test_a_later_signers_override_is_on_record(approver: User, night_watch: User) -> None:
    policy = making.make_policy(approvals_needed=2)
    task = founding_task(policy=policy)
    definition, task.execution.definition = task.execution.definition, None
    task.execution.save()
    assert give(task, approver, approval()).forecast == Verdict.UNKNOWN
    task.execution.definition = definition
    task.execution.save()
    give(task, night_watch, approval(override=True, reason="Let it die."))
    signed = AuditEntry.objects.filter(kind="answer_signed").order_by("-chain_seq").first()
    assert signed is not None
    assert '"forecast":"fatal"' in signed.body


def test_a_mend_that_the_policy_would_refuse_is_not_offered() -> None:
    policy = making.make_policy(output_schema={"required": ["approved"]})
    assert mend(task=founding_task(policy=policy), output_text=WRONG) is None


def test_the_mend_wraps_what_was_typed_and_nothing_else() -> None:
    task = founding_task()
    assert mend(task=task, output_text='{\n  "approved": true\n}') == (
        '{\n  "Payload": {\n    "approved": true\n  }\n}'
    )
    # Wrapped it would still find no way on.
    assert mend(task=task, output_text='{"agreed": 1}') is None
    assert mend(task=task, output_text=RIGHT) is None
    assert mend(task=task, output_text="{") is None


def test_the_definitions_own_error_names_are_offered() -> None:
    assert error_names(founding_task()) == ("Busy", "Refused")


def test_a_variable_that_the_mirror_read_is_known() -> None:
    asks = {"ResultSelector": {"Payload": {"approved.$": "$go"}}}
    definition = founding_definition(**asks, Assign={"go": False})
    known = founding_task(definition, variables='{"go": true}')
    assert preflight(task=known, answer=approval("1")).verdict == Verdict.OK
    unknown = founding_task(definition)
    assert preflight(task=unknown, answer=approval("1")).verdict == Verdict.UNKNOWN
    nowhere = founding_task(founding_definition(**asks))
    assert preflight(task=nowhere, answer=approval("1")).verdict == Verdict.FATAL
