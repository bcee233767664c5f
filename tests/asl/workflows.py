"""Workflows, answers and errors as hypothesis makes them, to hold forecasts against events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import parse_definition
from callbacks.asl.payload import parse_exact

ROLE = "arn:aws:iam::111111111111:role/r"
INPUT = {"order": 7, "a": {"b": [1, 2, 3]}, "name": "x"}
names = st.sampled_from(["a", "b", "ok", "n", "name", "Payload"])
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["x", "yes", ""])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)
objects = st.dictionaries(names, values, max_size=4)
paths = st.builds(lambda parts: "$" + "".join(parts), st.lists(
    st.one_of(names.map(".{}".format), st.sampled_from(["[0]", "[*]", "[1:]", "['a']"])), max_size=3
))  # fmt: skip
calls = st.one_of(
    st.builds("States.Format('{{}}-{{}}', {}, 'z')".format, paths),
    st.builds("States.Array({}, 1, null)".format, paths),
    st.builds("States.JsonToString({})".format, paths),
    st.builds("States.ArrayLength({})".format, paths),
    st.builds("States.JsonMerge({}, {}, false)".format, paths, paths),
    st.builds("States.ArrayContains({}, 'x')".format, paths),
)
templates = st.recursive(
    st.dictionaries(names.map("{}.$".format), paths | calls, max_size=2),
    lambda inner: st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
formulas = st.one_of(
    st.builds("{{% $states.result.{} %}}".format, names),
    st.builds("{{% $states.input.{} %}}".format, names),
    st.builds("{{% $exists($states.result.{}) ? 1 : 'no' %}}".format, names),
    st.builds("{{% $count($states.result.{}) + 1 %}}".format, names),
    st.builds("{{% $merge([$states.input, {{'r': $states.result.{}}}]) %}}".format, names),
)
outputs = st.one_of(formulas, st.dictionaries(names, formulas | scalars, max_size=3))
errors = st.sampled_from(["Busy", "Wrong", "States.Timeout", "States.TaskFailed"])
error_lists = st.one_of(
    st.just(["States.ALL"]),
    st.just(["States.TaskFailed"]),
    st.lists(errors, min_size=1, max_size=2),
)
retriers = st.fixed_dictionaries(
    {
        "ErrorEquals": error_lists,
        "IntervalSeconds": st.integers(1, 5),
        "MaxAttempts": st.integers(0, 2),
        "BackoffRate": st.sampled_from([1.0, 2.0]),
    },
    optional={"MaxDelaySeconds": st.integers(6, 9)},
)
rules = st.one_of(
    st.fixed_dictionaries({"Variable": paths, "IsPresent": st.booleans()}),
    st.fixed_dictionaries({"Variable": paths, "NumericGreaterThan": st.integers(-3, 3)}),
    st.fixed_dictionaries({"Variable": paths, "StringEquals": st.just("x")}),
    st.fixed_dictionaries({"Variable": paths, "BooleanEquals": st.booleans()}),
)


@st.composite
def jsonpath_fields(draw: st.DrawFn) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        fields["ResultSelector"] = draw(templates)
    if draw(st.booleans()):
        fields["ResultPath"] = draw(
            st.none() | st.sampled_from(["$", "$.answer", "$.a.c", "$.name.x"])
        )
    if draw(st.booleans()):
        fields["OutputPath"] = draw(st.none() | paths)
    catch = draw(st.lists(error_lists, max_size=2))
    fields["Catch"] = [
        {"ErrorEquals": these, "Next": "Tell", "ResultPath": draw(st.sampled_from(["$", "$.e"]))}
        for these in catch
    ]
    return fields


@st.composite
def jsonata_fields(draw: st.DrawFn) -> dict[str, Any]:
    fields: dict[str, Any] = {"QueryLanguage": "JSONata"}
    if draw(st.booleans()):
        fields["Output"] = draw(outputs)
    fields["Catch"] = [
        {"ErrorEquals": these, "Next": "Tell"} for these in draw(st.lists(error_lists, max_size=2))
    ]
    return fields


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    fields = draw(jsonpath_fields() | jsonata_fields())
    is_jsonata = "QueryLanguage" in fields
    token = (
        {"token": "{% $states.context.Task.Token %}"}
        if is_jsonata
        else {"token.$": "$$.Task.Token"}
    )
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments" if is_jsonata else "Parameters": {"FunctionName": "f", "Payload": token},
        "Retry": draw(st.lists(retriers, max_size=2)),
        "Next": draw(st.sampled_from(["Choose", "Shape", "Work"])),
        **fields,
    }
    choose: dict[str, Any] = {
        "Type": "Choice",
        "Choices": [{**draw(rules), "Next": "Shape"}, {**draw(rules), "Next": "Work"}],
    }
    if draw(st.booleans()):
        choose["Default"] = draw(st.sampled_from(["Tell", "Stop"]))
    states = {
        "Ask": ask,
        "Choose": choose,
        "Shape": {"Type": "Pass", "Parameters": draw(templates), "Next": "Work"},
        "Work": {"Type": "Wait", "Seconds": 600, "Next": "Tell"},
        "Tell": {"Type": "Pass", "End": True},
        "Stop": {"Type": "Fail", "Error": "Stopped"},
    }
    return {"StartAt": "Ask", "States": states}


def visit_of(machine: Mapping[str, Any]) -> Visit:
    definition = parse_definition(json.dumps(machine))
    return Visit(definition.states["Ask"], parse_exact(json.dumps(INPUT)), entered_event_id=2)
