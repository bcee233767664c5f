"""Paths, payload templates and intrinsic functions of JSONPath states."""

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.language import templates
from callbacks.asl.language.paths import NoSuchValue, find
from callbacks.asl.language.values import (
    INTRINSIC_FAILURE,
    PATH_MISMATCH,
    RUNTIME,
    CannotPredict,
    Seen,
    StateFails,
    render,
    size_of,
)
from callbacks.asl.payload import same_value
from tests.asl.test_payload import json_values

ORDER = {
    "id": 7,
    "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}, {"sku": "c"}],
    "x-y": {"Größe": 3},
    "price": Decimal("120.00"),
}


def seen(data=ORDER, **fields) -> Seen:
    return Seen(data=data, context={"Execution": {"Name": "run"}}, variables={"v": [1]}, **fields)


def filled(text: str, data=ORDER):
    return templates.fill({"it.$": text}, seen(data), "ResultSelector")["it"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", ORDER),
        ("$.id", 7),
        ("$['x-y'].Größe", 3),
        ("$.x-y['Größe']", 3),
        ("$.items[0].sku", "a"),
        ("$.items[-1].sku", "c"),
        ("$.items[*].n", [1, 2]),
        ("$.items[:2].sku", ["a", "b"]),
        ("$.items[-2:].sku", ["b", "c"]),
        ("$.items[0,2].sku", ["a", "c"]),
        ("$..n", [1, 2]),
        ("$.items.[0].['sku']", "a"),
        ("$.items[?(@.n > 1)].sku", ["b"]),
        ("$.items[?(@.n)].sku", ["a", "b"]),
        ("$.items[?(@.sku == 'c' || (@.n >= 1 && @.n != 2))].sku", ["a", "c"]),
        ("$.items[?(@['n'] == 1.0)].sku", ["a"]),
        ("$.items[?(@.sku < 'b')].n", [1]),
        ("$.items[?(@.n > 'a')]", []),
        ("$.x-y[?(@.Größe == 3)]", [{"Größe": 3}]),
        ("$[?(@.id == 7)].id", [7]),
        ("$.nothing[*]", []),
        ("$$.Execution.Name", "run"),
        ("$v[0]", 1),
    ],
)
def test_a_path_finds(path, value):
    assert find(path, seen()) == value


@pytest.mark.parametrize("path", ["$.nothing", "$.items[3]", "$.id.deeper", "$.items.sku"])
def test_a_plain_path_that_finds_nothing_says_so(path):
    with pytest.raises(NoSuchValue):
        find(path, seen())


@pytest.mark.parametrize(
    "path",
    [
        "$.items[?(@.n in [1])]",
        "$.items[?(@.sku =~ /a/)]",
        "$.items[?(@.items.length() > 1)]",
        "$.items[?(@.n == '1')]",
        "$.items[?(@.n == null)]",
        "$.items[?(!@.n)]",
        "$.items[?(@.n > 1]",
        "$.items[?" + "(" * 300,
        "$..[?(@.n > 1)]",
        "$.id[?(@.n > 1)]",
        "$.items.length()",
        "id",
        "$.a b",
        "$[",
        "$['id','price']",
        "$.items[0:4:2]",
        "$.items[1:-1]",
        "$.items[:]",
        "$." + "a" * 1_000,
        "$[" + " " * 300 + ":" + " " * 300 + "x]",
    ],
)
def test_a_form_that_is_not_followed_is_not_guessed(path):
    with pytest.raises(CannotPredict):
        find(path, seen())


def test_a_variable_is_missing_only_where_all_are_known():
    with pytest.raises(StateFails) as caught:
        find("$unknown", seen())
    assert caught.value.error == RUNTIME
    with pytest.raises(CannotPredict):
        find("$unknown", seen(is_complete=False))


def test_a_deep_search_that_explodes_is_stopped():
    deep = [[[[[[1] * 9] * 9] * 9] * 9] * 9] * 9
    with pytest.raises(CannotPredict):
        find("$..[*]..[*]..[*]..[*]", seen(deep))


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("States.Format('Order {} is {}', $.id, 'paid')", "Order 7 is paid"),
        (r"States.Format('\{\} it\'s {}', $.id)", "{} it's 7"),
        (r"States.Format('\\{}', $.id)", r"\7"),
        (r"States.Array('\{a\}')", ["{a}"]),
        (r"""States.StringToJson('\{"a":1\}')""", {"a": 1}),
        ("States.MathAdd(-2.5, 1)", -1),
        ("States.Array(1, 'a', true, null, $.id)", [1, "a", True, None, 7]),
        ("States.ArrayLength($.items)", 3),
        ("States.ArrayPartition(States.ArrayRange(1, 5, 1), 2)", [[1, 2], [3, 4], [5]]),
        ("States.ArrayRange(9, 1, -4)", [9, 5, 1]),
        ("States.ArrayContains($.items[*].n, 2)", True),
        ("States.ArrayContains($.items[*].n, '2')", False),
        ("States.ArrayGetItem($.items[*].sku, 1)", "b"),
        ("States.ArrayUnique(States.Array(1, 1, '1', 2))", [1, "1", 2]),
        ("States.Base64Encode('für')", "ZsO8cg=="),
        ("States.Base64Decode('ZsO8cg==')", "für"),
        ("States.Hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("States.JsonToString($.items[0])", '{"sku":"a","n":1}'),
        ("States.StringToJson('[1.50]')", [Decimal("1.50")]),
        ("States.StringToJson(' ')", None),
        ("States.JsonMerge($.items[0], $.items[2], false)", {"sku": "c", "n": 1}),
        ("States.MathAdd(1.5, 2)", 4),
        ("States.StringSplit('a.b,c', '.,')", ["a", "b", "c"]),
        ("States.Format('{}', $['x-y'])", '{"Größe":3}'),
    ],
)
def test_an_intrinsic_function_gives(call, value):
    assert filled(call) == value


@pytest.mark.parametrize(
    "call",
    [
        "States.MathAdd('a', 1)",
        "States.ArrayLength($.id)",
        "States.ArrayGetItem($.items, 9)",
        "States.StringToJson('{')",
        "States.Format('{}')",
        "States.Format('Use { here')",
        "States.Format('{\"id\": {}}', $.id)",
        "States.ArrayPartition($.items, 0)",
        "States.ArrayRange(1, 5000, 1)",
        "States.JsonMerge($.id, $.items[0], false)",
        "States.Hash('a', 'SHA-3')",
    ],
)
def test_an_argument_that_does_not_fit_fails_the_state(call):
    with pytest.raises(StateFails) as caught:
        filled(call)
    assert caught.value.error == INTRINSIC_FAILURE


@pytest.mark.parametrize(
    "call",
    [
        "States.UUID()",
        "States.MathRandom(1, 5)",
        "States.New(1)",
        "States.Format('{}', 1",
        "States.Array(1 2)",
        "States.JsonToString(12345678.5)",
        "States.Base64Decode('YQ')",
        "States.Base64Decode('/w==')",
        "States.Format('a } b')",
        r"States.Array('\n')",
        r"States.Format($.items[0].sku, '\n')",
        "States.StringToJson('1 2')",
    ],
)
def test_chance_and_unknown_forms_are_not_predicted(call):
    with pytest.raises(CannotPredict):
        filled(call)


def test_a_filter_compares_no_masked_token():
    masked = "[masked · 684 characters · sha256 ba9b…8d81]"
    with pytest.raises(CannotPredict):
        find("$.items[?(@.t != 'abc')]", seen({"items": [{"t": masked}]}))


def test_texts_are_ordered_as_java_orders_them():
    data = {"items": [{"s": "😀"}, {"s": "z"}]}
    assert find("$.items[?(@.s < '\uffff')].s", seen(data)) == ["😀", "z"]


@pytest.mark.parametrize("text", ["$", "$.id", "States.Array($)"])
def test_of_a_null_no_path_finds_anything(text):
    with pytest.raises(StateFails) as caught:
        filled(text, None)
    assert caught.value.error == RUNTIME
    assert "null or empty input" in caught.value.cause


def test_a_null_is_handed_on_as_it_is():
    assert templates.select("$", seen(None), "OutputPath") is None


def test_a_limit_of_length_fails_the_state():
    with pytest.raises(StateFails) as caught:
        filled("States.Base64Decode($.text)", {"text": "QUJD" * 3_000})
    assert caught.value.error == INTRINSIC_FAILURE


def test_a_variable_that_no_state_assigns_does_not_exist():
    with pytest.raises(StateFails):
        find("$other", seen(is_complete=False, assignable=frozenset({"v"})))


@pytest.mark.parametrize("text", ["[" * 9_000, '{"a": 1, "a": 2}'])
def test_a_text_that_aws_may_read_otherwise_is_not_predicted(text):
    with pytest.raises(CannotPredict):
        filled("States.StringToJson($.text)", {"text": text})


def test_a_missing_path_in_a_call_is_no_failure_that_a_rule_takes():
    with pytest.raises(StateFails) as caught:
        filled("States.Format('{}', $.nothing)")
    assert caught.value.error == RUNTIME


MASKED = "[masked · 684 characters · sha256 ba9b…8d81]"


def test_what_is_masked_is_handed_on_and_nothing_is_worked_out_of_it():
    assert filled("$.token", {"token": MASKED}) == MASKED
    with pytest.raises(CannotPredict):
        filled("States.Hash($.token, 'MD5')", {"token": MASKED})


@pytest.mark.parametrize(
    ("path", "value"),
    [("$$.Execution.Name", "run"), ("$$.Execution.Input", {"a": 1}), ("$$.Execution.Input.a", 1)],
)
def test_of_a_context_that_is_known_in_part_a_whole_value_is_known(path, value):
    context = {"Execution": {"Name": "run", "Input": {"a": 1}}}
    assert find(path, Seen(None, context, {}, is_complete=False)) == value


@pytest.mark.parametrize("path", ["$$", "$$.Execution", "$$..Name", "$$.State.EnteredTime"])
def test_of_a_context_that_is_known_in_part_no_part_passes_for_the_whole(path):
    context = {"Execution": {"Name": "run"}, "State": {"Name": "Ask"}}
    with pytest.raises(CannotPredict):
        find(path, Seen(None, context, {}, is_complete=False))


def test_a_size_is_counted_without_making_the_text():
    large = ["x" * 1_000] * 1_000
    assert size_of({f"k{number}": large for number in range(2_000)}) > 2_000_000_000
    assert size_of({"ü": [1, None, "a"], "b": {}}) == len('{"ü":[1,null,"a"],"b":{}}'.encode())


def test_a_missing_path_in_a_template_is_told_as_aws_tells_it():
    with pytest.raises(StateFails) as caught:
        filled("$.nothing", {"a": 1})
    assert caught.value.error == RUNTIME
    assert "The JSONPath '$.nothing' specified for the field 'it.$'" in caught.value.cause


@pytest.mark.parametrize(
    ("path", "raw", "expected"),
    [
        ("$", {"a": 1}, "R"),
        (None, {"a": 1}, {"a": 1}),
        ("$.b", {"a": 1}, {"a": 1, "b": "R"}),
        ("$.a.b.c", {"a": {"x": 1}}, {"a": {"x": 1, "b": {"c": "R"}}}),
        ("$.l[1]", {"l": [1, 2]}, {"l": [1, "R"]}),
    ],
)
def test_a_result_is_placed_into_the_raw_input(path, raw, expected):
    before = render(raw)
    assert templates.place(path, raw, "R") == expected
    assert render(raw) == before


@pytest.mark.parametrize(("path", "raw"), [("$.b", [1]), ("$.b", "text"), ("$.b", None)])
def test_a_result_without_a_place_fails_the_state(path, raw):
    with pytest.raises(StateFails) as caught:
        templates.place(path, raw, "R")
    assert caught.value.error == PATH_MISMATCH


def test_whether_a_list_has_room_for_a_result_is_not_guessed():
    with pytest.raises(CannotPredict):
        templates.place("$.l[5]", {"l": []}, "R")


@given(json_values)
def test_rendering_keeps_the_value_and_its_size_is_known(value):
    assert same_value(render(value), json.dumps(value))
    assert size_of(value) == len(render(value).encode(errors="replace"))


@given(st.text("$.[]*@?()'\"ab01,: \\", max_size=30))
def test_no_path_raises_anything_else(text):
    with contextlib.suppress(NoSuchValue, StateFails, CannotPredict):
        find("$" + text, seen())


@given(st.text("$.[]*'\"ab01,: \\(){}", max_size=40))
def test_no_call_raises_anything_else(text):
    with contextlib.suppress(StateFails, CannotPredict):
        filled("States.Format(" + text)
