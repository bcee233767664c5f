"""What may be asked for, by whom, and that asking twice is asking once."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import AuditEntry, Connection, RescueAction, Role
from callbacks.rescue.ask import heartbeat, losses_of, redrive, stop
from callbacks.rescue.errors import (
    AlreadyUnderWay,
    CannotRescue,
    InvalidRescue,
    NotForYou,
    RescueUnknown,
    SameIdOtherAction,
)
from callbacks.rescue.rules import Why, why_aws_does_not_redrive
from tests import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return making.make_person("olga", Role.OPERATOR)


@pytest.fixture
def task():
    return making.make_task(heartbeat_seconds=600)


def asked(user, **fields):
    values = {
        "action_id": uuid.uuid4(),
        "reason": "It hangs.",
        "actor": making.make_actor(user),
        "now": timezone.now(),
    }
    return values | fields


def test_only_operators_and_administrators_may(task, people) -> None:
    for person in (people.approver, people.auditor, people.stranger):
        with pytest.raises(NotForYou):
            heartbeat(task_id=task.pk, **asked(person))
        with pytest.raises(NotForYou):
            stop(execution_id=task.execution_id, **asked(person))
        with pytest.raises(NotForYou):
            redrive(execution_id=task.execution_id, **asked(person))
    assert not RescueAction.objects.exists()
    assert heartbeat(task_id=task.pk, **asked(people.admin)).asked_by_name == people.admin.label


def test_a_role_that_was_taken_counts_at_once(task, operator) -> None:
    actor = making.make_actor(operator)
    assert operator.roles
    operator.role_grants.all().delete()
    with pytest.raises(NotForYou):
        stop(execution_id=task.execution_id, **asked(operator, actor=actor))


def test_the_same_id_again_gives_the_same_action(task, operator) -> None:
    wish = asked(operator)
    first = stop(execution_id=task.execution_id, **wish)
    assert stop(execution_id=task.execution_id, **wish) == first
    assert RescueAction.objects.count() == 1
    assert AuditEntry.objects.filter(kind="stop_requested").count() == 1


@pytest.mark.parametrize("change", [{"reason": "Other."}, {"error": "Other"}])
def test_the_same_id_with_another_wish_is_refused(task, operator, change) -> None:
    wish = asked(operator)
    stop(execution_id=task.execution_id, **wish)
    with pytest.raises(SameIdOtherAction):
        stop(execution_id=task.execution_id, **wish | change)


def test_a_second_stop_of_a_run_under_way_names_the_first(task, people, operator) -> None:
    first = stop(execution_id=task.execution_id, **asked(operator))
    with pytest.raises(AlreadyUnderWay) as caught:
        stop(execution_id=task.execution_id, **asked(people.admin))
    assert caught.value.action == first


def test_what_is_not_there_is_unknown(operator) -> None:
    for door, name in ((heartbeat, "task_id"), (stop, "execution_id"), (redrive, "execution_id")):
        with pytest.raises(RescueUnknown):
            door(**{name: uuid.uuid4()}, **asked(operator))


def test_nothing_is_taken_for_a_connection_that_is_switched_off(task, operator) -> None:
    failed = making.make_execution(task.execution.state_machine, status="FAILED")
    earlier = asked(operator)
    stop(execution_id=task.execution_id, **earlier)
    Connection.objects.update(is_enabled=False)
    for door, of in (
        (heartbeat, {"task_id": task.pk}),
        (stop, {"execution_id": task.execution_id}),
        (redrive, {"execution_id": failed.pk}),
    ):
        with pytest.raises(CannotRescue) as caught:
            door(**of, **asked(operator))
        assert caught.value.code == Why.CONNECTION_OFF
    assert stop(execution_id=task.execution_id, **earlier) == RescueAction.objects.get()


# --- heartbeat ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"heartbeat_seconds": None}, Why.NO_HEARTBEAT),
        ({"heartbeat_seconds": 600, "status": "answered"}, Why.TASK_OVER),
        ({"heartbeat_seconds": 600, "token": ""}, Why.NO_TOKEN),
    ],
)
def test_a_heartbeat_without_effect_is_off(operator, fields, why) -> None:
    with pytest.raises(CannotRescue) as caught:
        heartbeat(task_id=making.make_task(**fields).pk, **asked(operator))
    assert caught.value.code == why


# --- stop --------------------------------------------------------------------------------------
def test_a_stop_wants_a_reason_and_keeps_awss_limits(task, operator) -> None:
    texts = {"reason": " ", "error": "e" * 257, "cause": "c" * 32_769}
    with pytest.raises(InvalidRescue) as caught:
        stop(execution_id=task.execution_id, **asked(operator, **texts))
    assert set(caught.value.errors) == {"reason", "error", "cause"}
    most = {"error": "e" * 256, "cause": "ü" * 32_768}
    assert stop(execution_id=task.execution_id, **asked(operator, **most)).error == "e" * 256


@pytest.mark.parametrize("typed", ["", "wrong", "order"])
def test_a_stop_that_loses_much_wants_the_name(operator, typed) -> None:
    execution = busy_execution()
    with pytest.raises(InvalidRescue) as caught:
        stop(execution_id=execution.pk, **asked(operator, typed_name=typed))
    assert set(caught.value.errors) == {"name"}


@pytest.mark.parametrize("typed", ["order-2026-000881", " 6-000881 "])
def test_the_name_or_its_last_part_will_do(operator, typed) -> None:
    action = stop(execution_id=busy_execution().pk, **asked(operator, typed_name=typed))
    assert action.waiting_tasks == 2


def test_an_answer_under_way_makes_a_stop_weighty(operator) -> None:
    task = making.make_task()
    making.make_decision(task, operator)
    with pytest.raises(InvalidRescue):
        stop(execution_id=task.execution_id, **asked(operator, typed_name=""))


def test_a_stop_ends_what_waits_in_the_children_of_a_distributed_map(operator) -> None:
    text = '{"Mode": "DISTRIBUTED"}'
    machine = making.make_machine(definition=text)
    parent = making.make_execution(machine)
    run = making.make_map_run(parent)
    for _ in range(2):
        making.make_task(execution=making.make_execution(run))
    making.make_task(execution=making.make_execution(making.make_map_run(making.make_execution())))
    inner = making.make_map_run(making.make_execution(run), label="inner")
    making.make_task(execution=making.make_execution(inner))
    assert losses_of(parent).waiting_tasks == 3
    with pytest.raises(InvalidRescue):
        stop(execution_id=parent.pk, typed_name="", **asked(operator))


def test_a_stop_of_one_waiting_task_needs_no_name(task, operator) -> None:
    assert stop(execution_id=task.execution_id, **asked(operator, typed_name="")).pk


def test_a_run_that_is_over_cannot_be_stopped(operator) -> None:
    execution = making.make_execution(status="FAILED")
    with pytest.raises(CannotRescue) as caught:
        stop(execution_id=execution.pk, **asked(operator))
    assert caught.value.code == Why.RUN_OVER


# --- redrive -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": "RUNNING"}, Why.STILL_RUNNING),
        ({"status": "SUCCEEDED"}, Why.SUCCEEDED),
        ({"status": "FORGOTTEN"}, Why.FORGOTTEN),
        ({"status": "FAILED", "last_event_id": 24_999}, Why.TOO_LONG),
        ({"status": "ABORTED", "days": 15}, Why.TOO_OLD),
    ],
)
def test_what_aws_would_not_redrive_is_off(operator, fields, why) -> None:
    days = fields.pop("days", 1)
    execution = making.make_execution(stopped_at=timezone.now() - timedelta(days=days), **fields)
    with pytest.raises(CannotRescue) as caught:
        redrive(execution_id=execution.pk, **asked(operator))
    assert caught.value.code == why


def test_a_child_of_a_distributed_map_is_redriven_with_its_parent_only(operator) -> None:
    run = making.make_map_run(making.make_execution())
    execution = making.make_execution(run, status="FAILED", stopped_at=timezone.now())
    with pytest.raises(CannotRescue) as caught:
        redrive(execution_id=execution.pk, **asked(operator))
    assert caught.value.code == Why.BY_MAP_RUN


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_run_that_ended_badly_within_two_weeks_may_be_redriven(operator, status) -> None:
    stopped = timezone.now() - timedelta(days=13, hours=23)
    execution = making.make_execution(status=status, stopped_at=stopped)
    assert redrive(execution_id=execution.pk, **asked(operator)).kind == "redrive"


def test_express_runs_are_neither_stopped_nor_redriven(operator) -> None:
    execution = making.make_execution(making.make_machine(type="EXPRESS"), status="FAILED")
    for door in (stop, redrive):
        with pytest.raises(CannotRescue) as caught:
            door(execution_id=execution.pk, **asked(operator))
        assert caught.value.code == Why.EXPRESS


def test_awss_own_word_on_redriving_is_understood() -> None:
    assert why_aws_does_not_redrive("REDRIVABLE") is None
    assert why_aws_does_not_redrive("NOT_REDRIVABLE") == Why.NOT_REDRIVABLE
    assert why_aws_does_not_redrive("REDRIVABLE_BY_MAP_RUN") == Why.BY_MAP_RUN


def busy_execution():
    execution = making.make_execution(name="order-2026-000881")
    making.make_task(execution=execution)
    making.make_task(making.make_request(execution, "Other"), scheduled_event_id=9)
    return execution
