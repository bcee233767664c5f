"""JSONata in the fields of a state, and that no expression holds a process."""

import contextlib
import subprocess
import sys
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.language.query import fill, fill_as
from callbacks.asl.language.values import QUERY_FAILURE, CannotPredict, Seen, StateFails

RESULT = {"ok": True, "n": Decimal("1.50"), "list": [3, 1, 2], "nothing": None}


def value_of(expression: str, **fields):
    seen = Seen(
        data=None,
        context={"Execution": {"Name": "run"}},
        variables={"v": 3},
        states={"input": {"a": 1}, "result": RESULT},
        **fields,
    )
    return fill("{% " + expression + " %}", seen, "Output")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$states.result.ok", True),
        ("$states.result.n * 2", 3),
        ("$states.result.nothing", None),
        ("$sort($states.result.list)", [1, 2, 3]),
        ("$states.input.a + $v", 4),
        ("$states.context.Execution.Name & '!'", "run!"),
        ("{'a': [1, {'b': null}]}", {"a": [1, {"b": None}]}),
        ("$partition([1..5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(1, 9, 4)", [1, 5, 9]),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$parse('{\"a\": [null]}')", {"a": [None]}),
        ("$distinct([1, true, 1, '1'])", [1, True, "1"]),
        ("$pad('a', 3)", "a  "),
        ("$replace('a1b22', /[0-9]+/, '#')", "a#b#"),
        ("$exists($states.result.missing) ? 'yes' : 'no'", "no"),
        # Where the library differs from the reference.
        ("$string({'é': [1e-7, 0.1 + 0.2, 100.0]})", '{"é":[1e-7,0.3,100]}'),
        ("'für ' & {'n': null}", 'für {"n":null}'),
        ("$string({'a': [1]}, true)", '{\n  "a": [\n    1\n  ]\n}'),
        ("[5.5 % 2, -5.5 % 2, 7 % 4]", [Decimal("1.5"), Decimal("-1.5"), 3]),
        ("$distinct(['a', 'a'])", ["a"]),
        ("$split('a1b', /(\\d)/)", ["a", "b"]),
        ("[true in [1], 1 in [1], {} in [{}]]", [False, True, False]),
        ("$sort([{'k': 1, 'i': 1}, {'k': 1, 'i': 2}], function($a, $b) { $a.k > $b.k }).i", [1, 2]),
        ("$states.result.list#$at[$at > 0]", [1, 2]),
        ("$map(['a', ' b '], $trim) ~> $join", "ab"),
        ("'Pay $amount in this context'", "Pay $amount in this context"),
        ("/* $x */ $replace('abc', /(b)/, '$1$1')", "abbc"),
        ("$number('0x1F') + $number('-1e2')", -69),
        ("$count($distinct([100, 1e2, 100.00]))", 1),
        ("$distinct(['null', null])", ["null", None]),
        ("$sort(['\\uffff', '😀'])", ["😀", "\uffff"]),
        ("'😀' < '\\uffff'", True),
    ],
)
def test_an_expression_gives(expression, value):
    assert value_of(expression) == value


def test_texts_without_the_marks_stay_as_they_are():
    seen = Seen(data=None, context={}, variables={})
    template = {"a": " {% 1 %}", "b": ["{% 1 + 1 %}", 5], "c": "plain"}
    assert fill(template, seen, "Output") == {"a": " {% 1 %}", "b": [2, 5], "c": "plain"}


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("$states.result.missing", "returned nothing (undefined)"),
        ("function($x) { $x }", "returned an unsupported result type"),
        ("'a' + 1", "threw an error during evaluation. T2001"),
        ("$error('no')", "threw an error during evaluation. D3137"),
        ("$randomSeeded(1)", "T1006"),
        ("$number('1,000')", "D3030"),
        ("$number(' 5 ')", "D3030"),
        ("$join(['a', null], '-')", "T0412"),
        ("$sort([true, false])", "D3070"),
        ("$toMillis('yesterday')", "D3110"),
        ("$power(-8, 0.5)", "D3061"),
        ("$sum(null)", "T0412"),
        ("$map([null, 1], $number)", "T0410"),
        ("$split('ab', /x*/)", "D1004"),
    ],
)
def test_a_failure_is_told_as_aws_tells_it(expression, said):
    with pytest.raises(StateFails) as caught:
        value_of(expression)
    assert caught.value.error == QUERY_FAILURE
    assert said in caught.value.cause
    assert "specified for the field 'Output'" in caught.value.cause


def test_a_field_takes_one_kind_of_value():
    seen = Seen(data=None, context={}, variables={})
    with pytest.raises(StateFails) as caught:
        fill_as("boolean", "{% 'yes' %}", seen, "Choices[0]/Condition")
    assert "Expected 'boolean', but was 'string'" in caught.value.cause


@pytest.mark.parametrize(
    "call", ["$now()", "$millis()", "$random()", "$uuid()", "$shuffle([1, 2])"]
)
def test_what_differs_each_time_is_not_predicted(call):
    with pytest.raises(CannotPredict):
        value_of(call)


@pytest.mark.parametrize(
    "expression",
    [
        "$states.context.Execution.RoleArn",
        "$states.context",
        "$states",
        "$lookup($states.context, 'Execution')",
        "$other",
        "{'a': $other}",
        "$sum($other)",
        "$append($other, $states.result)",
        "$exists($other)",
        "$states.*",
        "$states.context.Execution",
        "$states[0]",
        "$states.(context)",
        "$$",
        "$map([1], $other)",
    ],
)
def test_what_is_not_known_here_is_not_taken_for_missing(expression):
    with pytest.raises(CannotPredict):
        value_of(expression, is_complete=False)


@pytest.mark.parametrize(
    "expression",
    [
        "$states.result.context",
        "$map([1], $string)",
        "$states.context.Execution.Name",
        "'$other'",
        "$states.result.list@$one#$at.$at",
    ],
)
def test_what_only_looks_like_something_unknown_is_known(expression):
    value_of(f"$exists({expression})", is_complete=False)


def test_a_variable_that_no_state_assigns_is_nothing():
    with pytest.raises(StateFails) as caught:
        value_of("$other", is_complete=False, assignable=frozenset({"v"}))
    assert "returned nothing (undefined)" in caught.value.cause


def test_a_variable_may_have_the_name_of_a_function():
    with pytest.raises(CannotPredict):
        value_of("$count", is_complete=False, assignable=frozenset({"count"}))


def test_an_expressions_own_names_are_known():
    expression = (
        "($f := function($x, $y) { $x + $y }; $sum($map([1, 2], function($i) { $f($i, $v) })))"
    )
    assert value_of(expression, is_complete=False) == 9


@pytest.mark.parametrize(
    "hostile",
    [
        "($f := function($n) { $f($n + 1) }; $f(1))",
        "($f := function($n) { 1 + $f($n + 1) }; $f(1))",
        "($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f('aaaaaaaa', 60))",
        "[1..9000000]",
        "$sum([1..5000000])",
        "$map([1..900000], function($x) { $x })",
        "$sort([1..300000], function($a, $b) { $a > $b })",
        "$pad('a', 900000000)",
        "$range(1, 1000000000, 1)",
        "$join($map([1..90000], function($x) { 'aaaaaaaaaaaaaaaaaaaaaaaa' }))",
        "$eval('1 + 1')",
        "$match('a', /(?=a)/)",
        "$states.result.list[",
        "$join($split($pad('', 50000, 'a'), ''), $pad('', 50000, 'b'))",
        "$replace($pad('', 20000, 'a'), 'a', $pad('', 20000, 'b'))",
        "$map([1..300], function($i) { [1..30000] })",
        "1e308 * 10",
        "123456789012345 * 987654321",
        "$number('0xFFFFFFFFFFFFFFFF')",
        "$number('0x' & $pad('', 5000, 'F'))",
        "$string({'1': 1, 'a': 2, '2': 3})",
    ],
)
def test_a_hostile_or_unknown_expression_ends_and_is_reported(hostile):
    with pytest.raises((CannotPredict, StateFails)):
        value_of(hostile)


def test_a_long_text_that_is_no_time_takes_no_long_time():
    hostile = "2000" + "-01" * 80_000 + "x"
    seen = Seen(data=None, context={}, variables={}, states={"result": hostile})
    began = time.process_time()
    with pytest.raises(StateFails):
        fill("{% $toMillis($states.result) %}", seen, "Output")
    assert time.process_time() - began < 1


def test_a_formula_that_works_with_what_is_masked_is_not_predicted():
    masked = {"token": "[masked · 684 characters · sha256 ba9b…8d81]", "n": 1}
    seen = Seen(data=None, context={}, variables={}, states={"input": masked})
    assert fill("{% $states.input.token %}", seen, "Output") == masked["token"]
    with pytest.raises(CannotPredict):
        fill("{% $length($states.input.token) %}", seen, "Output")


def test_a_masked_token_hinders_only_formulas_that_read_it():
    context = {"Task": {"Token": "[masked · 684 characters · sha256 ba9b…8d81]"}}
    seen = Seen(data=None, context=context, variables={"v": [1, 2]}, is_complete=False)
    assert fill("{% $sum($v) %}", seen, "Output") == 3
    with pytest.raises(CannotPredict):
        fill("{% $length($states.context.Task.Token) %}", seen, "Output")


def test_numbers_that_javascript_writes_otherwise_are_not_worked_with():
    seen = Seen(data=None, context={}, variables={}, states={"result": 12345678901234567890})
    with pytest.raises(CannotPredict):
        fill("{% 'ID-' & $states.result %}", seen, "Output")


def test_the_library_leaves_the_limit_of_recursion_alone():
    """It sets ten thousand for the whole process, where brackets alone could end that."""
    code = (
        "import sys; before = sys.getrecursionlimit(); import callbacks.asl.language.query;"
        "assert sys.getrecursionlimit() == before"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_regular_expression_takes_linear_time():
    with pytest.raises(StateFails):
        value_of("$match('" + "a" * 5_000 + "b', /(a+)+$/)")


@given(st.text("$states.result+-*/&()[]{}'\":=?<>,01 ab%", max_size=40))
def test_no_expression_raises_anything_else(text):
    with contextlib.suppress(CannotPredict, StateFails):
        value_of(text)
