"""Idempotency-Key: a call that is sent twice does its work once and says the same twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.api.once import LONGEST_CALL
from callbacks.keys import KEPT_FOR, forget_calls
from callbacks.models import ApiCall, Decision, Role
from tests.making import make_decision, make_person, make_policy, make_task


@pytest.fixture
def approver(people, program_of):
    return program_of(people.approver)


@pytest.fixture
def url():
    return f"/tasks/{make_task().pk}/approve"


BODY = {"output": {"ok": True}}


def test_the_same_call_gets_the_first_answer_again(approver, url):
    first = approver.post(url, BODY, key="a")
    again = approver.post(url, BODY, key="a")
    assert (again.status_code, again.content) == (201, first.content)
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Decision.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(approver, url):
    approver.post(url, BODY, key="a")
    answer = approver.post(url, {"output": 2}, key="a")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_call_that_still_runs_is_told(approver, url):
    approver.post(url, BODY, key="a")
    ApiCall.objects.update(status=None)
    answer = approver.post(url, BODY, key="a")
    assert (answer.status_code, answer.json()["code"]) == (409, "still_running")


def test_a_call_whose_process_died_is_taken_up_and_decides_once(approver, url):
    first = approver.post(url, BODY, key="a")
    ApiCall.objects.update(status=None, began_at=timezone.now() - LONGEST_CALL)
    again = approver.post(url, BODY, key="a")
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert Decision.objects.count() == 1


def test_long_after_it_is_still_one_decision(approver, url):
    first = approver.post(url, BODY, key="a")
    forget_calls(now=timezone.now() + KEPT_FOR + timedelta(seconds=1))
    again = approver.post(url, BODY, key="a")
    other = approver.post(url, {"output": 2}, key="a")
    assert again.json()["id"] == first.json()["id"]
    assert other.status_code == 422
    assert Decision.objects.count() == 1


def test_answers_of_today_are_kept(approver, url):
    approver.post(url, BODY, key="a")
    forget_calls(now=timezone.now())
    assert ApiCall.objects.exists()


def test_a_call_that_did_nothing_may_be_mended_under_its_key(approver, url):
    assert approver.post(url, {"output_text": "{"}, key="a").status_code == 422
    assert approver.post(url, BODY, key="a").status_code == 201


def test_keys_are_apart_by_person_and_by_address(approver, people, program_of, url):
    other = make_task()
    first = approver.post(url, BODY, key="a")
    elsewhere = approver.post(f"/tasks/{other.pk}/approve", BODY, key="a")
    somebody = program_of(people.approver2).post(url, BODY, key="a")
    assert (first.status_code, elsewhere.status_code) == (201, 201)
    assert first.json()["id"] != elsewhere.json()["id"]
    assert (somebody.status_code, somebody.json()["code"]) == (409, "already_decided")


def test_without_a_key_the_second_call_meets_the_first(approver, url):
    approver.post(url, BODY)
    assert approver.post(url, BODY).status_code == 409


@pytest.mark.parametrize("key", ["a b", "é", "x" * 201])
def test_a_key_in_another_form_is_refused(approver, url, key):
    assert approver.post(url, BODY, key=key).status_code == 422
    assert not Decision.objects.exists()


def test_taking_back_can_be_repeated_too(approver, url):
    held = approver.post(url, {**BODY, "undo_seconds": 60}).json()
    answers = [approver.post(f"/decisions/{held['id']}/withdraw", key="w") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]


# --- who may not see it any more gets no answer of yesterday --------------------------------------
def calls_of(program, task, decision):
    """Every POST that can be repeated, by its name."""
    return {
        "approve": lambda: program.post(f"/tasks/{task.pk}/approve", BODY, key="a"),
        "reject": lambda: program.post(f"/tasks/{task.pk}/reject", {"reason": "No."}, key="a"),
        "preflight": lambda: program.post(f"/tasks/{task.pk}/preflight", BODY, key="a"),
        "withdraw": lambda: program.post(f"/decisions/{decision.pk}/withdraw", key="a"),
        "comment": lambda: program.post(
            f"/requests/{task.request_id}/comments", {"text": "Hm."}, key="a"
        ),
        "stop": lambda: program.post(
            f"/executions/{task.execution_id}/stop", {"reason": "Twice."}, key="a"
        ),
    }


@pytest.mark.parametrize("name", ["approve", "reject", "preflight", "withdraw", "comment", "stop"])
def test_a_key_for_another_state_machine_gets_no_answer_that_was_given_before(
    people, program_of, name
):
    person = make_person("all", *Role)
    task, other = make_task(), make_task()
    held = make_decision(task, person) if name == "withdraw" else None
    first = calls_of(program_of(person), task, held)[name]()
    limited = program_of(person, state_machines=[other.state_machine_name])
    again = calls_of(limited, task, held)[name]()
    assert (first.status_code in (200, 201), again.status_code) == (True, 404)
    assert "Idempotency-Replayed" not in again


def test_a_person_who_lost_sight_of_a_task_gets_no_answer_that_was_given_before(people, program_of):
    task = make_task(policy=make_policy(team="finance"))
    person = make_person("fin", Role.APPROVER, teams=["finance"])
    url = f"/tasks/{task.pk}/preflight"
    assert program_of(person).post(url, BODY, key="a").status_code == 200
    person.groups.clear()
    assert program_of(person).post(url, BODY, key="a").status_code == 404
