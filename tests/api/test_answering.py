"""A program answers as a person does: through the same door, with its exact bytes."""

from __future__ import annotations

import pytest

from callbacks.models import AuditEntry, Connection, Decision, TaskStatus
from tests.making import make_decision, make_policy, make_task


@pytest.fixture
def approver(people, program_of):
    return program_of(people.approver)


def test_an_approval_is_a_decision_of_the_keys_person(people, approver):
    task = make_task()
    response = approver.post(f"/tasks/{task.pk}/approve", {"output": {"ok": True}})
    assert response.status_code == 201, response.content
    decision = Decision.objects.get()
    assert (decision.decided_by, decision.channel) == (people.approver, "api")
    assert response.json()["id"] == str(decision.pk)
    assert response.json()["output"] == {"ok": True}
    assert '"authentication":"key"' in AuditEntry.objects.get(kind="answer_decided").body


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (b'{"output": {"a" : 1.0, "b": [ 1e2 , 12345678901234567890 ]}}',
         b'{"a":1.0,"b":[1e2,12345678901234567890]}'),
        (b'{"output": {"text": "a  b\\u00e9\\n"}}', b'{"text":"a  b\\u00e9\\n"}'),
        (b'{"reason": "output", "output" :  null }', b"null"),
        (b'{"output": 0.10}', b"0.10"),
    ],
)  # fmt: skip
def test_an_output_is_sent_without_blanks_and_with_its_numbers_as_written(approver, written, kept):
    response = approver.post(f"/tasks/{make_task().pk}/approve", written)
    assert response.status_code == 201, response.content
    assert bytes(Decision.objects.get().output) == kept


def test_an_output_text_is_sent_to_the_byte(approver):
    text = '{ "a":\t1.50,\n"b": "é" }'
    response = approver.post(f"/tasks/{make_task().pk}/approve", {"output_text": text})
    assert response.json()["output_text"] == text
    assert bytes(Decision.objects.get().output) == text.encode()


def test_numbers_come_back_as_they_were_written(approver):
    response = approver.post(f"/tasks/{make_task().pk}/approve", b'{"output": {"n": 1.00}}')
    assert b'"output": {"n":1.00}' in response.content


def test_a_rejection_carries_error_and_cause(approver):
    body = {"error": "TooMuch", "cause": "Over the limit.", "reason": "No."}
    response = approver.post(f"/tasks/{make_task().pk}/reject", body)
    assert response.status_code == 201
    assert {name: response.json()[name] for name in body} == body
    assert response.json()["output"] is None


def test_without_a_window_it_is_sent_at_once_and_with_one_it_is_held(approver):
    at_once = approver.post(f"/tasks/{make_task().pk}/approve", {"output": 1}).json()
    held = approver.post(
        f"/tasks/{make_task().pk}/approve", {"output": 1, "undo_seconds": 60}
    ).json()
    assert at_once["send_after"] == at_once["decided_at"]
    assert held["send_after"] > held["decided_at"]


def test_an_answer_can_be_taken_back_while_it_is_held(approver):
    held = approver.post(
        f"/tasks/{make_task().pk}/approve", {"output": 1, "undo_seconds": 60}
    ).json()
    taken = approver.post(f"/decisions/{held['id']}/withdraw")
    assert (taken.status_code, taken.json()["status"]) == (200, "withdrawn")
    again = approver.post(f"/decisions/{held['id']}/withdraw")
    assert (again.status_code, again.json()["code"]) == (409, "too_late")


def test_the_second_is_told_who_decided_what_and_when(people, approver, program_of):
    task = make_task()
    first = approver.post(f"/tasks/{task.pk}/approve", {"output": 1}).json()
    answer = program_of(people.approver2).post(f"/tasks/{task.pk}/reject", {"reason": "No."})
    assert answer.status_code == 409
    assert answer.json()["code"] == "already_decided"
    assert answer.json()["decision"] == {
        "id": first["id"],
        "direction": "approve",
        "status": "held",
        "decided_by": "approver",
        "decided_at": first["decided_at"],
    }
    assert answer.json()["detail"].startswith("approver approved this at ")


def test_a_wait_that_is_over_is_said_to_be_so(approver):
    task = make_task(status=TaskStatus.TIMED_OUT, closed_kind="timed_out")
    answer = approver.post(f"/tasks/{task.pk}/approve", {"output": 1})
    assert answer.status_code == 409
    assert answer.json()["closed_by"]["kind"] == "timed_out"


def test_a_task_without_its_token_cannot_be_answered(approver):
    answer = approver.post(f"/tasks/{make_task(token='').pk}/approve", {"output": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_token")


def test_a_connection_that_is_switched_off_takes_no_answer(approver):
    task = make_task()
    Connection.objects.update(is_enabled=False)
    answer = approver.post(f"/tasks/{task.pk}/approve", {"output": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "connection_off")
    command = f"manage.py switch_connection {task.connection.name} on"
    assert f"an administrator can switch it on: {command}" in answer.json()["detail"]


def test_an_answer_that_a_switched_off_connection_holds_says_so(approver):
    task = make_task()
    given = approver.post(f"/tasks/{task.pk}/approve", {"output": 1}).json()
    Connection.objects.update(is_enabled=False)
    explained = approver.get(f"/decisions/{given['id']}").json()["explanation"]
    assert explained.startswith("Held: the connection is switched off. Nothing is sent until it is")
    assert explained.endswith("; until then it can be withdrawn.")
    Connection.objects.update(is_enabled=True)
    assert "sent at send_after" in approver.get(f"/decisions/{given['id']}").json()["explanation"]


def test_who_may_see_but_not_answer_gets_403(people, program_of):
    answer = program_of(people.operator).post(f"/tasks/{make_task().pk}/approve", {"output": 1})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_approver")


def test_what_is_foreign_reads_as_what_is_not_there(approver):
    foreign = make_task(policy=make_policy(team="legal"))
    unknown = "00000000-0000-4000-8000-000000000000"
    hidden = make_decision(foreign)
    pairs = [
        (approver.post(f"/tasks/{foreign.pk}/approve", {"output": 1}),
         approver.post(f"/tasks/{unknown}/approve", {"output": 1})),
        (approver.get(f"/tasks/{foreign.pk}"), approver.get(f"/tasks/{unknown}")),
        (approver.get(f"/decisions/{hidden.pk}"), approver.get(f"/decisions/{unknown}")),
        (approver.post(f"/decisions/{hidden.pk}/withdraw"),
         approver.post(f"/decisions/{unknown}/withdraw")),
        (approver.get(f"/executions/{foreign.execution_id}"),
         approver.get(f"/executions/{unknown}")),
    ]  # fmt: skip
    for theirs, nobodys in pairs:
        assert (theirs.status_code, theirs.content) == (404, nobodys.content)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"output": 1, "output_text": "1"}, "output"),
        ({}, "output"),
        ({"output_text": "  "}, "output"),
        ({"output_text": "{"}, "output"),
        ({"output": 1, "undo_seconds": -1}, "undo_seconds"),
        ({"output": 1, "undo_seconds": 1.5}, "undo_seconds"),
        ({"output": 1, "override": "yes"}, "override"),
        ({"output": 1, "decided_by": 1}, "decided_by"),
        ({"output": 1, "user__password__startswith": "a"}, "user__password__startswith"),
        ({"output": 1, "reason": "a\0b"}, "reason"),
        ({"output": "x" * 262_143}, "output"),
    ],
)
def test_what_cannot_be_sent_is_told_by_its_field(approver, body, field):
    answer = approver.post(f"/tasks/{make_task().pk}/approve", body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert not Decision.objects.exists()


def test_the_largest_output_is_taken(approver):
    answer = approver.post(f"/tasks/{make_task().pk}/approve", {"output": "x" * 262_142})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"output": {"a": 1, "a": 2}}', "“a” stands twice"),
        (b'{"output": 1, "output": 2}', "“output” stands twice"),
        (b'{"output": NaN}', "NaN is not"),
        (b'{"output": 1e999}', "too large"),
        (b'{"output": ' + b"[" * 1000 + b"]" * 1000 + b"}", "nested too deep"),
        (b'{"output": ' + b"[" * 100_000, "nested too deep"),
        (b'{"output": ' + b"9" * 5000 + b"}", "digits"),
        (b'{"output": {"a": "\\ud800"}}', "half a character"),
        (b"{", "not JSON"),
    ],
)
def test_json_that_means_two_things_or_none_is_refused(approver, body, said):
    answer = approver.post(f"/tasks/{make_task().pk}/approve", body)
    assert answer.status_code == 422
    assert said in str(answer.json()["errors"])
    assert not Decision.objects.exists()


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"a"'])
def test_a_body_that_is_no_object_is_refused(approver, body):
    answer = approver.post(f"/tasks/{make_task().pk}/approve", body)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"output=1", {"content_type": "application/x-www-form-urlencoded"}),
        (b'{"output": 1}', {"content_type": "text/plain"}),
        (b'{"output": 1}', {"Content-Encoding": "gzip"}),
        (b'{"output": 1}', {"content_type": "application/json; charset=utf-16"}),
        ('{"output": 1}'.encode("utf-16"), {}),
        (b'\xef\xbb\xbf{"output": 1}', {}),
        (b'{"output": "\xff"}', {}),
    ],
)
def test_a_body_in_another_form_is_not_looked_into(approver, body, headers):
    answer = approver.post(f"/tasks/{make_task().pk}/approve", body, **headers)
    assert answer.status_code == 415
    assert not Decision.objects.exists()


def test_a_body_beyond_all_limits_is_too_large(approver):
    answer = approver.post(f"/tasks/{make_task().pk}/approve", {"output": "x" * 2_600_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_without_the_record_nothing_is_decided(approver, monkeypatch):
    from callbacks.audit import AuditUnavailable

    def refuse(**_):
        raise AuditUnavailable("full")

    monkeypatch.setattr("callbacks.decisions.recording.append", refuse)
    answer = approver.post(f"/tasks/{make_task().pk}/approve", {"output": 1})
    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("body", "verdict", "field"),
    [
        ({"output": {"a": 1}}, "ok", None),
        ({"error": "No", "cause": "c" * 32_768}, "warning", None),
        ({"error": "e" * 257}, "fatal", "error"),
        ({"cause": "c" * 32_769}, "fatal", "cause"),
        ({"output_text": "{"}, "fatal", "output"),
    ],
)
def test_a_preflight_checks_the_form_and_decides_nothing(approver, body, verdict, field):
    answer = approver.post(f"/tasks/{make_task().pk}/preflight", body)
    assert answer.status_code == 200
    assert answer.json()["verdict"] == verdict
    assert [problem["field"] for problem in answer.json()["problems"]] == [field] * bool(field)
    assert not Decision.objects.exists()


def test_a_second_signature_of_the_same_person_is_told_as_such(approver):
    task = make_task(policy=make_policy(approvals_needed=2))
    first, again = (approver.post(f"/tasks/{task.pk}/approve", {"output": 1}) for _ in range(2))
    assert first.json()["status"] == "collecting"
    assert (again.status_code, again.json()["code"]) == (409, "already_signed")
    assert again.json()["decision"]["id"] == first.json()["id"]
