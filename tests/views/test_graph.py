"""State graphs as drawn: what is lit, what hostile names become, what it costs."""

from __future__ import annotations

import re
import time

import pytest
from django.template.loader import render_to_string
from hypothesis import given, settings

from callbacks.asl.drawing import graph_of
from callbacks.asl.progress import Seen, behind, marks_of
from callbacks.views.graph import picture_of
from callbacks.views.graph_words import Look, text_width
from tests.asl.graphs import (
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
