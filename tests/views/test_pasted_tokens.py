"""A task token that somebody pastes is refused, and neither kept nor shown again."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from callbacks.models import CallbackTask, Comment, Decision, Draft
from callbacks.models.secret import decrypt_token
from tests import making
from tests.views.answering import post_answer, typed

pytestmark = pytest.mark.django_db
SAID = "A task token stands in it, and whoever reads that can answer. Take it out."


@pytest.fixture
def task() -> CallbackTask:
    return making.make_task()


@pytest.fixture
def token(task: CallbackTask) -> str:
    assert task.token_ciphertext is not None
    return decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)


@pytest.fixture
def ana(people: Any, browser_of: Any) -> Any:
    return browser_of(people.approver)


@pytest.mark.parametrize(
    ("field", "direction"),
    [("output", "approve"), ("reason", "approve"), ("error", "reject"), ("cause", "reject")],
)
def test_no_field_of_an_answer_takes_one(
    ana: Any, task: CallbackTask, token: str, field: str, direction: str
) -> None:
    # An error name is shorter than a token.
    pasted = f'"{token[:200]}"'
    fields = {"error": "No", "cause": "", "output": "{}", field: pasted}
    response = post_answer(ana, task, direction=direction, **fields)
    assert response.status_code == 422
    assert SAID in response.content.decode()
    assert token[:200] not in response.content.decode()
    assert not Decision.objects.exists()


def test_the_draft_keeps_all_but_the_token(ana: Any, task: CallbackTask, token: str) -> None:
    response = post_answer(ana, task, reason=f"Before {token} after")
    draft = Draft.objects.get()
    assert draft.reason == typed(response, "reason")
    assert draft.reason.startswith("Before [masked · ")
    assert draft.reason.endswith("] after")


def test_a_session_that_ended_shows_none_again(client: Any, task: CallbackTask, token: str) -> None:
    response = post_answer(client, task, reason=f"Before {token} after")
    assert response.status_code == 401
    assert token not in response.content.decode()
    assert "Before [masked" in response.content.decode()


def test_no_comment_takes_one(ana: Any, task: CallbackTask, token: str) -> None:
    form = {"comment_id": str(uuid.uuid4()), "text": f"The token is {token}."}
    response = ana.post(f"/tasks/{task.pk}/comments/", form)
    assert response.status_code == 422
    assert SAID in response.content.decode()
    assert token not in response.content.decode()
    assert not Comment.objects.exists()


def test_no_note_takes_one(people: Any, ana: Any, task: CallbackTask, token: str) -> None:
    form = {"to": people.approver2.username, "note": token}
    response = ana.post(f"/tasks/{task.pk}/hand-over/", form)
    assert response.status_code == 422
    assert token not in response.content.decode()


def test_no_stop_takes_one(people: Any, browser_of: Any, task: CallbackTask, token: str) -> None:
    form = {"action": str(uuid.uuid4()), "reason": f"It is {token}."}
    response = browser_of(people.operator).post(f"/executions/{task.execution_id}/stop/", form)
    assert response.status_code == 422
    assert SAID in response.content.decode()
    assert token not in response.content.decode()
