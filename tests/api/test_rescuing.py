"""Heartbeat, stop and redrive by programs of operators."""

import pytest

from callbacks.api.rescuing import WORDS
from callbacks.models import Connection, RescueAction, Scope
from callbacks.rescue.rules import Why
from tests.making import make_task

pytestmark = pytest.mark.django_db


def test_every_reason_has_its_words():
    assert set(WORDS) == {str(why) for why in Why}


def test_a_stop_is_asked_for_once_and_shown_with_the_run(people, program_of):
    task, program = make_task(), program_of(people.operator)
    path = f"/executions/{task.execution_id}"
    asked = [program.post(f"{path}/stop", {"reason": "Hangs."}, key="k") for _ in range(2)]
    assert [answer.status_code for answer in asked] == [201, 201]
    action = RescueAction.objects.get()
    [shown] = program.get(path).json()["actions"]
    assert (shown["id"], shown["kind"], shown["reason"]) == (str(action.pk), "stop", "Hangs.")


def test_a_heartbeat_needs_a_state_that_listens(people, program_of):
    program = program_of(people.operator)
    silent, alive = make_task(), make_task(heartbeat_seconds=60)
    answer = program.post(f"/tasks/{silent.pk}/heartbeat", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_heartbeat")
    assert program.post(f"/tasks/{alive.pk}/heartbeat", {}).status_code == 201


def test_what_still_runs_is_not_redriven(people, program_of):
    program = program_of(people.admin)
    path = f"/executions/{make_task().execution_id}/redrive"
    answer = program.post(path, {"reason": "Again."})
    assert (answer.status_code, answer.json()["code"]) == (409, "still_running")


def test_a_stop_needs_a_reason_and_the_right_to_operate(people, program_of):
    path = f"/executions/{make_task().execution_id}/stop"
    assert program_of(people.operator).post(path, {"reason": " "}).status_code == 422
    assert program_of(people.approver).post(path, {"reason": "No."}).status_code == 403
    reader = program_of(people.operator, Scope.READ)
    assert reader.post(path, {"reason": "No."}).status_code == 403
    assert not RescueAction.objects.exists()


def test_a_connection_that_is_switched_off_takes_no_stop(people, program_of):
    path = f"/executions/{make_task().execution_id}/stop"
    Connection.objects.update(is_enabled=False)
    answer = program_of(people.operator).post(path, {"reason": "Hangs."})
    assert (answer.status_code, answer.json()["code"]) == (409, "connection_off")
    assert not RescueAction.objects.exists()
