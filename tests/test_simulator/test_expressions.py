"""JSONata where the recordings do not reach: values, AWS's own functions, and what ends badly."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.asl import jsonata
from tests.simulator.asl.jsonata import Seen
from tests.simulator.errors import QueryFailure

INPUT: dict[str, Any] = {
    "nothing": None,
    "rows": [None, 1, {"n": None}],
    "one": [5],
    "whole": 1.0,
    "name": "Ann",
}
NOW = 1_577_836_800.5


def _seen(**variables: Any) -> Seen:
    return Seen({"input": INPUT}, variables, NOW, random.Random(1))


def _value(source: str, **variables: Any) -> Any:
    return jsonata.fill(f"{{% {source} %}}", _seen(**variables), "Output")


def _failure(source: str) -> QueryFailure:
    with pytest.raises(QueryFailure) as caught:
        _value(source)
    return caught.value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("$states.input", INPUT),
        ("$states.input.nothing", None),
        ("$states.input.rows[0]", None),
        ("$states.input.rows[2].n", None),
        ("$states.input.one", [5]),
        ("$states.input.whole", 1.0),
        ("{'a': null, 'b': [$states.input.nothing]}", {"a": None, "b": [None]}),
        ("10 / 5", 2),
        ("$kept", None),
        ("$kept = null", True),
        ("($mine := 2; $mine * $factor)", 6),
        ("($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(31))", 31),
        ("$map([1..150], function($n) { [$n, 1] })[149]", [150, 1]),
    ],
)
def test_an_expression_gives_its_value(source: str, value: Any) -> None:
    assert _value(source, kept=None, factor=3) == value


def test_what_an_expression_makes_of_its_input_does_not_change_it() -> None:
    before = repr(INPUT)
    _value("$append($states.input.rows, 2) ~> $reverse()")
    _value("$states.input ~> |$|{'name': 'Bob', 'rows': []}|")
    assert repr(INPUT) == before


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$partition([1, 2, 3], 2.9)", [[1, 2], [3]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$range(-1.7, 2, 1)", [-1, 0, 1, 2]),
        ("$range(7, 7, 1)", 7),
        ("$hash('x', 'SHA-1')", "11f6ad8ec52a2984abaafd7c3b516503785c2072"),
        ("$parse('{\"a\": [1, null]}')", {"a": [1, None]}),
        ("$parse('null')", None),
        ("$random(7) = $random(7)", True),
        ("$random() != $random()", True),
        ("$now()", "2020-01-01T00:00:00.500Z"),
        ("$now('[Y]')", "2020"),
        ("$millis()", 1_577_836_800_500),
        ("$length($uuid())", 36),
        ("$uuid() != $uuid()", True),
        ("$sort($shuffle([3, 1, 2]))", [1, 2, 3]),
    ],
)
def test_the_functions_that_aws_adds_are_there(source: str, value: Any) -> None:
    assert _value(source) == value


@pytest.mark.parametrize(
    "source", ["$uuid()", "$random()", "$shuffle([1..20])", "$now()", "$millis()"]
)
def test_what_is_random_or_of_the_clock_is_the_same_in_a_repetition(source: str) -> None:
    assert _value(source) == _value(source)


@pytest.mark.parametrize(
    "source",
    [
        "$states.input.missing",
        "$states.result",
        "name",
        "$partition([1], 0)",
        "$partition([], 2)",
        "$range(1, 3)",
        "$range(1, 3, -1)",
        "$hash('x')",
    ],
)
def test_an_expression_that_gives_nothing_fails_by_its_field(source: str) -> None:
    failure = _failure(source)
    assert (failure.error, failure.location) == ("States.QueryEvaluationError", "Output")
    assert failure.cause == (
        f"The JSONata expression '{source}' specified for the field 'Output'"
        " returned nothing (undefined)."
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("$eval('1+1')", "threw an error during evaluation. T1006: "),
        ("1 + 'a'", "threw an error during evaluation. T2002: "),
        ("$parse('{')", "threw an error during evaluation: Unable to parse JSON"),
        ("$partition([1], -1)", "threw an error during evaluation: The chunk size"),
        ("$range(1, 1000000, 1)", "Expression evaluation memory limit exceeded"),
        ("$hash('x', 'ROT13')", "threw an error during evaluation: "),
        ("1 / 0", "threw an internal error during evaluation. ZeroDivisionError"),
        ("{'f': $uuid}", "returned an unsupported result type."),
    ],
)
def test_an_expression_that_ends_badly_says_why(source: str, words: str) -> None:
    assert words in _failure(source).cause


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(1000))", "Depth=101 max=100"),
        ("($f := function() { $f() }; $f())", "Check for infinite loop"),
    ],
)
def test_a_recursion_without_end_is_stopped(source: str, words: str) -> None:
    assert words in _failure(source).cause


def test_a_field_is_named_down_to_the_place_of_its_expression() -> None:
    template = {"a": {"b": ["plain", "{% $missing %}"]}}
    with pytest.raises(QueryFailure) as caught:
        jsonata.fill(template, _seen(), "Output")
    assert caught.value.location == "Output/a/b[1]"


@pytest.mark.parametrize("text", [" {% 1 %}", "{% 1 %} ", "{%1", "1 %}", "$states.input"])
def test_without_marks_at_both_ends_it_is_a_plain_text(text: str) -> None:
    assert jsonata.fill(text, _seen(), "Output") == text


def test_the_library_comes_with_the_first_expression_and_leaves_the_process_as_it_was() -> None:
    code = (
        "import sys\n"
        "before = sys.getrecursionlimit()\n"
        "from tests.simulator.replay import run_to_the_end\n"
        "machine = {'StartAt': 'A', 'States': {'A': {'Type': 'Pass', 'End': True}}}\n"
        "assert run_to_the_end(machine, [1]) == '[1]'\n"
        "assert 'jsonata' not in sys.modules\n"
        "machine['QueryLanguage'] = 'JSONata'\n"
        "machine['States']['A']['Output'] = '{% $states.input[0] %}'\n"
        "assert run_to_the_end(machine, [1]) == '1'\n"
        "assert 'jsonata' in sys.modules\n"
        "assert sys.getrecursionlimit() == before\n"
    )
    folder = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=folder, timeout=60)
