"""Which policy covers a task: names, tags and values; the first that matches."""

import json
from decimal import Decimal
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.lookup import Payloads
from callbacks.models import Policy
from callbacks.sync.matching import Subject, first_match, holds, matches

INPUT = '{"amount": 120.50, "text": "99", "customer": {"vip": true}, "items": [{"sku": "a"}]}'
# What blows up takes hours; this leaves room for a slow machine.
A_MOMENT = 5
CONTEXT = '{"Execution": {"Name": "run-1"}}'


def subject(**fields: Any) -> Subject:
    values: dict[str, Any] = {
        "connection": "prod",
        "state_machine": "order-release",
        "state": "AskFinance",
        "tags": {"team": "payments"},
        "payloads": Payloads(input=INPUT, context=CONTEXT),
        **fields,
    }
    return Subject(**values)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"connections": ["prod"]},
        {"connections": ["data", "pr*"]},
        {"state_machine": "order-*"},
        {"state": "Ask???ance"},
        {"tags": {"team": "pay*"}},
    ],
)
def test_a_policy_covers_what_fits_its_patterns(fields: dict[str, Any]) -> None:
    assert matches(Policy(**fields), subject())


@pytest.mark.parametrize(
    "fields",
    [
        {"connections": ["staging"]},
        {"state_machine": "order"},
        {"state_machine": "ORDER-*"},
        {"state": "ask*"},
        {"tags": {"team": "legal"}},
        {"tags": {"cost": "*"}},
        {"state_machine": "order-releas[e]"},
    ],
)
def test_it_covers_nothing_else(fields: dict[str, Any]) -> None:
    assert not matches(Policy(**fields), subject())


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_covers_what_it_covers_tried_letter_by_letter(pattern: str, name: str) -> None:
    assert matches(Policy(state=pattern), subject(state=name)) == (
        not pattern or _fits_slowly(pattern, name)
    )


def _fits_slowly(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(_fits_slowly(pattern[1:], name[i:]) for i in range(len(name) + 1))
    return bool(name) and pattern[0] in ("?", name[0]) and _fits_slowly(pattern[1:], name[1:])


def test_a_pattern_of_many_stars_keeps_no_sync_waiting() -> None:
    began = process_time()
    assert not matches(Policy(state="*a" * 6 + "*b"), subject(state="a" * 80))
    assert not matches(Policy(state="*" * 6 + "b"), subject(state="a" * 80))
    assert matches(Policy(state="*a" * 40 + "*b"), subject(state="a" * 79 + "b"))
    assert process_time() - began < A_MOMENT


def condition(path: str, test: str, value: Any = None) -> bool:
    payloads = Payloads(input=INPUT, context=CONTEXT)
    return holds({"path": path, "is": test, "value": value}, payloads)


@pytest.mark.parametrize(
    ("path", "test", "value"),
    [
        ("$.amount", "above", 120),
        ("$.amount", "equals", 120.5),
        ("$.amount", "equals", "120.50"),
        ("$.text", "below", 100),
        ("$.customer.vip", "equals", True),
        ("$.customer", "present", None),
        ("$.nothing", "absent", None),
        ("$.items[*].sku", "one_of", ["b", "a"]),
        ("$$.Execution.Name", "equals", "run-1"),
        ("$.text", "not_equals", "98"),
    ],
)
def test_a_condition_holds_by_value(path: str, test: str, value: Any) -> None:
    assert condition(path, test, value)


@pytest.mark.parametrize(
    ("path", "test", "value"),
    [
        ("$.amount", "above", 121),
        ("$.customer", "above", 0),
        ("$.customer.vip", "equals", 1),
        ("$.nothing", "not_equals", 1),
        ("$.nothing", "present", None),
        ("not a path", "present", None),
        ("$[?@ =~ /(/]", "present", None),
        ("$[?1 in @]", "present", None),
        ("$[?@ == -11e999]", "present", None),
    ],
)
def test_else_it_does_not(path: str, test: str, value: Any) -> None:
    assert not condition(path, test, value)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_a_number_is_above_at_most_or_neither_but_not_both(left: int, right: int) -> None:
    payloads = Payloads(input=json.dumps({"n": left}))
    above, at_most = (
        holds({"path": "$.n", "is": test, "value": right}, payloads)
        for test in ("above", "at_most")
    )
    assert above == (Decimal(left) > right)
    assert above != at_most


def test_the_first_policy_that_matches_covers_the_task() -> None:
    rules = [Policy(name="a", state="X"), Policy(name="b"), Policy(name="c")]
    found = first_match(rules, subject())
    assert found is not None
    assert found.name == "b"


@given(st.text(max_size=40))
def test_no_path_that_somebody_writes_raises(path: str) -> None:
    assert condition(path, "present") in (True, False)
