"""A schema as fields, and the answer that they make."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.payload import PayloadError, same_value
from callbacks.decisions.formfields import default_output, fields_of, output_of
from callbacks.decisions.formtexts import texts_of
from callbacks.decisions.schema import misfits
from callbacks.decisions.slots import SlotError, is_answer, misread, parse_slot
from callbacks.decisions.slots import output_of as slots_output

REFUND = {
    "type": "object",
    "required": ["approved", "amount"],
    "properties": {
        "approved": {"type": "boolean", "title": "Pay it back?"},
        "amount": {"type": "number", "description": "In euros."},
        "shipping": {"enum": ["hold", "ship now", None, 3]},
        "note": {"type": "string", "maxLength": 2000},
        "tags": {"type": "array", "items": {"type": "string"}},
        "customer": {
            "type": "object",
            "properties": {"e-mail": {"type": "string", "default": "x@example.org"}},
        },
    },
}
FIELDS = fields_of(REFUND)


def test_each_value_has_its_field():
    assert [(field.place, field.kind, field.label) for field in FIELDS] == [
        (("approved",), "yes_no", "Pay it back?"),
        (("amount",), "number", "Amount"),
        (("shipping",), "choice", "Shipping"),
        (("note",), "long", "Note"),
        (("tags",), "list", "Tags"),
        (("customer", "e-mail"), "text", "E mail"),
    ]
    assert [field.is_required for field in FIELDS] == [True, True, False, False, False, False]


def test_the_fields_make_the_answer_with_numbers_as_typed():
    texts = {
        "field:json:approved": "true",
        "field:number:amount": "120.00",
        "field:json:shipping": "3",
        "field:list:tags": "a\n\n b ",
        "field:text:customer/e-mail": "ana@example.org",
    }
    output = output_of(FIELDS, texts)
    assert output == (
        '{"approved":true,"amount":120.00,"shipping":3,"tags":["a","b"],'
        '"customer":{"e-mail":"ana@example.org"}}'
    )
    assert texts_of(FIELDS, output) == {**texts, "field:long:note": "", "field:list:tags": "a\nb"}


def test_what_is_no_number_stays_as_typed_and_is_refused():
    output = output_of(FIELDS, {"field:json:approved": "true", "field:number:amount": "a lot"})
    assert json.loads(output)["amount"] == "a lot"
    assert misfits(REFUND, json.loads(output))[0].startswith("$.amount: ")
    texts = texts_of(FIELDS, output)
    assert texts is not None
    assert texts["field:number:amount"] == "a lot"


def test_an_unknown_choice_is_refused_and_stays_json():
    output = output_of(FIELDS, {"field:json:shipping": '"drone"'})
    assert output == '{"shipping":"drone"}'
    assert misfits(REFUND, json.loads(output))
    assert texts_of(FIELDS, output) is None


def test_a_value_that_may_be_null_is_a_field_of_what_else_it_is():
    (field,) = fields_of({"properties": {"note": {"type": ["string", "null"]}}})
    assert field.kind == "text"


def test_of_a_guess_what_cannot_be_drawn_is_left_out_and_keeps_an_answer_json():
    schema = {"properties": {"n": {"type": "number"}, "any": {}, "rows": {"type": "array"}}}
    assert fields_of(schema) == ()
    fields = fields_of(schema, is_guess=True)
    assert [field.place for field in fields] == [("n",)]
    assert texts_of(fields, '{"n":1,"any":2}') is None


def test_an_empty_object_stays_json():
    """As a form it would be no answer at all."""
    assert texts_of(FIELDS, "{}") is None


@pytest.mark.parametrize("name", ["a\nb", "a\0b", "\ud800"])
def test_a_name_that_a_browser_would_change_is_no_field(name):
    assert fields_of({"properties": {name: {"type": "string"}}}) == ()


def test_an_object_or_null_is_no_field():
    shape = {"type": ["object", "null"], "properties": {"to": {"type": "string"}}}
    assert fields_of({"properties": {"ship": shape}}) == ()


def test_a_choice_of_null_comes_back_into_the_form():
    fields = fields_of({"properties": {"k": {"enum": ["a", None]}}})
    assert texts_of(fields, '{"k":null}') == {"field:json:k": "null"}


@pytest.mark.parametrize("text", ["1,000", "+5", "12 EUR", "1٣", "0x1f", "--1"])
def test_what_is_no_number_is_told(text):
    slot = parse_slot("field:number:amount")
    assert misread([(slot, text)]) == [(slot, text)]


@pytest.mark.parametrize("text", ["", " 7 ", "-0", "1e3", "2480.00"])
def test_what_is_a_number_is_not(text):
    assert misread([(parse_slot("field:number:amount"), text)]) == []


def test_minus_nought_is_sent_as_typed():
    assert slots_output([(parse_slot("field:number:n"), "-0")]) == '{"n":-0}'


@pytest.mark.parametrize(
    "names",
    [
        ["field:text:a", "field:text:a/b"],
        ["field:text:a/b", "field:text:a"],
        ["field:number:a", "field:text:a"],
        ["field:text:"],
        ["field:a"],
        ["field:text:" + "a/" * 20],
    ],
)
def test_names_that_no_form_of_ours_has_make_no_answer(names):
    with pytest.raises(SlotError):
        slots_output([(parse_slot(name), "1") for name in names])


def test_the_defaults_make_an_answer_and_a_blank_one_stays_blank():
    assert default_output(FIELDS) == '{"customer":{"e-mail":"x@example.org"}}'
    assert set((texts_of(FIELDS, "") or {}).values()) == {""}


@pytest.mark.parametrize(
    "output",
    [
        '{"approved": true, "more": 1}',
        '{"customer": {"phone": "1"}}',
        '{"approved": null}',
        '{"tags": [{"a": 1}]}',
        '{"note": ""}',
        '{"note": "a\\rb"}',
        '{"customer": {"e-mail": "a\\nb"}}',
        '{"tags": ["a\\nb"]}',
        "[1]",
        '"text"',
    ],
)
def test_what_the_form_cannot_hold_stays_json(output):
    assert texts_of(FIELDS, output) is None


def test_what_is_no_json_is_no_answer_that_a_form_could_show():
    with pytest.raises(PayloadError):
        texts_of(FIELDS, "{")


def test_the_names_may_come_in_any_order_and_go_in_that_of_the_form():
    texts = texts_of(FIELDS, '{"customer":{"e-mail":"x"},"amount":1.50,"approved":true}')
    assert texts is not None
    made = '{"approved":true,"amount":1.50,"customer":{"e-mail":"x"}}'
    assert output_of(FIELDS, texts) == made


@pytest.mark.parametrize(
    "day", ["2026-02-30", "2026-13-01", "20260228", "2026-W01-1", "0000-01-01"]
)
def test_what_is_no_day_of_the_calendar_stays_json(day):
    """A browser would show an empty field for it, and send it so."""
    fields = fields_of({"properties": {"day": {"type": "string", "format": "date"}}})
    assert texts_of(fields, json.dumps({"day": day})) is None
    assert texts_of(fields, '{"day":"2028-02-29"}') == {"field:text:day": "2028-02-29"}


# --- what is required and may be null or empty ----------------------------------------------------
NULLABLE = {
    "type": "object",
    "required": ["amount", "note", "rows", "to"],
    "properties": {
        "amount": {"type": "number"},
        "note": {"type": ["string", "null"]},
        "rows": {"type": ["array", "null"], "items": {"type": "integer"}},
        "ok": {"type": ["boolean", "null"]},
        "to": {
            "type": "object",
            "required": ["city", "deep"],
            "properties": {
                "city": {"type": "string"},
                "deep": {"type": "object", "properties": {"n/~": {"type": ["number", "null"]}}},
            },
        },
        "more": {
            "type": "object",
            "required": ["why", "in"],
            "properties": {
                "why": {"type": ["string", "null"]},
                "in": {"type": "object", "properties": {"x": {"type": "string"}}},
            },
        },
    },
}


def made_of(fields, **texts):
    """The answer of a form by the names of its inputs alone, as they are posted."""
    posted = {field.name: texts.get("_".join(field.place), "") for field in fields}
    return slots_output((parse_slot(name), text) for name, text in posted.items())


def test_a_blank_field_that_is_required_and_may_be_null_is_null():
    output = made_of(fields_of(NULLABLE), amount="3", to_city="Oslo")
    assert output == '{"amount":3,"note":null,"rows":null,"to":{"city":"Oslo","deep":{}}}'
    assert misfits(NULLABLE, json.loads(output)) == []


def test_a_required_object_of_blank_fields_is_there_so_that_what_it_lacks_is_told():
    output = made_of(fields_of(NULLABLE), amount="3")
    assert json.loads(output)["to"] == {"deep": {}}
    assert misfits(NULLABLE, json.loads(output)) == ["$.to.city: This is required and is missing."]


def test_an_object_that_is_not_required_is_there_with_its_null_once_something_is_in_it():
    fields = fields_of(NULLABLE)
    assert "more" not in json.loads(made_of(fields, amount="3"))
    output = made_of(fields, amount="3", more_in_x="y")
    assert json.loads(output)["more"] == {"why": None, "in": {"x": "y"}}
    output = made_of(fields, amount="3", more_why="z")
    assert json.loads(output)["more"] == {"why": "z", "in": {}}


@pytest.mark.parametrize(
    "texts",
    [
        {"amount": "3", "to_city": "Oslo"},
        {"note": "x", "rows": "1\n2", "more_why": "z", "ok": "null"},
        {"amount": "1", "ok": "true", "to_deep_n/~": "7"},
    ],
)
def test_with_nulls_too_a_form_shows_again_what_it_made(texts):
    fields = fields_of(NULLABLE)
    output = made_of(fields, **texts)
    shown = texts_of(fields, output, may_add=False)
    assert shown is not None
    assert output_of(fields, shown) == output


def test_what_the_schema_would_refuse_for_lack_of_it_is_added_by_the_form():
    fields = fields_of(NULLABLE)
    assert texts_of(fields, '{"amount":3}') is not None
    assert texts_of(fields, '{"amount":3}', may_add=False) is None


def test_where_one_chooses_null_is_a_choice():
    schema = {"required": ["k"], "properties": {"k": {"type": ["boolean", "null"]}}}
    (field,) = fields_of(schema)
    assert field.choices == ("true", "false", "null")
    assert not field.is_nullable
    assert texts_of((field,), '{"k":null}') == {"field:json:k": "null"}


def test_the_name_of_an_input_tells_all_that_its_blank_means():
    for field in fields_of(NULLABLE):
        assert parse_slot(field.name) == field.slot
    names = [field.name for field in fields_of(NULLABLE)]
    assert "field:text-or-null:note" in names
    assert "field:number:to~2/deep~2/n~1~0" in names


def test_a_form_in_which_nothing_was_written_is_no_answer_unless_blank_is_null_in_all_of_it():
    note, other = parse_slot("field:text-or-null:note"), parse_slot("field:text:to~2/city")
    assert is_answer([(note, "")])
    assert not is_answer([(note, ""), (other, "")])
    assert is_answer([(note, ""), (other, "x")])
    assert not is_answer([(parse_slot("field:text-or-null:a/note"), "")])
    assert not is_answer([])


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"type": "object"},
        {"properties": {"a": {"oneOf": [{"type": "string"}]}}},
        {"properties": {"a": {"type": ["string", "number"]}}},
        {"properties": {"a": {"type": "array", "items": {"type": "object"}}}},
        {"properties": {"a": {"enum": [{"b": 1}]}}},
        {"properties": {"a": True}},
        {"properties": {f"a{n}": {"type": "string"} for n in range(99)}},
        {"properties": {"a": {"type": "string"}}, "allOf": [{}]},
    ],
)
def test_a_schema_that_is_more_than_a_form_has_no_fields(schema):
    assert fields_of(schema) == ()


texts = st.fixed_dictionaries(
    {
        "field:json:approved": st.sampled_from(["", "true", "false"]),
        "field:number:amount": st.sampled_from(["", "1", "-2.50", "1e3", "x"]),
        "field:json:shipping": st.sampled_from(["", '"hold"', "null", "3"]),
        "field:long:note": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9),
        "field:list:tags": st.lists(
            st.text(st.characters(categories=["L", "N"]), min_size=1), max_size=3
        ).map("\n".join),
        "field:text:customer/e-mail": st.text(st.characters(categories=["L"]), max_size=5),
    }
)


def test_required_that_is_no_list_requires_nothing():
    schema = {"properties": {"a": {"type": "string"}}, "required": None}
    assert [field.is_required for field in fields_of(schema)] == [False]


@given(texts)
def test_what_a_form_made_it_shows_again(given_texts):
    output = output_of(FIELDS, given_texts)
    shown = texts_of(FIELDS, output)
    if shown is None:
        # null and blank notes are told apart from nothing only in JSON.
        assert (
            given_texts["field:json:shipping"] == "null"
            or not given_texts["field:long:note"].strip()
        )
    else:
        assert same_value(output_of(FIELDS, shown), output)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["properties", "type", "enum", "items", "required", "a", "title"]), inner
    ),
))  # fmt: skip
def test_no_schema_raises(schema):
    fields = fields_of(schema)
    assert texts_of(fields, "") is not None
