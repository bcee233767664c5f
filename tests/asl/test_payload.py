"""The strict reader that stands before every send."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.payload import (
    CAUSE_LIMIT_CHARACTERS,
    DEPTH_LIMIT,
    OUTPUT_LIMIT_BYTES,
    PayloadError,
    check_cause,
    check_error,
    check_output,
    same_value,
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


def problem_of(text: str):
    with pytest.raises(PayloadError) as caught:
        check_output(text)
    return caught.value.problem


def string_of_bytes(size: int) -> str:
    return '"' + "x" * (size - 2) + '"'


def test_an_output_of_exactly_the_limit_passes():
    assert check_output(string_of_bytes(OUTPUT_LIMIT_BYTES)) == "x" * (OUTPUT_LIMIT_BYTES - 2)


def test_one_byte_more_is_refused_with_both_numbers():
    message = problem_of(string_of_bytes(OUTPUT_LIMIT_BYTES + 1)).message
    assert "262,145 bytes" in message
    assert "262,144" in message


def test_bytes_count_and_not_characters():
    text = '"' + "\U0001f600" * 70_000 + '"'
    assert len(text) < OUTPUT_LIMIT_BYTES
    assert problem_of(text).code == "too_big"


@pytest.mark.parametrize("depth", [DEPTH_LIMIT + 1, 1_000, 100_000])
def test_deep_nesting_is_refused_before_the_parser_sees_it(depth):
    assert problem_of("[" * depth + "]" * depth).code == "too_deep"


def test_the_deepest_allowed_nesting_passes():
    check_output("[" * DEPTH_LIMIT + "]" * DEPTH_LIMIT)


def test_brackets_inside_strings_are_no_nesting():
    assert check_output(json.dumps({"a": "[" * 500 + '\\"'})) == {"a": "[" * 500 + '\\"'}


def test_a_5000_digit_number_is_refused_clearly():
    assert "5,000 digits" in problem_of("1" * 5_000).message


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a": 1e999}', "[-1e999]"])
def test_numbers_that_json_does_not_have_are_refused(text):
    assert problem_of(text).code == "not_json"


def test_a_key_that_stands_twice_is_named():
    assert "“amount”" in problem_of('{"amount": 1, "amount": 2}').message


def test_numbers_keep_every_digit():
    value = check_output('{"a": 9007199254740993, "b": 0.123456789012345678901234567890, "c": 1.0}')
    assert value["a"] == 9007199254740993
    assert value["b"] == Decimal("0.123456789012345678901234567890")


def test_an_escaped_nul_is_allowed():
    assert check_output(r'"a\u0000b"') == "a\0b"


def test_a_lone_surrogate_is_refused_with_its_place():
    problem = problem_of('{\n  "a": "\ud800"}')
    assert (problem.code, problem.line, problem.column) == ("surrogate", 2, 9)


def test_half_a_character_written_as_an_escape_is_refused_with_its_place():
    problem = problem_of('{\n  "a": "x\\ud800y"}')
    assert (problem.code, problem.line, problem.column) == ("surrogate", 2, 8)


def test_a_whole_character_written_as_two_escapes_passes():
    assert check_output('"\\ud83d\\ude00"') == "\U0001f600"


def test_a_byte_order_mark_is_refused():
    assert problem_of("\ufeff{}").code == "byte_order_mark"


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_an_empty_text_is_asked_about_and_never_becomes_an_object(text):
    assert problem_of(text).code == "empty"


def test_broken_json_is_told_with_line_and_column():
    problem = problem_of('{\n  "a": 1,\n  b: 2\n}')
    assert (problem.line, problem.column) == (3, 3)
    assert str(problem).startswith("Line 3, column 3: This is not JSON:")


def test_error_and_cause_are_limited_in_characters():
    check_error("ä" * 256)
    check_cause("ä" * CAUSE_LIMIT_CHARACTERS)
    with pytest.raises(PayloadError, match="257 characters; AWS takes at most 256"):
        check_error("ä" * 257)
    with pytest.raises(PayloadError, match="32,769"):
        check_cause("x" * (CAUSE_LIMIT_CHARACTERS + 1))


def test_a_nul_in_a_cause_is_refused_because_no_database_keeps_it():
    with pytest.raises(PayloadError, match="NUL"):
        check_cause("a\0b")


@given(json_values)
def test_whatever_python_writes_as_json_is_accepted(value):
    check_output(json.dumps(value))


@given(json_values)
def test_a_text_written_anew_has_the_same_value(value):
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    assert same_value(json.dumps(value, indent=2, sort_keys=True), compact)


@pytest.mark.parametrize(
    ("left", "right"), [("1", "1.0"), ("1e2", "100"), ("0.1", "0.10"), ('"\\u00e4"', '"ä"')]
)
def test_values_are_compared_and_not_spellings(left, right):
    assert same_value(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", "true"),
        ("0", "false"),
        ('"1"', "1"),
        ("null", "{}"),
        ("[1,2]", "[2,1]"),
        ("1", "2"),
        ('{"a":1}', '{"a":1,"b":null}'),
        ("not json", "not  json"),
    ],
)
def test_other_values_are_not_the_same(left, right):
    assert not same_value(left, right)


def test_the_doubles_that_aws_makes_of_long_numbers_are_the_same():
    assert same_value("0.1234567890123456789", "0.12345678901234568")


def test_a_large_string_without_its_end_is_told_as_soon_as_a_small_one() -> None:
    """An expression that went back would take minutes."""
    for size in (10, 130_000):
        with pytest.raises(PayloadError):
            check_output('"' + '\\"' * size)
