"""What a list shows of a task for which no policy says it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.lookup import Payloads
from callbacks.models import Policy
from callbacks.sync.summary import LONGEST_VALUE, Summary, humanise, summarise, value_alone


def fields(text: str) -> list[tuple[str, str]]:
    return list(summary(text).key_fields)


def summary(text: str) -> Summary:
    return summarise(
        state_machine="orders", state="Approve", payloads=Payloads(input=text), texts=Policy()
    )


def test_the_headline_is_workflow_and_step() -> None:
    assert summary("{}").headline == "orders: Approve"


@pytest.mark.parametrize(
    ("text", "value"), [('"photo-7.jpg"', "photo-7.jpg"), ("120.00", "120.00"), ("true", "yes")]
)
def test_an_input_that_is_one_value_is_told_by_it(text: str, value: str) -> None:
    assert fields(text) == [("Input", value)]
    assert value_alone(text) == value


@pytest.mark.parametrize("text", ["null", '""', "[7]", "{}", "no JSON", json.dumps("x" * 61)])
def test_an_input_that_says_nothing_in_a_line_has_no_fields(text: str) -> None:
    assert fields(text) == []
    assert value_alone(text) == ""


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("orderId", "Order id"),
        ("order_id", "Order id"),
        ("VAT", "VAT"),
        ("grossVATAmount", "Gross VAT amount"),
        ("due-date", "Due date"),
        ("name", "Name"),
    ],
)
def test_a_label_is_made_of_the_key(key: str, label: str) -> None:
    assert humanise(key) == label


def test_numbers_stay_as_they_were_written() -> None:
    assert fields('{"a": 120.00, "b": 1e3, "c": 12345678901234567890.10}') == [
        ("A", "120.00"),
        ("B", "1e3"),
        ("C", "12345678901234567890.10"),
    ]


def test_a_number_of_five_thousand_digits_is_passed_over() -> None:
    assert fields('{"big": %s, "small": 1}' % ("9" * 5000)) == [("Small", "1")]


def test_at_most_six_values_in_the_order_of_the_input() -> None:
    text = json.dumps({f"k{number}": number for number in range(9)})

    assert [value for _, value in fields(text)] == ["0", "1", "2", "3", "4", "5"]


def test_objects_give_their_values_lists_and_long_texts_do_not() -> None:
    text = json.dumps(
        {"order": {"id": "A-1", "paid": True}, "lines": [1, 2], "story": "x" * 61, "gone": None}
    )

    assert fields(text) == [("Order id", "A-1"), ("Order paid", "yes")]


def test_a_masked_value_is_no_key_field() -> None:
    masked = "[masked · 684 characters · sha256 1a2b…3c4d]"

    assert fields(json.dumps({"token": masked, "id": "7"})) == [("Id", "7")]


@pytest.mark.parametrize("key", ["requestedBy", "requested_by", "ASKED-BY", "requester"])
def test_who_asked_is_found_under_its_usual_names(key: str) -> None:
    found = summary(json.dumps({key: "Ines Almeida", "id": 1}))

    assert (found.asked_by, found.key_fields) == ("Ines Almeida", (("Id", "1"),))


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 5000, '{"a":' * 2000])
def test_an_input_that_is_neither_object_nor_value_shows_nothing(text: str) -> None:
    assert (fields(text), summary(text).asked_by) == ([], "")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=30,
    )
)
def test_any_input_gives_few_short_lines_that_can_be_stored(value: object) -> None:
    found = summary(json.dumps(value))

    assert len(found.key_fields) <= 6
    for label, text in found.key_fields:
        assert 0 < len(text) <= LONGEST_VALUE
        (label + text + found.asked_by).encode()
        assert not any(character in label + text for character in "\0\r\n")
