"""What lint finds in a definition, and what it leaves alone: each rule both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callbacks.asl.finding import Severity
from callbacks.asl.lint import counts, is_unreadable, lint
from tests.asl.histories import LAMBDA, SQS, callback

ACTIVITY = "arn:aws:states:eu-west-1:123456789012:activity:sign"
CHILD = "arn:aws:states:::states:startExecution"
JSONATA = {"QueryLanguage": "JSONata"}
CAUGHT = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "No"}]}
# A wait that no rule has anything to say of, but that its token stands in the history.
SOUND = {"TimeoutSeconds": 3600, "ResultPath": "$.answer", **CAUGHT}
NO = {"No": {"Type": "Pass", "End": True}}
OWN = {"token.$": "$$.Task.Token"}


def text_of(states: dict[str, Any], **fields: Any) -> str:
    return json.dumps({"StartAt": next(iter(states)), "States": states, **fields})


def codes(state: dict[str, Any], **fields: Any) -> set[str]:
    """What is found at the one state `Ask`."""
    found = lint(text=text_of({"Ask": state, **NO}, **fields))
    return {finding.code for finding in found if finding.state == "Ask"}


def ask(parameters: Any = None, **fields: Any) -> dict[str, Any]:
    return callback(parameters, **{**SOUND, **fields})


def ask_jsonata(arguments: Any, **fields: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": SQS, "Arguments": arguments, "TimeoutSeconds": 60}
    return {**state, "End": True, **JSONATA, **CAUGHT, **fields}


def without(name: str, state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != name}


TOKEN_FIRST = {"Task": "{% $states.context.Task.Token %}"}
RETRY_ALL = [{"ErrorEquals": ["States.ALL"]}]

POSITIVE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("no_deadline", without("TimeoutSeconds", ask()), {}),
    ("no_deadline", ask(TimeoutSeconds=99_999_999), {}),
    ("no_deadline", without("TimeoutSeconds", ask(resource=ACTIVITY)), {}),
    ("only_run_deadline", without("TimeoutSeconds", ask()), {"TimeoutSeconds": 60}),
    ("misspelled_deadline", ask(Timeout=60), {}),
    ("misspelled_deadline", ask(Heartbeat=60), {}),
    ("misspelled_deadline", ask(timeoutSeconds=60), {}),
    ("misspelled_deadline", {"Type": "Task", "Resource": "x", "End": True, "Timeout": 5}, {}),
    ("heartbeat_not_below_timeout", ask(HeartbeatSeconds=3600), {}),
    ("heartbeat_not_below_timeout", ask(HeartbeatSeconds=7200), {}),
    ("heartbeat_is_deadline", without("TimeoutSeconds", ask(HeartbeatSeconds=600)), {}),
    ("heartbeat_is_deadline", without("TimeoutSeconds", ask(HeartbeatSecondsPath="$.b")), {}),
    ("heartbeat_is_deadline", ask(HeartbeatSeconds=900), {}),
    ("token_not_passed", ask({"MessageBody": {"order.$": "$.order"}}), {}),
    ("token_not_passed", ask({"MessageBody": {"token": "$$.Task.Token"}}), {}),
    ("token_not_passed", without("Parameters", ask()), {}),
    ("token_not_passed", ask_jsonata({"Body": "$states.context.Task.Token"}), {}),
    ("token_without_suffix", ask(OWN, resource="arn:aws:states:::lambda:invoke"), {}),
    ("token_without_suffix", ask(OWN, resource="arn:aws:lambda:eu-west-1:1:function:ask"), {}),
    ("token_without_suffix", ask({"x.$": "$$['Task']['Token']"}, resource="arn:x"), {}),
    (
        "token_without_suffix",
        ask({"x.$": "States.Format('t={}', $$.Task.Token)"}, resource="arn:x"),
        {},
    ),
    ("token_without_suffix", ask_jsonata(TOKEN_FIRST, Resource="arn:x"), {}),
    ("several_tokens", ask({**OWN, "parent.$": "$.parentTaskToken"}), {}),
    ("several_tokens", ask({**OWN, "p.$": "$$.Execution.Input.taskToken"}), {}),
    ("several_tokens", ask_jsonata({**TOKEN_FIRST, "p": "{% $states.input.task_token %}"}), {}),
    ("answer_needs_key", ask(OutputPath="$.Payload", ResultPath="$"), {}),
    ("answer_needs_key", ask(OutputPath="$.answer.Payload"), {}),
    ("answer_needs_key", ask(OutputPath="$['answer']['Payload']"), {}),
    ("answer_needs_key", ask(ResultSelector={"ok.$": "$.ok"}), {}),
    ("answer_needs_key", ask(ResultSelector={"in": [{"ok.$": "$['ok'].x"}]}), {}),
    ("answer_needs_key", ask(ResultSelector={"t.$": "States.Format('{}', $.total)"}), {}),
    ("answer_needs_key", ask_jsonata(TOKEN_FIRST, Output="{% $states.result.Payload %}"), {}),
    ("answer_needs_key", ask_jsonata(TOKEN_FIRST, Assign={"a": "{% $states.result.a.b %}"}), {}),
    ("rejection_retries", ask(Retry=RETRY_ALL), {}),
    ("rejection_retries", ask(Retry=[{"ErrorEquals": ["A", "States.TaskFailed"]}]), {}),
    (
        "rejection_retries",
        ask(Retry=[{"ErrorEquals": ["Lambda.Unknown"], "MaxAttempts": 0}, *RETRY_ALL]),
        {},
    ),
    ("rejection_fails_run", without("Catch", ask()), {}),
    ("rejection_fails_run", ask(Catch=[{"ErrorEquals": ["Sqs.Some.Exception"], "Next": "No"}]), {}),
    ("rejection_fails_run", ask(Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "No"}]), {}),
    ("rejection_fails_run", without("Catch", ask(resource=ACTIVITY)), {}),
    ("unknown_language", ask(QueryLanguage="CEL"), {}),
]

NEGATIVE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("no_deadline", ask(), {}),
    ("no_deadline", without("TimeoutSeconds", ask(HeartbeatSeconds=60)), {}),
    ("no_deadline", without("TimeoutSeconds", ask(TimeoutSecondsPath="$.t")), {}),
    ("no_deadline", ask_jsonata(TOKEN_FIRST, TimeoutSeconds="{% $states.input.t %}"), {}),
    ("no_deadline", without("TimeoutSeconds", ask()), {"TimeoutSeconds": 60}),
    ("no_deadline", {"Type": "Task", "Resource": "arn:x", "End": True}, {}),
    ("only_run_deadline", ask(), {"TimeoutSeconds": 60}),
    ("misspelled_deadline", ask(HeartbeatSeconds=60), {}),
    ("misspelled_deadline", {"Type": "Pass", "End": True, "Timeout": 5}, {}),
    ("heartbeat_not_below_timeout", ask(HeartbeatSeconds=3599), {}),
    ("heartbeat_is_deadline", ask(), {}),
    ("heartbeat_is_deadline", ask(HeartbeatSeconds=1800), {}),
    ("heartbeat_is_deadline", ask(HeartbeatSeconds=99_999_999), {}),
    ("heartbeat_is_deadline", ask(HeartbeatSeconds=60, resource=ACTIVITY), {}),
    ("token_not_passed", ask(), {}),
    ("token_not_passed", ask({"x.$": "$$"}), {}),
    ("token_not_passed", ask(resource=ACTIVITY, parameters={}), {}),
    ("token_not_passed", ask_jsonata("{% {'t': $states.context.Task.Token} %}"), {}),
    ("token_without_suffix", ask(), {}),
    ("token_without_suffix", ask(OWN, resource=f"{CHILD}.sync:2"), {}),
    ("token_without_suffix", ask(OWN, resource="arn:aws:states:::ecs:runTask.sync"), {}),
    ("token_without_suffix", ask(OWN, resource=ACTIVITY), {}),
    ("token_without_suffix", ask({"log.$": "$$"}, resource="arn:x"), {}),
    ("token_without_suffix", ask({"x": "$$.Task.Token"}, resource="arn:x"), {}),
    ("token_without_suffix", ask({"x.$": "$$.TaskName"}, resource="arn:x"), {}),
    ("several_tokens", ask(), {}),
    ("several_tokens", ask({"input.$": "$", "context.$": "$$"}), {}),
    ("several_tokens", ask({"TaskToken.$": "$$.Task.Token", "order.$": "$.order"}), {}),
    ("several_tokens", ask({"parent.$": "$.parentTaskToken"}), {}),
    ("answer_needs_key", ask(), {}),
    ("answer_needs_key", ask(OutputPath="$.answer"), {}),
    ("answer_needs_key", ask(OutputPath="$.order"), {}),
    ("answer_needs_key", ask(OutputPath=None), {}),
    ("answer_needs_key", ask(OutputPath="$$.Execution.Input"), {}),
    ("answer_needs_key", ask(OutputPath="$.Payload", ResultPath=None), {}),
    ("answer_needs_key", ask(ResultSelector={"all.$": "$", "at.$": "$$.State.EnteredTime"}), {}),
    ("answer_needs_key", ask(ResultSelector={"t.$": "States.Format('$.total {}', $)"}), {}),
    ("answer_needs_key", ask_jsonata(TOKEN_FIRST, Output="{% $exists($states.result.a) %}"), {}),
    ("answer_needs_key", ask_jsonata(TOKEN_FIRST, Output="$states.result.a"), {}),
    ("rejection_retries", ask(Retry=[{"ErrorEquals": ["Lambda.ServiceException"]}]), {}),
    ("rejection_retries", ask(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]), {}),
    (
        "rejection_retries",
        ask(Retry=[{"ErrorEquals": ["Rejected"], "MaxAttempts": 0}, *RETRY_ALL]),
        {},
    ),
    ("rejection_fails_run", ask(), {}),
    ("rejection_fails_run", ask(Catch=[{"ErrorEquals": ["Rejected"], "Next": "No"}]), {}),
    ("unknown_language", ask_jsonata(TOKEN_FIRST), {}),
]


@pytest.mark.parametrize(("code", "state", "fields"), POSITIVE)
def test_it_is_found(code: str, state: dict[str, Any], fields: dict[str, Any]) -> None:
    assert code in codes(state, **fields)


@pytest.mark.parametrize(("code", "state", "fields"), NEGATIVE)
def test_it_is_not_found_where_it_is_not(
    code: str, state: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert code not in codes(state, **fields)


def test_every_rule_is_tried_both_ways() -> None:
    both = {code for code, *_rest in POSITIVE} & {code for code, *_rest in NEGATIVE}
    others = {"choice_without_default", "token_in_history", "unreadable"}
    assert both == {code for code, *_rest in POSITIVE}
    assert len(both | others) == 15


def test_a_sound_wait_has_only_the_note_about_its_token() -> None:
    (finding,) = lint(text=text_of({"Ask": ask(), **NO}))
    assert (finding.code, finding.state, counts(finding)) == ("token_in_history", "", False)


def test_the_token_in_the_history_is_said_once_per_machine() -> None:
    found = lint(text=text_of({"Ask": ask(Next="Again"), "Again": ask(), **NO}))
    assert [finding.code for finding in found] == ["token_in_history"]


def test_without_a_token_that_is_sent_nothing_stands_in_the_history() -> None:
    found = lint(text=text_of({"Ask": ask(resource=ACTIVITY, parameters={}), **NO}))
    assert found == ()


@pytest.mark.parametrize(("default", "expected"), [({}, True), ({"Default": "No"}, False)])
def test_a_choice_without_default_right_behind_the_answer(
    default: dict[str, str], expected: bool
) -> None:
    choice = {"Type": "Choice", "Choices": [], **default}
    waiting = {**without("End", ask()), "Next": "Yes?"}
    found = lint(text=text_of({"Ask": waiting, "Yes?": choice, **NO}))
    assert any(finding.code == "choice_without_default" for finding in found) == expected


def test_a_choice_behind_a_step_that_does_not_wait_is_its_authors_matter() -> None:
    step = {"Type": "Pass", "Next": "Yes?"}
    found = lint(text=text_of({"Step": step, "Yes?": {"Type": "Choice", "Choices": []}}))
    assert found == ()


def test_another_step_shows_that_the_input_holds_the_parents_token() -> None:
    """The child of `startExecution.waitForTaskToken`: whoever answers the parent names its path."""
    whole = ask({"Payload": {"input.$": "$", "context.$": "$$"}}, resource=LAMBDA, Next="Done")
    answer = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
        "Parameters": {"Output": "{}", "TaskToken.$": "$.parent"},
        "End": True,
    }
    found = lint(text=text_of({"Ask": whole, "Done": answer, **NO}))
    several = [finding for finding in found if finding.code == "several_tokens"]
    assert [finding.state for finding in several] == ["Ask"]
    assert "$.parent" in several[0].message


@pytest.mark.parametrize(
    "around",
    [
        lambda inner: {"Type": "Map", "End": True, "ItemProcessor": inner},
        lambda inner: {"Type": "Map", "End": True, "Iterator": inner},
        lambda inner: {"Type": "Parallel", "End": True, "Branches": [inner]},
    ],
)
def test_states_inside_others_are_looked_at_too(around: Any) -> None:
    inner = {"StartAt": "Deep", "States": {"Deep": without("TimeoutSeconds", ask()), **NO}}
    found = lint(text=text_of({"Each": around(inner)}))
    assert ("no_deadline", "Deep") in [(finding.code, finding.state) for finding in found]


def test_a_catch_around_it_takes_a_rejection_too() -> None:
    inner = {"StartAt": "Deep", "States": {"Deep": without("Catch", ask())}}
    each = {"Type": "Map", "End": True, "ItemProcessor": inner}
    assert "rejection_fails_run" in {f.code for f in lint(text=text_of({"Each": each}))}
    caught = {**each, **CAUGHT}
    assert "rejection_fails_run" not in {f.code for f in lint(text=text_of({"Each": caught, **NO}))}


def test_the_machines_own_clock_may_be_misspelled_as_well() -> None:
    (finding,) = lint(text=text_of(NO, Timeout=60))
    assert (finding.code, finding.state) == ("misspelled_deadline", "")


def test_what_stands_in_an_unknown_language_is_not_judged() -> None:
    found = lint(
        text=text_of({"Ask": ask({"x": 1}, OutputPath="$.a.b"), **NO}, QueryLanguage="CEL")
    )
    assert [finding.code for finding in found] == ["unknown_language"]
    clocks = lint(text=text_of({"Ask": callback(), **NO}, QueryLanguage=["JSONata"]))
    assert "no_deadline" in {finding.code for finding in clocks}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"States": {}}',
        '{"States": {"A": 7}}',
        "[" * 100_000,
        '{"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": {"x": 1}}}}',
    ],
)
def test_what_is_no_definition_is_one_clear_finding(text: str) -> None:
    found = lint(text=text)
    assert is_unreadable(found)
    assert [(one.code, one.severity) for one in found] == [("unreadable", Severity.ERROR)]


def test_the_worst_stands_first() -> None:
    found = lint(text=text_of({"Ask": callback(), **NO}))
    ranks = [finding.severity.rank for finding in found]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 3


def test_a_finding_says_everything_in_bounded_words() -> None:
    name = "x" * 5_000
    parameters = {**OWN, "p.$": f"$.{name}.taskToken"}
    state = ask(
        parameters, OutputPath=f"$.answer.{name}", Retry=RETRY_ALL, HeartbeatSeconds=10**300
    )
    found = lint(text=text_of({"Ask": state, **NO}))
    for finding in found:
        texts = [finding.title, finding.message, finding.mend]
        assert all(0 < len(text) < 600 for text in texts), finding.code
