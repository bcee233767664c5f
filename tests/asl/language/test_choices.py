"""Rules of a JSONPath Choice."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.language.choices import holds
from callbacks.asl.language.values import CannotPredict, Seen, StateFails

DATA = {"n": 5, "s": "b", "t": "2026-01-01T00:00:00Z", "yes": True, "null": None, "l": [1]}


def is_met(rule, data=DATA):
    return holds(rule, Seen(data=data, context={}, variables={}))


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.n", "NumericGreaterThanEquals": 5},
        {"Variable": "$.n", "NumericEqualsPath": "$.n"},
        {"Variable": "$.s", "StringLessThan": "c"},
        {"Variable": "$.s", "StringMatches": "*b*"},
        {"Variable": "$.t", "TimestampLessThan": "2026-01-01T01:00:00+00:30"},
        {"Variable": "$.yes", "BooleanEquals": True},
        {"Variable": "$.null", "IsNull": True},
        {"Variable": "$.gone", "IsPresent": False},
        {"Variable": "$.l[*]", "NumericEquals": 1},
        {"Not": {"Variable": "$.n", "IsString": True}},
        {
            "And": [
                {"Variable": "$.yes", "IsBoolean": True},
                {"Variable": "$.t", "IsTimestamp": True},
            ]
        },
        {
            "Or": [
                {"Variable": "$.n", "NumericLessThan": 0},
                {"Variable": "$.s", "StringEquals": "b"},
            ]
        },
    ],
)
def test_a_rule_that_holds(rule):
    assert is_met(rule)


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.s", "NumericEquals": 5},
        {"Variable": "$.n", "StringEquals": "5"},
        {"Variable": "$.yes", "NumericEquals": 1},
        {"Variable": "$.s", "StringMatches": "a*"},
        {"Variable": "$.s", "TimestampEquals": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_value_of_another_kind_meets_nothing(rule):
    assert not is_met(rule)


def test_a_path_that_leads_nowhere_fails_the_state():
    with pytest.raises(StateFails):
        is_met({"Variable": "$.gone", "NumericEquals": 1})


@pytest.mark.parametrize(
    "rule", [{"Variable": "$.n"}, {"Variable": "$.n", "NumericNear": 5}, {"NumericEquals": 5}]
)
def test_a_rule_of_another_form_is_not_guessed(rule):
    with pytest.raises(CannotPredict):
        is_met(rule)


@given(st.text("ab*\\", max_size=12), st.text("ab*\\", max_size=12))
def test_a_pattern_means_what_its_regular_expression_does(pattern, value):
    marks = re.findall(r"\\.|.", pattern)
    expression = "".join(".*" if mark == "*" else re.escape(mark[-1]) for mark in marks)
    expected = re.fullmatch(expression, value) is not None
    rule = {"Variable": "$.v", "StringMatches": pattern}
    assert is_met(rule, {"v": value}) is expected
