"""What a call is made of besides its fields: its method, its body, and how the body is sent."""

from __future__ import annotations

import pytest

from callbacks.models import AuditEntry, Decision
from tests.api.conftest import ROOT
from tests.making import make_decision, make_task


@pytest.fixture
def approver(people, program_of):
    return program_of(people.approver)


# --- a body where none is asked for ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"undo": true}', 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b"null", 422, "invalid"),
        (b"garbage", 422, "not_json"),
        (b'{"a": 1, "a": 2}', 422, "not_json"),
        (b"\xff", 415, "unsupported_media_type"),
    ],
)
def test_a_withdrawal_refuses_a_body_that_says_something(approver, people, body, status, code):
    held = make_decision(make_task(), people.approver)
    answer = approver.post(f"/decisions/{held.pk}/withdraw", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Decision.objects.get().status == "held"


@pytest.mark.parametrize("body", [None, {}])
def test_a_withdrawal_takes_no_body_or_an_empty_one(approver, people, body):
    held = make_decision(make_task(), people.approver)
    assert approver.post(f"/decisions/{held.pk}/withdraw", body).status_code == 200


# --- a body whose length is not said --------------------------------------------------------------
@pytest.mark.parametrize("path", ["/tasks/{task}/approve", "/decisions/{held}/withdraw"])
def test_a_body_in_chunks_is_refused_and_never_read_as_none(approver, people, path):
    task = make_task()
    held = make_decision(make_task(), people.approver)
    url = path.format(task=task.pk, held=held.pk)
    answer = approver.post(url, **{"Transfer-Encoding": "chunked"})
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert Decision.objects.get().status == "held"


# --- methods --------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/tasks", "/policies", "/tasks/{task}", "/openapi.json"])
def test_head_answers_as_get_does_without_the_body(approver, path):
    url = ROOT + path.format(task=make_task().pk)
    headers = {"Authorization": f"Bearer {approver.text}"}
    got, head = (getattr(approver.client, way)(url, headers=headers) for way in ("get", "head"))
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Type"] == got["Content-Type"]
    assert int(head["Content-Length"]) == len(got.content)


def test_head_needs_a_key_as_get_does(client, people):
    assert client.head(f"{ROOT}/tasks").status_code == 401


def test_head_of_an_export_sends_nothing_of_it(people, program_of):
    auditor = program_of(people.auditor)
    make_decision(make_task())
    answer = auditor.client.head(
        f"{ROOT}/audit/export?format=csv", headers={"Authorization": f"Bearer {auditor.text}"}
    )
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == b""
    assert AuditEntry.objects.filter(kind="audit_exported").exists()


def test_a_route_that_only_writes_has_no_head(approver):
    headers = {"Authorization": f"Bearer {approver.text}"}
    answer = approver.client.head(f"{ROOT}/tasks/{make_task().pk}/approve", headers=headers)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_the_document_is_only_read(client, db, method):
    answer = getattr(client, method)(f"{ROOT}/openapi.json")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["code"] == "method_not_allowed"


def test_a_wrong_method_is_told_which_are_right(approver):
    answer = approver.client.delete(
        f"{ROOT}/tasks", headers={"Authorization": f"Bearer {approver.text}"}
    )
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
