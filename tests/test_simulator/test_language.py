"""Paths, templates, intrinsic functions and choices, where the recordings do not reach."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.simulator.asl import choice, template
from tests.simulator.asl.intrinsics import call
from tests.simulator.asl.paths import Documents, NoResult, evaluate, parse_path
from tests.simulator.errors import StateError

DATA: dict[str, Any] = {
    "name": "Ann",
    "rows": [{"n": 1, "ok": True}, {"n": 2, "ok": False}, {"n": 3, "ok": True}],
    "odd key": {"it's": 5},
}
SEEN = Documents(DATA, {"Task": {"Token": "T"}}, {"limit": {"high": 9}})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DATA),
        ("$.name", "Ann"),
        ("$.rows[0].n", 1),
        ("$.rows[-1].n", 3),
        ("$['odd key']['it\\'s']", 5),
        ("$.rows[*].n", [1, 2, 3]),
        ("$.rows[0:2].n", [1, 2]),
        ("$.rows[0,2].n", [1, 3]),
        ("$..n", [1, 2, 3]),
        ("$.rows[?(@.ok == true)].n", [1, 3]),
        ("$.none[*]", []),
        ("$.rows[7:9]", []),
        ("$$.Task.Token", "T"),
        ("$limit.high", 9),
    ],
)
def test_a_path_leads_to_its_value(path: str, value: Any) -> None:
    assert evaluate(parse_path(path), SEEN) == value


@pytest.mark.parametrize("path", ["$.none", "$.rows[3]", "$.name.more", "$$.Task.None"])
def test_a_plain_path_that_leads_nowhere_is_an_error(path: str) -> None:
    with pytest.raises(NoResult):
        evaluate(parse_path(path), SEEN)


@pytest.mark.parametrize("path", ["name", "$.rows[", "$.rows[x]", "$ .a"])
def test_what_is_no_path_is_an_error(path: str) -> None:
    with pytest.raises(ValueError, match=r"not a path|invalid literal"):
        parse_path(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("States.Format('Hello, {}! \\{{}\\}', $.name, 3)", "Hello, Ann! {3}"),
        ("States.Array(1, 'two', null, $.rows[0].ok)", [1, "two", None, True]),
        ("States.ArrayUnique(States.Array(2, 1, 2))", [2, 1]),
        ("States.ArrayContains(States.Array(1, 2), 2)", True),
        ("States.ArrayPartition(States.ArrayRange(1, 5, 2), 2)", [[1, 3], [5]]),
        ("States.ArrayGetItem($.rows[*].n, 1)", 2),
        ("States.ArrayLength($.rows)", 3),
        ("States.Base64Decode(States.Base64Encode('a+b'))", "a+b"),
        ("States.Hash('x', 'SHA-1')", "11f6ad8ec52a2984abaafd7c3b516503785c2072"),
        ("States.JsonMerge($.rows[0], $.rows[1], false)", {"n": 2, "ok": False}),
        ("States.JsonToString($.rows[0])", '{"n":1,"ok":true}'),
        ("States.StringToJson('[1]')", [1]),
        ("States.StringSplit('1,2+3', ',+')", ["1", "2", "3"]),
        ("States.MathAdd(1.5, -1)", 1),
    ],
)
def test_an_intrinsic_function_gives_its_value(text: str, value: Any) -> None:
    assert call(text, SEEN, random.Random(1)) == value


@pytest.mark.parametrize(
    "text",
    ["States.None()", "States.Array(1", "States.Hash('x', 'ROT13')", "States.ArrayLength($.name)"],
)
def test_an_intrinsic_function_fails_by_its_own_name(text: str) -> None:
    with pytest.raises(StateError) as caught:
        call(text, SEEN, random.Random(1))
    assert caught.value.error == "States.IntrinsicFailure"


def test_a_random_number_lies_within_its_bounds() -> None:
    numbers = {call("States.MathRandom(1, 4)", SEEN, random.Random(n)) for n in range(50)}
    assert numbers == {1, 2, 3}


def test_a_result_is_placed_beside_what_was_there() -> None:
    assert template.place("$.a.b", {"a": {"c": 1}}, 2) == {"a": {"c": 1, "b": 2}}


def test_placing_does_not_change_the_input() -> None:
    given = {"a": {"c": 1}}
    template.place("$.a.b", given, 2)
    assert given == {"a": {"c": 1}}


def test_a_result_cannot_be_placed_in_what_is_no_object() -> None:
    with pytest.raises(StateError) as caught:
        template.place("$.a", [1], 2)
    assert caught.value.error == "States.ReferencePathConflict"


@pytest.mark.parametrize(
    ("rule", "true"),
    [
        ({"Variable": "$.name", "StringMatches": "A*"}, True),
        ({"Variable": "$.name", "StringMatches": "A\\*"}, False),
        ({"Variable": "$.none", "IsPresent": False}, True),
        ({"Variable": "$.rows", "IsPresent": True}, True),
        ({"Not": {"Variable": "$.name", "StringEquals": "Bob"}}, True),
        ({"And": [{"Variable": "$.rows[0].ok", "BooleanEquals": True}]}, True),
        ({"Or": [{"Variable": "$.rows[0].n", "NumericGreaterThan": 5}]}, False),
        ({"Variable": "$.rows[0].n", "NumericLessThanPath": "$limit.high"}, True),
        ({"Variable": "$.rows[0].ok", "NumericEquals": 1}, False),
        ({"Variable": "$.name", "IsTimestamp": False}, True),
    ],
)
def test_a_rule_holds_or_not(rule: dict[str, Any], true: bool) -> None:
    assert choice.holds(rule, SEEN) is true


def test_a_rule_about_nothing_is_fatal() -> None:
    with pytest.raises(StateError) as caught:
        choice.holds({"Variable": "$.none", "NumericEquals": 1}, SEEN)
    assert caught.value.error == "States.Runtime"


def test_no_choice_has_its_own_error() -> None:
    with pytest.raises(StateError) as caught:
        choice.choose({"Choices": [{"Variable": "$.name", "IsNull": True, "Next": "A"}]}, SEEN)
    assert caught.value.error == "States.NoChoiceMatched"
