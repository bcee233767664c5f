"""The schema that a policy asks of an answer: never without end, and always with a word."""

from time import process_time
from typing import Any

import pytest

from callbacks.decisions.schema import SchemaProblem, check_schema, misfits

# What blows up takes hours; this leaves room for a slow machine.
A_MOMENT = 30
SOON = 4
DOUBLING = {
    "$ref": "#/$defs/a0",
    "$defs": {
        **{f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)},
        "a40": {},
    },
}


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"type": "object", "properties": {"child": {"$ref": "#"}}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"},
        {"properties": {"$ref": {"type": "string"}, "pattern": {}, "$schema": {}}},
        {"$defs": {"id": {"pattern": "^[a-z]+$"}}, "items": {"$ref": "#/$defs/id"}},
    ],
)
def test_a_schema_that_ends_is_fine(schema: Any) -> None:
    check_schema(schema)


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (5, "object in braces"),
        ("object", "object in braces"),
        ({"$schema": ["x"]}, "names no known version"),
        ({"$schema": "x"}, "names no known version"),
        ({"type": "objekt"}, "not a JSON Schema"),
        ({"$ref": "#"}, "refers to itself without end"),
        ({"properties": {"a": {"$ref": "#/properties/a"}}}, "refers to itself without end"),
        ({"$ref": "#/nowhere"}, "does not hold"),
        ({"$ref": "https://example.com/form"}, "does not hold"),
        ({"a": 5, "$ref": "#/a"}, "cannot be followed"),
        (DOUBLING, "takes too long"),
        ({"items": {"pattern": "(a+)+$"}}, "pattern"),
        ({"patternProperties": {"(a|aa)+$": {}}}, "pattern"),
        ({"pattern": "("}, "no regular expression"),
        ({"enum": list(range(2_000))}, "more than 1,000 entries"),
        ({"$defs": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}, "at the top"),
        ({"not": nested(60)}, "too deep"),
    ],
)
def test_one_that_no_answer_could_be_held_against_is_refused(schema: Any, says: str) -> None:
    began = process_time()
    with pytest.raises(SchemaProblem, match=says):
        check_schema(schema)
    assert process_time() - began < A_MOMENT


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": "^a*a*a*b"}, "a" * 260_000),
        ({"patternProperties": {"a+a+b": {}}}, {"a" * 50_000: 1}),
        ({"additionalProperties": False, "patternProperties": {"a+a+b": {}}}, {"a" * 50_000: 1}),
        ({"items": {"enum": list(range(1_000))}}, [999] * 100_000),
        ({"anyOf": [{"type": "string"}] * 1_000}, [list(range(30))] * 2_000),
        ({"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": ["b"]}] * 2}, nested(60)),
        ({"pattern": "(a+)+$"}, "a" * 60 + "b"),
    ],
)
def test_an_answer_that_would_be_checked_for_ever_is_refused(schema: Any, value: Any) -> None:
    began = process_time()
    (problem,) = misfits(schema, value)
    assert "the policy's form" in problem
    assert process_time() - began < A_MOMENT


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"uniqueItems": True}, [list(range(5_000))]),
        ({"uniqueItems": True}, [{"a": [{"b": [n]} for n in range(2_000)]}]),
        ({"const": [list(range(5_000))]}, [list(range(5_000))]),
        ({"enum": [{"a": list(range(5_000))}]}, {"a": list(range(5_000))}),
    ],
)
def test_what_is_compared_as_a_whole_is_counted_as_a_whole(
    schema: Any, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callbacks.decisions.schema.MOST_EFFORT", 150_000)
    too_long = "This answer cannot be checked: the policy's form takes too long to check."
    assert misfits(schema, value) == [too_long]


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ([1, 2, {"a": 1}], True),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1.0}], False),
        ([1, True, [1], [True], [[1]], "1", None], True),
        ([0, False], True),
        ([[1, 2], [1, 2.0]], False),
        ([{"a": []}, {"a": {}}], True),
        ([[], {}], True),
        ("aa", True),
        ([{"n": n} for n in range(20_000)], True),
        ([10**20, 1e20], False),
        ([-(10**20), 10**20, str(10**20), 1e308, float("inf")], True),
    ],
)
def test_values_are_unique_as_json_means_it(value: Any, fits: bool) -> None:
    began = process_time()
    assert (misfits({"uniqueItems": True}, value) == []) == fits
    assert process_time() - began < A_MOMENT


def test_numbers_chosen_to_meet_in_one_place_are_told_apart_within_a_moment() -> None:
    began = process_time()
    assert misfits({"uniqueItems": True}, [n * (2**61 - 1) for n in range(24_000)]) == []
    assert process_time() - began < SOON


def test_everything_that_is_wrong_is_told_with_its_place() -> None:
    schema = {
        "required": ["ok", "to"],
        "properties": {
            "to": {"required": ["unit price"]},
            "rows": {"items": {"type": "number"}},
        },
    }
    assert misfits(schema, {"rows": [1, "x"], "to": {}}) == [
        "$.ok: This is required and is missing.",
        '$.to["unit price"]: This is required and is missing.',
        '$.rows[1]: This has to be a number; it is "x".',
    ]


def test_of_very_many_only_the_first_are_told() -> None:
    found = misfits({"items": {"type": "null"}}, list(range(30)))
    assert len(found) == 21
    assert found[-1] == "These are the first; there may be more."


def test_what_names_break_is_told_at_them() -> None:
    schema = {"propertyNames": {"maxLength": 1}}
    assert misfits(schema, {"ab": 1}) == ["$.ab: Nothing of this name may stand here."]


@pytest.mark.parametrize("value", [19.99, 0.07, 3, 1e300])
def test_amounts_of_money_are_multiples_of_a_cent(value: float) -> None:
    assert misfits({"multipleOf": 0.01}, value) == []


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "objekt"}, '$.type: .* it is "objekt"'),
        ({"properties": {"a": {"minimum": "x"}}}, "$.properties.a.minimum: .* a number; it is"),
    ],
)
def test_a_schema_that_is_none_is_told_where_and_why(schema: Any, says: str) -> None:
    with pytest.raises(SchemaProblem, match=says.replace("$", "[$]")):
        check_schema(schema)
