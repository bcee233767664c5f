"""State graphs on pages: what is lit, what hostile names become, what it costs."""

from __future__ import annotations

import re
import time

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from hypothesis import given, settings

from callbacks.asl.drawing import graph_of
from callbacks.asl.progress import Seen, behind, marks_of
from callbacks.models import TaskStatus
from callbacks.views.graph import picture_of
from callbacks.views.graph_words import Look, text_width
from tests import making
from tests.asl.graphs import (
    CATCH_ALL,
    any_definition,
    ask,
    choice,
    each,
    long_chain,
    order_release,
    parallel,
    task,
)
from tests.asl.histories import machine
from tests.views.conftest import text_of

RUN_QUERIES = 15
HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "]]></svg><script>",
    "{{ 7|add:7 }}",
    "שלום עולם",
    "pay\u202eme",
    "x" * 300,
    "審査" * 40,
]


def drawn(definition, *, waiting=()):
    graph = graph_of(definition)
    marks = marks_of(definition=definition, graph=graph, seen=Seen(waiting=frozenset(waiting)))
    found = None
    if len(waiting) == 1:
        found = behind(definition=definition, graph=graph, state=definition.states[waiting[0]])
    return picture_of(
        definition=definition,
        looks={name: Look(mark) for name, mark in marks.items()},
        behind=found,
        is_run=True,
        graph=graph,
    )


def markup(picture):
    return render_to_string("parts/graph.html", {"picture": picture})


def node(html, name):
    """The class of a drawn state."""
    return re.search(rf'<a class="node ([^"]*)" [^>]*aria-label="{name}[ :]', html)[1]


def run_on(definition, **fields):
    return making.make_execution(making.make_machine(definition=definition.text), **fields)


def wait_in(execution, state="Ask", **fields):
    return making.make_task(making.make_request(execution, state), **fields)


def test_each_mark_is_a_border_and_a_word() -> None:
    html = markup(drawn(order_release(), waiting=["Ask"]))
    assert node(html, "Ask") == "waiting"
    assert node(html, "Load") == "ran"
    assert node(html, "Charge") == "ahead yes"
    assert node(html, "Sorry") == "ahead no"
    assert 'aria-label="Charge: task · not reached · after a yes"' in html
    assert 'aria-label="Ask: asks and waits · waiting here"' in html


def test_a_way_is_drawn_as_gone_only_where_that_is_certain() -> None:
    picture = drawn(order_release(), waiting=["Ask"])
    assert [stroke.tone for stroke in picture.strokes].count("done") == 3
    either = machine({"Way": choice("Ask", Note="x"), "Note": task("Ask"), "Ask": ask()})
    assert [stroke.tone for stroke in drawn(either, waiting=["Ask"]).strokes].count("done") == 1


def test_every_state_is_a_link_to_its_place_in_the_list() -> None:
    html = markup(drawn(order_release()))
    for number in range(7):
        assert f'href="#state-{number}"' in html
        assert f'id="state-{number}"' in html


def test_the_list_says_every_way() -> None:
    entries = drawn(order_release(), waiting=["Ask"]).entries
    ways = {entry.name: list(entry.ways) for entry in entries}
    assert ways["Limit"] == ['if $.way = "much": Ask', "otherwise: Charge"]
    assert ways["Ask"] == ["then Charge", "on any error: Sorry"]
    assert ways["Confirm"] == ["then the end"]
    assert ways["Denied"] == []


def test_frames_hold_what_is_inside_them() -> None:
    picture = drawn(
        machine(
            {"Both": parallel({"L": task()}, {"Each": each({"In": ask()})}, to="Z"), "Z": task()}
        )
    )
    at = {one.name.split(" ")[0]: one for one in picture.nodes}
    for inner, outer in [("L", "Both"), ("Each", "Both"), ("In", "Each")]:
        assert at[outer].x < at[inner].x
        assert at[outer].y < at[inner].y
        assert at[inner].x + at[inner].width < at[outer].x + at[outer].width
        assert at[inner].y + at[inner].height < at[outer].y + at[outer].height
    assert at["Z"].y > at["Both"].y + at["Both"].height


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_within_their_box(name) -> None:
    rule = {"Condition": "{% " + name + " %}", "Next": name}
    state = {"Type": "Choice", "Choices": [rule], "Default": "Z"}
    caught = [{"ErrorEquals": [name], "Next": "Z"}]
    picture = drawn(
        machine({"A": state, name: ask("Z", Catch=caught), "Z": task()}), waiting=[name]
    )
    html = markup(picture)
    assert not re.search(r"<(script|img|/svg><script)", html)
    assert "\u202e" not in html
    assert html.count("<svg") == 1 + html.count('<svg class="i')
    assert all(one.width <= 260 for one in picture.nodes)


def test_nothing_of_it_needs_a_style_or_a_script() -> None:
    html = markup(drawn(order_release(), waiting=["Ask"]))
    assert not re.search(r"\sstyle=|<style|<script|\son[a-z]+=", html)


def test_words_of_broad_letters_are_taken_to_be_broad() -> None:
    assert text_width("審査", 12) > text_width("ab", 12)


def test_three_hundred_states_are_drawn_in_bounded_time_and_size() -> None:
    definition = long_chain(300, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "S299"}])
    began = time.process_time()
    html = markup(drawn(definition, waiting=["S150"]))
    assert 'id="node-299"' in html
    assert len(html) < 500_000
    assert time.process_time() - began < 3


def test_what_is_too_large_is_a_list_and_says_so() -> None:
    html = markup(drawn(long_chain(700)))
    assert "too large to be drawn" in html
    assert '<details class="fold" open>' in html
    assert "and 200 more states" in html
    assert 'class="graph"' not in html


def test_a_machine_of_ten_thousand_states_takes_no_time_to_speak_of() -> None:
    definition = long_chain(10_000)
    began = time.process_time()
    html = markup(drawn(definition, waiting=["S5000"]))
    assert len(html) < 400_000
    assert time.process_time() - began < 3


def test_rules_without_end_are_cut() -> None:
    def rule(number):
        return {"Condition": f"{number}" + "x" * 200, "Next": f"C{number % 400}"}

    def caught(number):
        return {"ErrorEquals": [f"E{n}" * 40 for n in range(50)], "Next": f"C{number}"}

    states = {
        f"C{number}": {
            "Type": "Choice",
            "Choices": [rule(number + n) for n in range(20)],
            "Catch": [caught(number)],
        }
        for number in range(400)
    }
    assert len(markup(drawn(machine(states)))) < 1_000_000


def test_without_a_run_nothing_is_claimed_of_one() -> None:
    picture = picture_of(definition=order_release(), looks={"Ask": Look(Look().mark, "38 waiting")})
    html = markup(picture)
    assert 'aria-label="Ask: asks and waits · 38 waiting"' in html
    assert picture.legend == ()
    assert "done" not in {stroke.tone for stroke in picture.strokes}


@settings(deadline=None, max_examples=60)
@given(any_definition())
def test_any_definition_is_drawn_within_its_own_bounds(definition) -> None:
    picture = drawn(definition, waiting=sorted(definition.states)[:1])
    for one in picture.nodes:
        assert 0 <= one.x <= one.x + one.width <= picture.width
        assert 0 <= one.y <= one.y + one.height <= picture.height
    assert len(picture.entries) == len(definition.states)
    markup(picture)


# --- on the pages
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
