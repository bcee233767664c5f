"""The schema that past answers have in common, joined with what later states read."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.contract.infer import infer
from callbacks.asl.contract.reads import Read
from callbacks.asl.contract.samples import schema_of
from callbacks.asl.language.values import render
from callbacks.asl.payload import parse_exact
from callbacks.decisions.schema import check_schema, misfits


def test_nothing_known_is_no_schema():
    assert infer([], []).schema is None


def test_answers_tell_names_kinds_and_examples():
    found = schema_of([{"amount": Decimal("2480.00"), "by": "ana"}, {"amount": 3, "note": None}])
    assert found == {
        "type": "object",
        "properties": {
            "amount": {"type": "number", "examples": [Decimal("2480.00"), 3]},
            "by": {"type": "string", "examples": ["ana"]},
            "note": {"type": "null"},
        },
    }


def test_what_all_of_five_have_is_expected_and_what_most_have_is_usual():
    found = schema_of(
        [{"ok": True, "n": 1}, {"ok": True}, {"ok": True}, {"ok": False}, {"ok": True}]
    )
    assert found["required"] == ["ok"]
    assert found["properties"]["ok"] == {"type": "boolean", "default": True}
    assert "required" not in schema_of([{"ok": True}] * 4)


def test_a_few_texts_that_come_again_are_a_choice():
    found = schema_of([{"how": "post"}] * 7 + [{"how": "hand"}] * 3)
    assert found["properties"]["how"]["enum"] == ["post", "hand"]


def test_a_text_that_came_once_is_no_choice():
    found = schema_of([{"how": "post"}] * 9 + [{"how": "hand"}])
    assert "enum" not in found["properties"]["how"]


def test_what_is_null_now_and_then_is_still_of_a_kind():
    found = schema_of([{"note": "late"}, {"note": None}])
    assert found["properties"]["note"] == {"type": ["string", "null"], "examples": ["late"]}
    choice = schema_of([{"how": "post"}] * 10 + [{"how": None}])
    assert choice["properties"]["how"]["enum"] == ["post", None]


def test_a_masked_token_is_no_example():
    mask = "[masked · 672 characters · sha256 0d6f…91aa]"
    found = schema_of([{"token": mask}] * 12)
    assert found["properties"]["token"] == {"type": "string"}


def test_values_of_several_kinds_have_nothing_in_common():
    assert schema_of([{"a": 1}, {"a": "one"}])["properties"]["a"] == {}
    assert infer([], ["yes", {"a": 1}]).schema is None


def test_what_is_read_is_joined_to_what_was_answered():
    reads = [
        Read(("amount",), "Charge", "number", is_needed=True),
        Read(("how",), "Which", "string", ("post",)),
        Read(("address", "city"), "Ship"),
        Read(("lines", None, "sku"), "Pick"),
    ]
    found = infer(reads, [{"how": "hand", "lines": [{"sku": "A"}], "amount": 7}])
    assert found.runs == 1
    assert found.schema == {
        "type": "object",
        "properties": {
            "how": {"type": "string", "examples": ["hand", "post"]},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"sku": {"type": "string", "examples": ["A"]}},
                },
            },
            "amount": {"type": "integer", "examples": [7]},
            "address": {"type": "object", "properties": {"city": {}}},
        },
        "required": ["amount"],
    }


def test_what_answers_are_goes_before_what_a_state_reads_of_them():
    found = infer(
        [Read(("note", "text"), "Log"), Read(("n",), "Log", "number")], [{"note": "x", "n": "7"}]
    )
    assert found.schema["properties"]["note"] == {"type": "string", "examples": ["x"]}
    assert found.schema["properties"]["n"]["type"] == "string"


def test_what_an_answer_that_went_well_did_without_is_not_needed():
    read = Read(("opt",), "Late", is_needed=True)
    assert "required" not in infer([read], [{"a": 1}]).schema
    assert infer([read], [{"a": 1, "opt": 2}]).schema["required"] == ["opt"]


def test_of_the_items_of_a_list_nothing_is_needed():
    read = Read(("items", None, "name"), "Pick", is_needed=True)
    assert infer([read], []).schema == {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "items": {"type": "object", "properties": {"name": {}}}}
        },
    }


def test_a_closed_choice_gives_way_to_what_was_answered():
    read = Read(("kind",), "Which", "string", ("x", "y"), is_closed=True)
    kind = infer([read], [{"kind": "z"}]).schema["properties"]["kind"]
    assert kind == {"type": "string", "examples": ["z", "x", "y"]}
    kind = infer([read], [{"kind": "x"}, {"kind": None}]).schema["properties"]["kind"]
    assert kind == {"type": ["string", "null"], "enum": ["x", "y", None]}


def test_a_long_text_is_no_usual_value():
    assert schema_of([{"note": "x" * 200}] * 12)["properties"]["note"] == {"type": "string"}


def test_jsonata_reaches_into_lists_by_itself():
    read = Read(("lines", "price"), "Sum", is_loose=True, is_needed=True)
    found = infer([read], [{"lines": [{"price": 1}]}])
    assert found.schema["properties"]["lines"]["items"]["properties"] == {
        "price": {"type": "integer", "examples": [1]}
    }


def test_a_closed_choice_is_the_whole_choice():
    read = Read(("verdict",), "Which", "string", ("yes", "no"), is_closed=True, is_needed=True)
    assert infer([read], []).schema == {
        "type": "object",
        "properties": {"verdict": {"type": "string", "enum": ["yes", "no"]}},
        "required": ["verdict"],
    }


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-999, 999)
    | st.text(max_size=5)
    | st.decimals(-99, 99, places=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(JSON, min_size=1, max_size=12))
def test_every_answer_fits_the_schema_that_it_made(answers):
    """So that a policy that takes it over refuses none of what it was told from."""
    values = [parse_exact(render(answer)) for answer in answers]
    schema = json.loads(render(schema_of(values)))
    check_schema(schema)
    for value in values:
        assert misfits(schema, json.loads(render(value))) == []


@pytest.mark.parametrize("answers", [[], [{}], [[]], [{"a": []}]])
def test_answers_that_hold_nothing(answers):
    assert infer([], answers).runs == len(answers)
