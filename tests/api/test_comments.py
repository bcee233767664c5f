"""Comments on a request, read and written by programs."""

import pytest

from callbacks.models import Comment, Scope
from tests.making import make_comment, make_task

pytestmark = pytest.mark.django_db


def test_a_program_reads_and_writes_what_people_do(people, program_of):
    task = make_task()
    make_comment(people.approver2, task, "Is this right?")
    program = program_of(people.approver)
    said = program.post(f"/requests/{task.request_id}/comments", {"text": "Yes."})
    assert said.status_code == 201
    items = program.get(f"/requests/{task.request_id}/comments").json()["items"]
    assert [(one["by"], one["text"]) for one in items] == [
        (people.approver2.label, "Is this right?"),
        (people.approver.label, "Yes."),
    ]


def test_the_same_key_is_one_comment(people, program_of):
    task, program = make_task(), program_of(people.approver)
    path = f"/requests/{task.request_id}/comments"
    first, second = (program.post(path, {"text": "Yes."}, key="k-1") for _ in range(2))
    assert first.json() == second.json()
    assert Comment.objects.count() == 1


@pytest.mark.parametrize("body", [{"text": " "}, {"text": "x" * 10_001}, {"text": "a", "by": "b"}])
def test_what_cannot_be_kept_is_422(people, program_of, body):
    program = program_of(people.approver)
    path = f"/requests/{make_task().request_id}/comments"
    assert program.post(path, body).status_code == 422


def test_a_key_for_reading_does_not_write(people, program_of):
    program = program_of(people.approver, Scope.READ)
    path = f"/requests/{make_task().request_id}/comments"
    assert program.get(path).status_code == 200
    assert program.post(path, {"text": "Yes."}).status_code == 403
