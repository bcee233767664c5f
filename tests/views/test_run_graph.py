"""State graphs of runs on their pages: where each stands, and what is not known of it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from callbacks.models import TaskStatus
from tests import making
from tests.asl.graphs import CATCH_ALL, ask, choice, each, order_release, parallel, task
from tests.asl.histories import machine
from tests.views.conftest import text_of
from tests.views.test_graph import node

RUN_QUERIES = 16


def run_on(definition, **fields):
    return making.make_execution(making.make_machine(definition=definition.text), **fields)


def wait_in(execution, state="Ask", **fields):
    return making.make_task(making.make_request(execution, state), **fields)


def test_both_pages_show_where_the_run_waits_and_what_follows(people, page_of):
    execution = run_on(order_release())
    waiting = wait_in(execution)
    for path in (f"/executions/{execution.pk}/", f"/tasks/{waiting.pk}/?view=technical"):
        page = page_of(people.approver, path)
        html, text = page.content.decode(), text_of(page)
        assert node(html, "Ask") == "waiting"
        assert "waiting 9 min" in text
        assert "After a yes: Charge. After a no: Sorry on any error." in text
        assert "Steps that wait for nobody" in text


def test_where_several_wait_the_page_of_the_run_names_no_answer(people, page_of):
    definition = machine({"Both": parallel({"A": ask()}, {"B": ask()})})
    execution = run_on(definition)
    first = wait_in(execution, "A")
    wait_in(execution, "B", scheduled_event_id=9)
    assert "After a yes" not in text_of(page_of(people.approver, f"/executions/{execution.pk}/"))
    page = page_of(people.approver, f"/tasks/{first.pk}/", view="technical")
    assert "After a yes: the end" in text_of(page)


def test_items_of_a_map_are_counted_on_their_state(people, page_of):
    execution = run_on(machine({"Each": each({"Ask": ask()})}))
    for number in range(3):
        request = making.make_request(execution, "Ask", iteration=f"Each[{number}]")
        making.make_task(request, scheduled_event_id=3 + number)
    html = page_of(people.approver, f"/executions/{execution.pk}/").content.decode()
    assert "3 waiting" in html


def test_a_wait_that_failed_is_marked_so(people, page_of):
    execution = run_on(machine({"Ask": ask(Catch=CATCH_ALL), "Sorry": task()}), status="FAILED")
    wait_in(execution, status=TaskStatus.TIMED_OUT, closed_kind="timed_out")
    html = page_of(people.approver, f"/executions/{execution.pk}/").content.decode()
    assert node(html, "Ask") == "failed"
    assert "ran out of time" in html


DIED = "An error occurred while executing the state '{}' (entered at the event id #2). Invalid path"
DIED_IN_ASK = DIED.format("Ask")


def died(definition, *, error="States.Runtime", cause=DIED_IN_ASK, **fields):
    """A run that failed, of which `fields` says more, after its only request was answered."""
    execution = run_on(definition, status="FAILED", error=error, cause=cause, **fields)
    return wait_in(
        execution, status=TaskStatus.ANSWERED, closed_kind="succeeded", closed_event_id=5
    )


def both_pages(task):
    return (f"/executions/{task.execution_id}/", f"/tasks/{task.pk}/?view=technical")


def test_a_run_that_dies_of_the_answer_failed_in_the_state_that_asked(people, page_of):
    answered = died(order_release())
    for path in both_pages(answered):
        html = page_of(people.approver, path).content.decode()
        assert node(html, "Ask") == "failed"
        assert "failed after its answer" in html
        assert '<span class="swatch failed"></span>' in html
        assert node(html, "Load") == "ran"
        # A rule may have taken it, and what ended the run may be behind that.
        assert node(html, "Sorry") == "unknown"


def test_an_end_right_behind_an_answer_is_of_that_answer(people, page_of):
    answered = died(order_release(), cause="Unable to apply ReferencePath", last_event_id=6)
    html = page_of(people.approver, both_pages(answered)[0]).content.decode()
    assert node(html, "Ask") == "failed"
    assert node(html, "Charge") == "ahead"


@pytest.mark.parametrize(
    "fields",
    [
        {"error": "Denied", "cause": "No money", "last_event_id": 9},
        # A list says that it is over, and its history is not read again yet.
        {"last_event_id": 6, "read_next_at": timezone.now()},
        {"cause": DIED.format("Elsewhere"), "last_event_id": 9},
    ],
)
def test_where_a_run_failed_is_never_guessed(people, page_of, fields):
    answered = died(order_release(), **fields)
    html = page_of(people.approver, both_pages(answered)[0]).content.decode()
    assert node(html, "Ask") == "ran"
    assert node(html, "Charge") == "unknown"


def test_the_words_of_a_worker_put_no_failure_elsewhere(people, page_of):
    cause = DIED.format("Charge")
    execution = run_on(order_release(), status="FAILED", error="States.Runtime", cause=cause)
    wait_in(
        execution,
        status=TaskStatus.ANSWERED,
        closed_kind="failed",
        closed_error="States.Runtime",
        closed_cause=cause,
    )
    html = page_of(people.approver, f"/executions/{execution.pk}/").content.decode()
    assert node(html, "Ask") == "failed"
    assert node(html, "Charge") == "unknown"


def says_no(**fields):
    return making.make_policy(
        rejection_mode="success", rejection_output='{"approved": false}', **fields
    )


def answer_decides():
    rule = {"Variable": "$.approved", "BooleanEquals": True, "Next": "Charge"}
    return machine(
        {
            "Ask": ask("Check", Catch=CATCH_ALL),
            "Check": {"Type": "Choice", "Choices": [rule], "Default": "Note"},
            "Charge": task(),
            "Note": task(),
            "Sorry": task(),
        }
    )


def test_a_no_that_is_sent_as_an_answer_is_not_drawn_as_an_error(people, page_of):
    execution = run_on(answer_decides())
    asked = wait_in(execution, policy=says_no(), input="{}")
    page = page_of(people.approver, f"/tasks/{asked.pk}/", view="technical")
    assert node(page.content.decode(), "Sorry") == "ahead"
    assert node(page.content.decode(), "Note") == "ahead"
    assert node(page.content.decode(), "Charge") == "ahead yes"
    assert "After a no, which is sent as an answer: Check, Note." in text_of(page)


def test_the_page_of_a_run_says_of_such_a_no_whose_way_it_goes(people, page_of):
    execution = run_on(answer_decides())
    wait_in(execution, policy=says_no())
    page = text_of(page_of(people.approver, f"/executions/{execution.pk}/"))
    assert "A no is sent as an answer, and goes the way of one." in page
    assert "After a no:" not in page


def test_without_a_definition_the_page_says_so(people, page_of):
    execution = making.make_execution(definition=None)
    making.make_task(execution=execution)
    page = page_of(people.approver, f"/executions/{execution.pk}/")
    assert text_of(page).count("The definition of this run is not read yet.") == 2


def test_a_definition_that_cannot_be_read_is_not_said_to_be_unread(people, page_of):
    execution = making.make_execution(making.make_machine(definition="{not json"))
    waiting = making.make_task(execution=execution)
    page = text_of(page_of(people.approver, f"/tasks/{waiting.pk}/", view="technical"))
    assert page.count("The definition of this run is none that Holdpoint can read.") == 2
    assert "not read yet" not in page.split("Graph and timeline", 1)[1]


def test_a_step_that_its_definition_does_not_have_is_said_to_be_missing(people, page_of):
    waiting = wait_in(run_on(order_release()), "Elsewhere")
    page = page_of(people.approver, f"/tasks/{waiting.pk}/", view="technical")
    assert "The definition of this run has no step of this name." in text_of(page)
    assert node(page.content.decode(), "Ask") == "unknown"


def test_what_other_teams_wait_for_is_not_lit(people, page_of):
    definition = machine({"Both": parallel({"A": ask()}, {"B": ask()})})
    execution = run_on(definition)
    wait_in(execution, "A")
    theirs = making.make_policy(team="finance")
    making.make_task(making.make_request(execution, "B"), scheduled_event_id=9, policy=theirs)
    html = page_of(people.approver, f"/executions/{execution.pk}/").content.decode()
    assert node(html, "B") == "unknown"


@pytest.mark.parametrize("count", [1, 5])
def test_the_page_of_a_run_asks_the_database_a_fixed_number_of_times(
    people, browser_of, django_assert_num_queries, count
):
    execution = run_on(machine({"Each": each({"Ask": ask()})}))
    for number in range(count):
        request = making.make_request(execution, "Ask", iteration=f"Each[{number}]")
        making.make_task(request, scheduled_event_id=3 + number, closed_cause="x")
    browser = browser_of(people.approver)
    with django_assert_num_queries(RUN_QUERIES):
        browser.get(f"/executions/{execution.pk}/")


def test_a_wait_of_a_state_that_the_definition_does_not_have_is_no_fault(people, page_of):
    execution = run_on(machine({"Way": choice("Z"), "Z": task()}))
    wait_in(execution, "Elsewhere")
    page = page_of(people.approver, f"/executions/{execution.pk}/")
    assert page.status_code == 200
    assert "Elsewhere Attempt 1 waiting" in text_of(page)
