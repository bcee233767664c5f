"""What can be chosen in a form is told apart, whatever it is."""

from __future__ import annotations

import pytest

from callbacks.decisions.formfields import fields_of
from callbacks.views.choice_words import choices_of


def words(part, *, required=True):
    schema = {"required": ["k"] if required else [], "properties": {"k": part}}
    (field,) = fields_of(schema)
    return [word for _value, word in choices_of(field)]


@pytest.mark.parametrize(
    ("allowed", "shown"),
    [
        (["a", "b"], ["a", "b"]),
        (["1", 1, "", None], ["“1”", "1", "(empty text)", "null (nothing)"]),
        (["true", True, "null", None], ["“true”", "true", "null", "null (nothing)"]),
        (["null (nothing)", None], ["“null (nothing)”", "null (nothing)"]),
        (["a", " a", "a  b"], ["“a”", "“ a”", "“a  b”"]),
        ([" "], ["“ ”"]),
        (["Choose…"], ["“Choose…”"]),
        ([2.50, "x"], ["2.5", "x"]),
    ],
)
def test_each_choice_looks_like_no_other(allowed, shown):
    assert words({"enum": allowed}) == ["Choose…", *shown]


def test_yes_and_no_are_words_and_null_is_one_where_it_may_be():
    assert words({"type": "boolean"}, required=False) == ["No answer", "Yes", "No"]
    nullable = {"type": ["boolean", "null"]}
    assert words(nullable) == ["Choose…", "Yes", "No", "null (nothing)"]
