"""Jobs that an answer can end early, for programs: apart from what waits, and never by accident."""

from __future__ import annotations

import pytest

from callbacks.models import Decision
from tests import making
from tests.views.test_early import make_job


def test_what_waits_has_no_jobs_in_it(people, program_of):
    waiting, job = making.make_task(), make_job()
    program = program_of(people.approver)
    assert [one["id"] for one in program.get("/tasks").json()["items"]] == [str(waiting.pk)]
    (found,) = program.get("/tasks", status="running").json()["items"]
    assert (found["id"], found["early_completion"]) == (str(job.pk), True)
    assert found["closed_by"] is None
    assert len(program.get("/tasks", status="all").json()["items"]) == 2


def test_what_waits_says_that_it_is_no_job(people, program_of):
    task = making.make_task()
    assert program_of(people.approver).get(f"/tasks/{task.pk}").json()["early_completion"] is False


@pytest.mark.parametrize(
    ("way", "body"), [("approve", {"output": {}}), ("reject", {"error": "No"})]
)
def test_a_program_has_to_say_that_it_means_it(people, program_of, way, body):
    job, program = make_job(), program_of(people.approver)
    refused = program.post(f"/tasks/{job.pk}/{way}", {**body, "reason": "Enough."})
    assert refused.status_code == 422
    assert list(refused.json()["errors"]) == ["end_early"]
    assert not Decision.objects.exists()
    given = program.post(f"/tasks/{job.pk}/{way}", {**body, "reason": "Enough.", "end_early": True})
    assert given.status_code == 201


def test_a_preflight_says_so_beforehand(people, program_of):
    job, program = make_job(), program_of(people.approver)
    checked = program.post(f"/tasks/{job.pk}/preflight", {"output": {}}).json()
    assert checked["verdict"] == "fatal"
    assert checked["problems"][0]["field"] == "end_early"


def test_a_job_takes_no_heartbeat(people, program_of):
    job = make_job(heartbeat_seconds=60)
    refused = program_of(people.operator).post(f"/tasks/{job.pk}/heartbeat", {"reason": "Go on."})
    assert (refused.status_code, refused.json()["code"]) == (409, "runs_itself")
