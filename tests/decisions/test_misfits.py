"""What a schema finds wrong is said in words, with values as JSON writes them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from callbacks.decisions.misfits import Misfit
from callbacks.decisions.schema import misfits

DRAFT_4 = "http://json-schema.org/draft-04/schema#"


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"type": "object"}, None, "This has to be an object; it is null."),
        ({"type": ["number", "null"]}, True, "This has to be a number or null; it is true."),
        ({"type": "integer"}, 3.5, "This has to be a whole number; it is 3.5."),
        ({"type": "string"}, {"a": 1}, "This has to be a text; it is an object."),
        ({"enum": ["a", 1, None]}, "b", 'This has to be "a", 1 or null; it is "b".'),
        ({"enum": [True]}, False, "This has to be true; it is false."),
        (
            {"enum": list(range(99))},
            -1,
            "This has to be 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …; it is -1.",
        ),
        ({"enum": []}, 1, "This has to be nothing at all; it is 1."),
        ({"minLength": 1.0}, "", "This needs at least 1 character; it has 0."),
        ({"const": None}, [], "This has to be null; it is an empty list."),
        ({"const": {"a": 1}}, 1, "This has to be exactly what the policy asks for."),
        ({"minimum": 5}, 3, "This has to be 5 or more; it is 3."),
        ({"maximum": 5}, 7.5, "This has to be 5 or less; it is 7.5."),
        ({"exclusiveMinimum": 5}, 5, "This has to be more than 5; it is 5."),
        ({"exclusiveMaximum": 5}, 5, "This has to be less than 5; it is 5."),
        (
            {"$schema": DRAFT_4, "maximum": 5, "exclusiveMaximum": True},
            5,
            "This has to be less than 5; it is 5.",
        ),
        ({"multipleOf": 5}, 3, "This has to be a multiple of 5; it is 3."),
        ({"minLength": 1}, "", "This needs at least 1 character; it has 0."),
        ({"maxLength": 2}, "abc", "This may have at most 2 characters; it has 3."),
        ({"pattern": "^[A-Z]+$"}, "a", "This has to match the pattern ^[A-Z]+$."),
        ({"minItems": 2}, [1], "This needs at least 2 entries; it has 1."),
        ({"maxItems": 1}, [1, 2], "This may have at most 1 entry; it has 2."),
        ({"minProperties": 1}, {}, "This needs at least 1 entry; it has 0."),
        ({"uniqueItems": True}, [1, 1], "An entry stands twice in this list."),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"a": 1, "b": 2},
            'The form that is asked for does not name this: "b".',
        ),
        (
            {"anyOf": [{"type": "null"}, {"type": "string"}]},
            5,
            "This fits none of the forms that are allowed here; it is 5.",
        ),
        (
            {"oneOf": [{"minimum": 1}, {"minimum": 2}]},
            3,
            "This fits several of the forms of which only one is allowed here.",
        ),
        ({"not": {"type": "null"}}, None, "This has a form that is not allowed here."),
        (
            {"contains": {"type": "null"}},
            [True],
            "This breaks the rule “contains” of the form that is asked for.",
        ),
        (False, None, "There is something in this that may not be there."),
    ],
)
def test_each_rule_has_its_sentence(schema: Any, value: Any, words: str) -> None:
    (found,) = misfits(schema, value)
    assert isinstance(found, Misfit)
    assert found.words == words
    assert found == f"The answer as a whole: {words}"


def test_a_text_that_is_shown_is_cut() -> None:
    (found,) = misfits({"type": "null"}, "x" * 1_000)
    assert len(found) < 120


def test_of_forms_that_exclude_each_other_the_nearest_one_is_told() -> None:
    by_mail = {"type": "object", "properties": {"mail": {"type": "string"}}}
    (found,) = misfits({"anyOf": [by_mail, {"type": "null"}]}, {"mail": 5})
    assert found == "$.mail: This has to be a text; it is 5."


def test_a_misfit_can_be_copied():
    made = Misfit(("a",), "Not so.")
    other = copy.deepcopy(made)
    assert (other, other.place, other.words) == (made, ("a",), "Not so.")
