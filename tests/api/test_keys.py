"""A key opens the door for its person, as long and as far as it should, and no more often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.keys import count_call, revoke_key
from callbacks.models import AuditEntry, Decision, RoleGrant, Scope
from tests.api.conftest import ROOT, Program, make_key
from tests.making import make_actor, make_decision, make_task

NOW = timezone.now


@pytest.fixture
def approver(people, program_of):
    return program_of(people.approver)


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Bearer hp_00000000_x", "Bearer \x00", "Basic YTpi", "é"]
)
def test_whoever_has_no_key_gets_401(people, client, sent):
    answer = client.get(f"{ROOT}/tasks", headers={"Authorization": sent})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_key_of_the_right_beginning_but_another_secret_gets_401(approver, people):
    approver.text = approver.text[:-1] + ("a" if approver.text[-1] != "a" else "b")
    assert approver.get("/tasks").status_code == 401


def test_a_revoked_key_is_shut_out_at_once(approver, people):
    assert approver.get("/tasks").status_code == 200
    revoke_key(key=approver.key, actor=make_actor(people.approver), now=NOW())
    assert approver.get("/tasks").status_code == 401


def test_a_key_beyond_its_end_is_shut_out(approver):
    approver.key.expires_at = NOW() - timedelta(seconds=1)
    approver.key.save()
    assert approver.get("/tasks").status_code == 401


def test_a_deactivated_persons_key_is_shut_out(approver, people):
    people.approver.is_active = False
    people.approver.save()
    assert approver.get("/tasks").status_code == 401


def test_a_role_that_is_taken_away_is_gone_for_the_key_too(approver, people):
    task = make_task()
    RoleGrant.objects.filter(user=people.approver).delete()
    assert approver.post(f"/tasks/{task.pk}/approve", {"output": 1}).status_code == 403
    assert not Decision.objects.exists()


def test_a_bad_key_does_not_fall_back_to_the_session(people, browser_of):
    browser = browser_of(people.approver)
    answer = browser.get(f"{ROOT}/tasks", headers={"Authorization": "Bearer nothing"})
    assert answer.status_code == 401


def test_a_key_for_reading_decides_nothing(people, program_of):
    reader = program_of(people.approver, Scope.READ)
    assert reader.get("/tasks").status_code == 200
    answer = reader.post(f"/tasks/{make_task().pk}/approve", {"output": 1})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope")


def test_a_key_for_one_state_machine_knows_no_other(people, program_of):
    mine, other = make_task(), make_task()
    held = make_decision(other, people.approver)
    program = program_of(people.approver, state_machines=[mine.state_machine_name])
    assert [task["id"] for task in program.get("/tasks").json()["items"]] == [str(mine.pk)]
    assert program.get(f"/tasks/{other.pk}").status_code == 404
    assert program.post(f"/tasks/{other.pk}/approve", {"output": 1}).status_code == 404
    assert program.get(f"/decisions/{held.pk}").status_code == 404
    assert program.post(f"/decisions/{held.pk}/withdraw").status_code == 404
    assert program.get(f"/executions/{other.execution_id}").status_code == 404


def test_a_key_for_one_state_machine_reads_no_audit_record(people, program_of):
    program = program_of(people.auditor, state_machines=["Refunds"])
    assert program.get("/audit").status_code == 403
    assert program.get("/audit/export", format="csv").status_code == 403


def test_too_many_calls_in_a_minute_are_told_when_to_come_again(approver, settings):
    settings.API_CALLS_PER_MINUTE = 2
    statuses = [approver.get("/tasks").status_code for _ in range(3)]
    answer = approver.get("/tasks")
    assert statuses == [200, 200, 429]
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_the_next_minute_begins_anew(people):
    key, _ = make_key(people.approver)
    start = NOW()
    within = [count_call(key=key, limit=1, now=start), count_call(key=key, limit=1, now=start)]
    later = count_call(key=key, limit=1, now=start + timedelta(seconds=60))
    assert (within, later) == ([0, 60], 0)


def test_the_last_use_is_kept_once_a_minute(approver):
    approver.get("/tasks")
    approver.key.refresh_from_db()
    first = approver.key.last_used_at
    approver.get("/tasks")
    approver.key.refresh_from_db()
    assert (first is not None, approver.key.last_used_at, approver.key.calls) == (True, first, 2)


def test_a_session_needs_its_csrf_token_to_write(people, browser_of):
    task, browser = make_task(), browser_of(people.approver, enforce_csrf_checks=True)
    url = f"{ROOT}/tasks/{task.pk}/approve"
    refused = browser.post(url, '{"output": 1}', content_type="application/json")
    browser.get("/settings/")
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    taken = browser.post(url, '{"output": 1}', content_type="application/json", headers=token)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    assert taken.status_code == 201
    assert '"authentication":"password"' in AuditEntry.objects.get(kind="answer_decided").body


def test_a_foreign_origin_cannot_use_the_session(people, browser_of):
    browser = browser_of(people.approver, enforce_csrf_checks=True)
    browser.get("/settings/")
    headers = {"X-CSRFToken": browser.cookies["csrftoken"].value, "Origin": "https://evil.example"}
    answer = browser.post(
        f"{ROOT}/tasks/{make_task().pk}/approve",
        '{"output": 1}',
        content_type="application/json",
        headers=headers,
    )
    assert answer.status_code == 403
    assert not Decision.objects.exists()


def test_the_key_stands_in_no_answer(approver: Program):
    for answer in (approver.get("/tasks"), approver.get("/policies")):
        assert approver.text not in answer.content.decode()
