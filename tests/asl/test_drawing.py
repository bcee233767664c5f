"""Definitions as graphs: every state and way once, level by level."""

from __future__ import annotations

import pytest
from hypothesis import given

from callbacks.asl.definition import Definition
from callbacks.asl.drawing import MOST_DEPTH, MOST_STATES, Way, graph_of, rule_text
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


def ways(definition: Definition) -> set[tuple[str, str | None, str]]:
    graph = graph_of(definition)
    return {(e.source, e.target, str(e.way)) for level in graph.levels for e in level.edges}


def test_every_way_of_a_machine_is_an_edge_of_its_kind() -> None:
    assert ways(order_release()) == {
        ("Load", "Limit", "next"),
        ("Limit", "Ask", "choice"),
        ("Limit", "Charge", "default"),
        ("Ask", "Charge", "next"),
        ("Ask", "Sorry", "catch"),
        ("Charge", "Confirm", "next"),
        ("Confirm", None, "next"),
        ("Sorry", "Denied", "next"),
    }


def test_states_stand_in_the_order_in_which_a_run_comes_to_them() -> None:
    lost = machine({"B": task(), "A": task("B"), "Lost": task()}, StartAt="A")

    assert graph_of(lost).levels[0].states == ("A", "B", "Lost")


def test_rules_that_lead_to_one_state_are_one_edge() -> None:
    both = {"ErrorEquals": ["Denied", "Late"], "Next": "Sorry"}
    definition = machine({"Ask": ask(Catch=[both, *CATCH_ALL]), "Sorry": task()})

    (edge,) = (e for e in graph_of(definition).levels[0].edges if e.way is Way.CATCH)

    assert edge.labels == ("Denied", "Late", "States.ALL")


def test_branches_and_items_are_levels_of_their_own_after_the_one_around_them() -> None:
    definition = machine(
        {"Both": parallel({"L": task()}, {"Each": each({"In": ask("Out"), "Out": task()})})}
    )

    levels = graph_of(definition).levels

    assert [(one.container, one.branch, one.states, one.depth) for one in levels] == [
        (None, None, ("Both",), 0),
        ("Both", 0, ("L",), 1),
        ("Both", 1, ("Each",), 1),
        ("Each", None, ("In", "Out"), 2),
    ]


def test_a_circle_is_a_way_back() -> None:
    definition = machine({"Ask": ask("Again"), "Again": choice("Done", Ask="no"), "Done": task()})

    assert ("Again", "Ask", "choice") in ways(definition)


def test_ways_out_of_a_level_or_to_nowhere_are_left_out() -> None:
    definition = machine({"Each": each({"In": task("Each")}, to="Missing")})

    assert ways(definition) == set()


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"Variable": "$.amount", "NumericGreaterThan": 2000}, "$.amount > 2000"),
        ({"Variable": "$.a", "StringEqualsPath": "$.b"}, "$.a = $.b"),
        ({"Variable": "$.a", "IsPresent": True}, "$.a is present"),
        ({"Variable": "$.a", "IsNull": False}, "$.a is not null"),
        ({"Variable": "$.a", "NovelTest": 1}, "$.a NovelTest 1"),
        ({"Condition": "{% $x > 1 %}"}, "$x > 1"),
        ({"Not": {"Variable": "$.a", "BooleanEquals": True}}, "not ($.a = true)"),
        (
            {
                "And": [
                    {"Variable": "$.a", "IsNull": True},
                    {"Variable": "$.b", "StringMatches": "x*"},
                ]
            },
            '$.a is null and $.b ~ "x*"',
        ),
        ({}, ""),
    ],
)
def test_a_rule_is_said_in_one_line(rule: dict[str, object], text: str) -> None:
    assert rule_text(rule) == text


def test_rules_in_rules_in_rules_are_cut() -> None:
    rule: dict[str, object] = {"Variable": "$.a", "IsNull": True}
    for _ in range(200):
        rule = {"Or": [rule, rule]}

    assert len(rule_text(rule)) <= 200


def test_what_no_picture_could_hold_is_too_large() -> None:
    assert not graph_of(long_chain(300)).is_too_large
    assert graph_of(long_chain(MOST_STATES + 1)).is_too_large
    state = task()
    for level in range(MOST_DEPTH + 1):
        state = each({f"S{level}": state})
    assert graph_of(machine({"Top": state})).is_too_large


@given(any_definition())
def test_every_state_stands_in_one_level_and_every_edge_within_one(definition: Definition) -> None:
    graph = graph_of(definition)

    names = [name for level in graph.levels for name in level.states]
    assert sorted(names) == sorted(definition.states)
    for level in graph.levels:
        here = {*level.states, None}
        assert all(edge.source in here and edge.target in here for edge in level.edges)
