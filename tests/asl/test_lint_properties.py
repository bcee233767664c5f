"""Lint gets to its end, whatever it is given: any JSON, machines of odd fields, any text."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from callbacks.asl.lint import lint
from tests.asl.histories import LAMBDA, SQS
from tests.asl.test_lint import ACTIVITY, CHILD

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 0, 60])
    | st.floats()
    | st.sampled_from(["$", "$$", "$.a", "$.a[?(@.b)]", "$$.Task.Token", "States.Format('{}', $.x"])
    | st.sampled_from(["{% $states.context.Task.Token %}", "{% $x", "{% $states.result.a %}"])
    | st.sampled_from([SQS, "JSONata", "Task", "Choice", "Map", "Parallel"])
    | st.text(max_size=8)
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)
FIELDS = [
    *("ResultPath", "OutputPath", "InputPath", "Output", "Assign", "TimeoutSeconds"),
    *("HeartbeatSeconds", "Timeout", "TimeoutSecondsPath", "HeartbeatSecondsPath", "End"),
    *("Default", "Choices", "Branches", "ItemProcessor", "Iterator"),
]
RULES = st.lists(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("ErrorEquals", "MaxAttempts", "IntervalSeconds"), ANYTHING)
    )
    | st.just({"ErrorEquals": ["States.ALL"]}),
    max_size=3,
)
LANGUAGES = st.sampled_from(["JSONPath", "JSONata", "JSONata"]) | ANYTHING
TEMPLATES = st.dictionaries(st.sampled_from(["x", "x.$", "TaskToken.$", "TaskToken"]), LEAVES)
STATES = st.fixed_dictionaries(
    {
        "Type": st.sampled_from(["Task", "Task", "Task", "Choice", "Map", "Parallel"]),
        "Resource": st.sampled_from([SQS, SQS, LAMBDA, ACTIVITY, f"{CHILD}.sync"]) | ANYTHING,
    },
    optional={
        **dict.fromkeys(FIELDS, ANYTHING),
        **dict.fromkeys(("Parameters", "Arguments", "ResultSelector"), TEMPLATES | ANYTHING),
        **dict.fromkeys(("Retry", "Catch"), RULES | ANYTHING),
        "Next": st.sampled_from(["A", "B"]) | ANYTHING,
        "QueryLanguage": LANGUAGES,
    },
)
MACHINES = st.fixed_dictionaries(
    {"States": st.dictionaries(st.sampled_from(["A", "B"]), STATES, min_size=1)},
    optional={
        **dict.fromkeys(("TimeoutSeconds", "Timeout", "StartAt"), ANYTHING),
        "QueryLanguage": LANGUAGES,
    },
)


@given(ANYTHING | MACHINES)
@example({"States": {"A": {"Type": "Task", "Retry": [{"IntervalSeconds": 10**400}]}}})
def test_it_never_raises_whatever_the_json_is(value: Any) -> None:
    for finding in lint(text=json.dumps(value)):
        assert finding.title
        assert finding.mend


@given(st.text(max_size=40))
def test_it_never_raises_whatever_the_text_is(text: str) -> None:
    assert isinstance(lint(text=text), tuple)
