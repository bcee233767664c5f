"""What a workflow reads of an answer, in both languages."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.contract.reads import MOST_READS
from callbacks.asl.contract.walk import reads_of
from callbacks.asl.definition import parse_definition

WAITS = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


def reads(states, *, language="JSONPath", **ask):
    """Of the state Ask, which is followed by `states`: (path, kind, needed) in their order."""
    first = next(iter(states), None)
    way = {"Next": first} if first else {"End": True}
    machine = {
        "StartAt": "Ask",
        "QueryLanguage": language,
        "States": {"Ask": {"Type": "Task", "Resource": WAITS, **way, **ask}, **states},
    }
    definition = parse_definition(json.dumps(machine))
    return reads_of(definition, definition.states["Ask"])


def told(found):
    return [(_path(read.place), read.kind, read.is_needed) for read in found]


def _path(place):
    return ".".join("*" if name is None else name for name in place)


def task(**fields):
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True, **fields}


def test_what_the_state_itself_takes_out_is_needed():
    assert told(reads({}, OutputPath="$.Payload")) == [("Payload", "", True)]


def test_an_answer_is_followed_to_where_it_is_put():
    found = reads(
        {"Charge": task(Parameters={"sum.$": "$.answer.amount", "id.$": "$.order.id"})},
        ResultPath="$.answer",
    )
    assert told(found) == [("amount", "", True)]


def test_what_a_selector_renames_is_the_same_value():
    found = reads(
        {"Charge": task(Parameters={"sum.$": "$.total", "all.$": "$"})},
        ResultSelector={"total.$": "$.order.amount", "fixed": 1},
    )
    assert {(read.state, read.place) for read in found} == {
        ("Ask", ("order", "amount")),
        ("Charge", ("order", "amount")),
    }


def test_what_is_passed_through_states_that_replace_it_is_read_no_more():
    found = reads(
        {
            "Other": task(Next="Late", End=False),
            "Late": task(Parameters={"x.$": "$.amount"}),
        }
    )
    assert told(found) == []


def test_a_choice_tells_kinds_and_values():
    rules = [
        {"Variable": "$.amount", "NumericGreaterThan": 100, "Next": "Done"},
        {"Variable": "$.how", "StringEquals": "post", "Next": "Done"},
        {
            "And": [
                {"Variable": "$.urgent", "IsPresent": True},
                {"Variable": "$.urgent", "BooleanEquals": True},
            ],
            "Next": "Done",
        },
        {"Variable": "$.at", "TimestampLessThanPath": "$.until", "Next": "Done"},
    ]
    found = reads(
        {
            "Which": {"Type": "Choice", "Choices": rules, "Default": "Done"},
            "Done": {"Type": "Succeed"},
        }
    )
    assert told(found) == [
        ("amount", "number", True),
        ("how", "string", False),
        ("urgent", "", False),
        ("urgent", "boolean", False),
        ("at", "timestamp", False),
        ("until", "timestamp", False),
    ]
    assert next(read.values for read in found if read.kind == "string") == ("post",)


def test_a_choice_without_default_on_one_text_allows_these_only():
    rules = [
        {"Variable": "$.verdict", "StringEquals": word, "Next": "Done"} for word in ("yes", "no")
    ]
    (read,) = reads({"Which": {"Type": "Choice", "Choices": rules}, "Done": {"Type": "Succeed"}})
    assert (read.values, read.is_closed, read.is_needed) == (("yes", "no"), True, True)


def test_behind_a_choice_nothing_is_sure():
    found = reads(
        {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "One"}],
                "Default": "Two",
            },
            "One": task(Parameters={"b.$": "$.b"}),
            "Two": task(Parameters={"c.$": "States.Format('{}-{}', $.c, $.d.e)"}),
        }
    )
    assert told(found) == [("a", "", False), ("b", "", False), ("c", "", False), ("d.e", "", False)]


def test_the_items_of_a_list_and_the_branches_of_a_parallel_are_walked():
    found = reads(
        {
            "Each": {
                "Type": "Map",
                "ItemsPath": "$.lines",
                "ItemSelector": {"line.$": "$$.Map.Item.Value", "for.$": "$.customer"},
                "ItemProcessor": {
                    "StartAt": "One",
                    "States": {"One": task(Parameters={"sku.$": "$.line.sku", "f.$": "$.for.id"})},
                },
                "ResultPath": None,
                "Next": "Both",
            },
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "Left", "States": {"Left": task(Parameters={"x.$": "$.left"})}},
                    {"StartAt": "Right", "States": {"Right": task(InputPath="$.right")}},
                ],
                "End": True,
            },
        }
    )
    assert told(found) == [
        ("lines", "array", True),
        ("lines.*", "", False),
        ("customer", "", False),
        ("lines.*.sku", "", False),
        ("customer.id", "", False),
        ("left", "", True),
        ("right", "", True),
    ]


def test_jsonata_is_read_off_its_syntax():
    found = reads(
        {
            "Which": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Condition": "{% $states.input.a.verdict in ['yes','no'] and $who != '' %}",
                        "Next": "Charge",
                    }
                ],
                "Default": "Charge",
            },
            "Charge": task(Arguments={"n": "{% $sum($states.input.a.lines[paid].price) %}"}),
        },
        language="JSONata",
        Assign={"who": "{% $states.result.by %}"},
        Output={"a": "{% $states.result.answer %}"},
    )
    assert set(told(found)) == {
        ("answer", "", True),
        ("by", "", True),
        ("by", "string", False),
        ("by", "", False),
        ("answer.verdict", "string", False),
        ("answer.verdict", "", False),
        ("answer.lines", "", False),
    }
    assert ("yes", "no") in {read.values for read in found}


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_what_is_put_into_itself_again_and_again_ends_too(language):
    """Each state doubles what it hands on; followed to the end that would be 2⁴⁰ values."""
    template = {
        "JSONPath": {"Parameters": {"a.$": "$", "b.$": "$"}},
        "JSONata": {"Output": {"a": "{% $states.input %}", "b": "{% $states.input %}"}},
    }[language]
    names = [f"S{number}" for number in range(40)]
    states = {
        name: {"Type": "Pass", **template, "Next": following}
        for name, following in zip(names, [*names[1:], "Last"], strict=True)
    }
    reads({**states, "Last": {"Type": "Pass", **template, "Next": "S0"}}, language=language)


def test_part_of_a_list_are_its_items():
    found = reads({"Take": task(Parameters={"x.$": "$.items[0:2].name", "y.$": "$.all[0,1].id"})})
    assert [path for path, _, _ in told(found)] == ["items.*.name", "all.*.id"]


def test_what_only_one_rule_reads_is_not_needed_though_all_lead_to_one_state():
    rule = {"Condition": "{% $states.input.go %}", "Output": {"x": "{% $states.input.extra %}"}}
    found = reads(
        {
            "Which": {
                "Type": "Choice",
                "Choices": [{**rule, "Next": "End"}],
                "Default": "End",
            },
            "End": task(Arguments={"y": "{% $states.context.Execution.Id %}"}),
        },
        language="JSONata",
    )
    assert ("extra", "", False) in told(found)


def test_what_a_catch_takes_up_is_not_needed():
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]
    states = {
        "Work": task(Arguments={"x": "{% $states.input.opt %}"}, Catch=catch),
        "Tell": {"Type": "Succeed"},
    }
    assert told(reads(states, language="JSONata")) == [("opt", "", False)]


def test_a_choice_that_is_only_sometimes_reached_closes_nothing():
    closed = [{"Variable": "$.kind", "StringEquals": one, "Next": "Done"} for one in ("x", "y")]
    found = reads(
        {
            "First": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.mode", "StringEquals": "a", "Next": "Second"}],
                "Default": "Done",
            },
            "Second": {"Type": "Choice", "Choices": closed},
            "Done": {"Type": "Succeed"},
        }
    )
    assert not any(read.is_closed for read in found)


def test_a_rule_of_another_form_is_passed_over():
    found = reads(
        {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Variable": ["$.a"], "StringEquals": "x", "Next": "Done"}],
            },
            "Done": {"Type": "Succeed"},
        }
    )
    assert told(found) == []


def test_a_loop_ends():
    found = reads({"Again": {"Type": "Pass", "Parameters": {"x.$": "$.x"}, "Next": "Again"}})
    assert told(found) == [("x", "", True)]


def test_a_loop_that_digs_deeper_each_time_ends():
    found = reads({"Again": {"Type": "Pass", "InputPath": "$.x", "Next": "Again"}})
    assert 0 < len(found) <= MOST_READS


NAMES = (
    *("InputPath", "OutputPath", "ResultPath", "Parameters", "Arguments", "Output", "Assign"),
    *("Choices", "Default", "Items", "ItemsPath", "ItemSelector", "Branches", "Catch", "Next"),
)
LEAVES = (
    *("$.a", "$$.b", "$", "$x.y", "S", "States.Format('{}', $.a)", "States.Nope("),
    *("{% $states.input.a %}", "{% $x ~> $f %}", "{% ( %}", None, 1, True),
)
FIELDS = st.dictionaries(
    st.sampled_from(NAMES),
    st.recursive(
        st.sampled_from(LEAVES),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["a", "b.$", "Variable", "And", "Not"]), inner, max_size=2
            )
        ),
        max_leaves=6,
    ),
    max_size=5,
)


@given(
    kind=st.sampled_from(["Task", "Pass", "Choice", "Map", "Parallel", "Wait", "Succeed", "New"]),
    fields=FIELDS,
    ask=FIELDS,
    language=st.sampled_from(["JSONPath", "JSONata"]),
)
def test_whatever_stands_in_a_definition_it_is_read_without_falling_over(
    kind, fields, ask, language
):
    reads({"S": {"Type": kind, **fields}}, language=language, **{**ask, "Next": "S"})
