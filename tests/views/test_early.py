"""Pages of jobs that an answer can end early: nobody is asked, and what an answer does is said."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.decisions.answer import NOT_MEANT
from callbacks.models import OPEN_TASKS, CallbackTask, Decision, DecisionStatus, Role
from tests import making
from tests.views.answering import post_answer
from tests.views.conftest import elements, poll_query, text_of

PLAINLY = "The job itself goes on running; the workflow stops waiting for it."


def make_job(**fields: Any) -> CallbackTask:
    values = {
        "resource": "states:startExecution.sync:2",
        "status": "running",
        "early_completion": True,
        "headline": "Load the warehouse",
        **fields,
    }
    return making.make_task(**values)


def closed_job(**fields: Any) -> CallbackTask:
    task = make_job()
    values = {"status": "closed", "closed_kind": "succeeded", "closed_at": task.changed_at}
    CallbackTask.objects.filter(pk=task.pk).update(**{**values, **fields})
    task.refresh_from_db()
    return task


# --- where it is not ---------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/waiting/"])
def test_a_job_is_in_no_list_of_what_waits(people, page_of, path):
    make_job()
    making.make_task(headline="Somebody waits")
    page = page_of(people.approver, path)
    assert "Somebody waits" in text_of(page)
    assert "Load the warehouse" not in text_of(page)
    assert page.context["total"] == 1


def test_a_job_counts_as_nothing_that_waits(people, page_of):
    make_job()
    page = page_of(people.approver, "/")
    assert page.context["total"] == 0
    assert page.context["empty"] == "nothing_waiting"


def test_a_job_that_ended_by_itself_is_no_end_of_a_wait(people, page_of):
    closed_job()
    assert "Load the warehouse" not in text_of(page_of(people.operator, "/history/"))


@pytest.mark.parametrize("status", OPEN_TASKS)
def test_what_is_open_is_no_end_whatever_its_times_say(people, page_of, status):
    """A time of an end that was put right later must not take the page away."""
    closed_job(status=status, early_completion=False)
    page = page_of(people.operator, "/history/")
    assert page.status_code == 200
    assert "Load the warehouse" not in text_of(page)


# --- where it is -------------------------------------------------------------------------------
def test_running_jobs_have_a_list_of_their_own(people, page_of):
    job = make_job()
    making.make_task(headline="Somebody waits")
    page = page_of(people.operator, "/waiting/", kind="jobs")
    assert elements(page, "task-") == [f"task-{job.pk}"]
    assert "Nobody has to answer these: 1 running job" in text_of(page)
    assert "A job runs" in text_of(page)
    assert (
        page_of(
            people.operator, "/waiting/", htmx=True, kind="jobs", **poll_query(page)
        ).status_code
        == 204
    )


def test_the_list_of_jobs_is_filtered_as_the_other_and_keeps_its_kind(people, page_of):
    make_job(state_machine_name="Other")
    page = page_of(people.operator, "/waiting/", kind="jobs", state_machine="orders")
    assert "No request matches these filters" in text_of(page)
    assert page.context["clear_url"] == "/waiting/?kind=jobs"
    assert 'name="kind" value="jobs"' in page.content.decode()


def test_an_empty_list_of_jobs_says_what_would_stand_there(people, page_of):
    making.make_task()
    assert "No such job runs" in text_of(page_of(people.operator, "/waiting/", kind="jobs"))


def test_an_approver_sees_only_the_jobs_that_name_them(people, page_of):
    make_job(policy=making.make_policy(team="legal"))
    assert elements(page_of(people.approver, "/waiting/", kind="jobs"), "task-") == []


@pytest.mark.parametrize("number", [1, 9])
def test_the_list_of_jobs_asks_the_same_number_of_queries_at_any_length(
    people, browser_of, django_assert_num_queries, number
):
    for _ in range(number):
        making.make_decision(make_job(), people.approver2)
    browser = browser_of(people.operator)
    with django_assert_num_queries(13):
        browser.get("/waiting/?kind=jobs")


def test_the_run_lists_its_job(people, page_of):
    job = make_job()
    page = page_of(people.operator, f"/executions/{job.execution_id}/")
    assert "Load the warehouse" in text_of(page)
    assert "A job runs" in text_of(page)


def test_the_technical_view_says_that_it_can_be_ended_early(people, page_of):
    page = text_of(page_of(people.operator, f"/tasks/{make_job().pk}/", view="technical"))
    assert "Early completion possible: the step was given its token, and waits for nobody" in page
    assert "Attempt 1: a job runs" in page
    assert "A job runs, and the workflow waits for its end, not for a heartbeat." in page


# --- ending it ---------------------------------------------------------------------------------
def test_the_form_says_plainly_what_an_answer_does(people, page_of):
    policy = making.make_policy(users=[people.approver], approve_label="Pay out", question="Pay?")
    page = text_of(page_of(people.approver, f"/tasks/{make_job(policy=policy).pk}/"))
    assert PLAINLY in page
    assert "End it early" in page
    assert "Fail it early" in page
    # What the policy calls an answer to a request is none here.
    assert "Pay out" not in page
    assert "Pay?" not in page
    assert "Answer before" not in page
    assert "waiting since" not in page


def test_without_the_tick_nothing_is_decided_and_the_form_says_why(people, browser_of):
    job = make_job()
    answer = post_answer(browser_of(people.approver), job)
    assert answer.status_code == 422
    assert NOT_MEANT in text_of(answer)
    assert not Decision.objects.exists()


def test_with_the_tick_it_is_ended(people, browser_of):
    job = make_job()
    answer = post_answer(browser_of(people.approver), job, end_early="on")
    assert answer.status_code == 303
    assert Decision.objects.get().task_id == job.pk


def test_the_tick_stays_where_something_else_is_wrong(people, browser_of):
    answer = post_answer(browser_of(people.approver), make_job(), end_early="on", output="{")
    assert answer.status_code == 422
    assert 'name="end_early" checked' in answer.content.decode()


def test_who_may_not_answer_ends_no_job(people, browser_of):
    job = make_job(policy=making.make_policy(team="legal"))
    operator = making.make_person("both", Role.APPROVER, Role.OPERATOR)
    answer = post_answer(browser_of(operator), job, end_early="on")
    assert answer.status_code == 403
    assert not Decision.objects.exists()


def test_a_form_of_what_waits_asks_for_no_such_tick(people, page_of):
    page = page_of(people.approver, f"/tasks/{making.make_task().pk}/").content.decode()
    assert "end_early" not in page


# --- how it ended ------------------------------------------------------------------------------
def test_a_job_that_ended_by_itself_was_answered_by_nobody(people, page_of):
    page = text_of(page_of(people.approver, f"/tasks/{closed_job().pk}/"))
    assert "This wait is over" in page
    assert "The job came to its end, or somebody outside Holdpoint ended the wait" in page
    assert "Answered outside Holdpoint" not in page


def test_an_answer_that_came_after_the_jobs_end_was_not_used(people, page_of):
    job = closed_job()
    status, outcome = DecisionStatus.LOST, "job_ended"
    making.make_decision(job, people.approver, status=status, outcome=outcome)
    page = text_of(page_of(people.approver, f"/tasks/{job.pk}/"))
    assert "The wait ended before your answer" in page
    assert "The job came to its end" in page


def test_an_answer_of_ours_that_ended_it_stands_as_such(people, page_of):
    job = closed_job(status="answered", answered_here=True)
    making.make_decision(job, people.approver, status=DecisionStatus.CONFIRMED)
    page = text_of(page_of(people.operator, f"/executions/{job.execution_id}/"))
    assert "Approved" in page
