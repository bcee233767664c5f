"""What an answer would do: the founding case, rules for errors, and the way on."""

import json

import pytest

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import parse_definition
from callbacks.asl.forecast import Outcome, Verdict, forecast_failure, forecast_success

ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "OutputPath": "$.Payload",
    "Next": "Check",
}
CHECK = {
    "Type": "Choice",
    "Choices": [{"Variable": "$.approved", "BooleanEquals": True, "Next": "Charge"}],
    "Default": "Refused",
}
STATES = {
    "Ask": ASK,
    "Check": CHECK,
    "Charge": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True},
    "Refused": {"Type": "Fail", "Error": "Refused", "Cause": "Somebody said no"},
    "Tell": {"Type": "Pass", "End": True},
}


def machine(ask=(), **states):
    """The founding case, with these fields in its waiting state and these further states."""
    every = {**STATES, "Ask": {**ASK, **dict(ask)}, **states}
    return parse_definition(json.dumps({"StartAt": "Ask", "States": every}))


def approve(definition, result, raw_input=None, **fields):
    visit = Visit(definition.states["Ask"], raw_input or {"order": 7}, **fields)
    return forecast_success(definition=definition, visit=visit, result=result)


def reject(definition, error="Wrong", before=(), state="Ask"):
    visit = Visit(definition.states[state], {"order": 7})
    return forecast_failure(
        definition=definition, visit=visit, error=error, cause="No.", errors_before=before
    )


# --- an answer that the state takes -------------------------------------------------------------
def test_an_answer_goes_through_the_choice_to_what_then_does_something():
    found = approve(machine(), {"Payload": {"approved": True}})
    assert found.verdict == Verdict.OK
    assert found.outcome == Outcome.CONTINUES
    assert found.output == {"approved": True}
    assert (found.next, found.passed, found.arrives_at) == ("Check", ("Check",), "Charge")
    assert found.arrives_with == {"approved": True}


def test_an_end_that_the_author_foresaw_is_a_warning_only():
    found = approve(machine(), {"Payload": {"approved": False}})
    assert (found.verdict, found.outcome) == (Verdict.WARNING, Outcome.FAILS)
    assert found.failure.error == "Refused"
    assert found.passed == ("Check", "Refused")


def test_the_last_state_ends_the_execution():
    found = approve(machine({"Next": "Tell"}), {"Payload": 1})
    assert (found.verdict, found.outcome, found.ends) == ("ok", Outcome.SUCCEEDS, "execution")


def test_the_result_is_put_into_the_input():
    fields = {"ResultSelector": {"said.$": "$.a"}, "ResultPath": "$.answer", "OutputPath": "$"}
    found = approve(machine(fields), {"a": 1}, {"order": 7, "approved": True})
    assert found.output == {"order": 7, "approved": True, "answer": {"said": 1}}


# --- an answer that kills -----------------------------------------------------------------------
def test_the_founding_mistake_is_fatal_and_named():
    found = approve(machine(), {"approved": True})
    assert (found.verdict, found.outcome) == (Verdict.FATAL, Outcome.FAILS)
    assert found.failure.error == "States.Runtime"
    assert (found.failure.field, found.failure.path) == ("OutputPath", "$.Payload")


def test_no_rule_catches_a_path_that_finds_nothing():
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]
    found = approve(machine({"Catch": catch}), {})
    assert (found.verdict, found.outcome) == (Verdict.FATAL, Outcome.FAILS)


def test_a_choice_behind_the_answer_that_finds_nothing_is_fatal():
    found = approve(machine(), {"Payload": {"agreed": True}})
    assert (found.verdict, found.outcome) == (Verdict.FATAL, Outcome.FAILS)
    assert (found.failure.state, found.failure.path) == ("Check", "$.approved")


def test_what_is_merged_counts_for_the_limit():
    fields = {"ResultPath": "$.answer", "OutputPath": "$"}
    found = approve(machine(fields), "b" * 200_000, {"big": "a" * 100_000})
    assert found.verdict == Verdict.FATAL
    assert found.failure.error == "States.DataLimitExceeded"


def test_an_expression_that_fails_can_be_caught():
    jsonata = {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": ASK["Resource"],
        "Output": "{% $states.result.missing %}",
        "Next": "Tell",
    }
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Tell"}]
    definition = machine(Ask=jsonata)
    assert approve(definition, {"a": 1}).verdict == Verdict.FATAL
    caught = approve(machine(Ask={**jsonata, "Catch": catch}), {"a": 1})
    assert (caught.verdict, caught.outcome) == (Verdict.WARNING, Outcome.CAUGHT)
    assert caught.next == "Tell"


def test_what_waits_for_the_container_is_said_to_depend_on_it():
    branch = {"StartAt": "Inner", "States": {"Inner": {**ASK, "Next": None, "End": True}}}
    both = {"Type": "Parallel", "Branches": [branch, branch], "Next": "Tell"}
    del both["Branches"][1]
    plain = machine(Both=both)
    shaping = machine(Both={**both, "ResultSelector": {"a.$": "$[0].a"}})
    for definition, verdict in ((plain, "ok"), (shaping, "unknown")):
        visit = Visit(definition.states["Inner"], {"order": 7})
        found = forecast_success(definition=definition, visit=visit, result={"Payload": 1})
        assert found.verdict == verdict


def test_variables_that_double_are_stopped():
    states = {
        f"P{n}": {
            "Type": "Pass",
            "Assign": {"v.$": "States.Format('{}{}', $v, $v)"} if n else {"v.$": "$"},
            "Next": f"P{n + 1}",
        }
        for n in range(20)
    }
    states["P20"] = {"Type": "Pass", "End": True}
    found = approve(machine({"Next": "P0"}, **states), {"Payload": "x" * 100_000})
    assert found.verdict == Verdict.UNKNOWN


# --- what nobody can know -----------------------------------------------------------------------
def test_chance_is_not_predicted():
    fields = {"ResultSelector": {"id.$": "States.UUID()"}, "OutputPath": "$"}
    found = approve(machine(fields), {"a": 1})
    assert (found.verdict, found.outcome) == (Verdict.UNKNOWN, Outcome.UNKNOWN)
    assert "chance" in found.unknown


def test_a_cycle_of_states_that_do_nothing_ends_here():
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    found = approve(machine({"Next": "A"}, **states), {"Payload": 1})
    assert found.verdict == Verdict.UNKNOWN


# --- a rejection --------------------------------------------------------------------------------
def test_without_a_rule_the_execution_fails():
    found = reject(machine())
    assert (found.verdict, found.outcome, found.ends) == ("warning", Outcome.FAILS, "execution")


RETRY = [
    {"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 3, "MaxDelaySeconds": 5},
    {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "JitterStrategy": "FULL"},
]


@pytest.mark.parametrize(
    ("error", "before", "rule", "used", "least", "most"),
    [
        ("Busy", [], 0, 1, 2, 2),
        ("Busy", ["Busy"], 0, 2, 4, 4),
        ("Busy", ["Other", "Busy", "Busy"], 0, 3, 5, 5),
        ("Other", ["Busy"], 1, 1, 0, 1),
        ("States.Timeout", [], 1, 1, 0, 1),
    ],
)
def test_a_retry_rule_takes_it(error, before, rule, used, least, most):
    found = reject(machine({"Retry": RETRY}), error, before)
    assert found.outcome == Outcome.RETRIED
    retry = found.retry
    assert (retry.rule, retry.used) == (rule, used)
    assert (retry.seconds_least, retry.seconds_most) == (least, most)


def test_a_rule_that_is_used_up_leaves_it_to_the_catch():
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Tell", "ResultPath": "$.error"}]
    definition = machine({"Retry": RETRY, "Catch": catch})
    found = reject(definition, "Busy", ["Busy"] * 3)
    assert (found.outcome, found.next, found.taken_by) == (Outcome.CAUGHT, "Tell", "Ask")
    assert found.output == {"order": 7, "error": {"Error": "Busy", "Cause": "No."}}


def test_a_timeout_is_no_failed_task():
    retry = [{"ErrorEquals": ["States.TaskFailed"]}]
    assert reject(machine({"Retry": retry}), "States.Timeout").outcome == Outcome.FAILS


def test_the_catch_of_a_parallel_takes_what_its_branch_does_not():
    branch = {"StartAt": "Inner", "States": {"Inner": {**ASK, "Next": None, "End": True}}}
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]
    both = {"Type": "Parallel", "Branches": [branch], "Catch": catch, "Next": "Tell"}
    found = reject(machine(Both=both), state="Inner")
    assert (found.outcome, found.taken_by, found.next) == (Outcome.CAUGHT, "Both", "Tell")


def test_a_retry_of_a_map_is_not_counted_here():
    processor = {"StartAt": "Inner", "States": {"Inner": {**ASK, "Next": None, "End": True}}}
    each = {"Type": "Map", "ItemProcessor": processor, "Retry": RETRY, "Next": "Tell"}
    found = reject(machine(Each=each), state="Inner")
    assert found.verdict == Verdict.UNKNOWN
    assert "Each" in found.unknown


def test_a_rejection_is_never_fatal_whatever_lies_behind_its_catch():
    choose = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.Error", "StringEquals": "X", "Next": "Tell"}],
    }
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Choose"}]
    found = reject(machine({"Catch": catch}, Choose=choose))
    assert (found.verdict, found.outcome) == (Verdict.WARNING, Outcome.FAILS)


@pytest.mark.parametrize(("longest", "outcome"), [(9, Outcome.RETRIED), (None, Outcome.UNKNOWN)])
def test_back_off_after_thousands_of_attempts_is_a_number_or_not_said(longest, outcome):
    rule = {"ErrorEquals": ["Busy"], "MaxAttempts": 9_000, "BackoffRate": 2.5}
    retry = [rule if longest is None else {**rule, "MaxDelaySeconds": longest}]
    assert reject(machine({"Retry": retry}), "Busy", ["Busy"] * 3_000).outcome == outcome


@pytest.mark.parametrize("name", ["States.ResultPathMatchFailure", "States.ReferencePathConflict"])
def test_two_names_for_one_error_are_not_told_apart(name):
    fields = {"ResultPath": "$.a", "OutputPath": "$"}
    definition = machine({**fields, "Catch": [{"ErrorEquals": [name], "Next": "Tell"}]})
    assert approve(definition, 1, [1]).verdict == Verdict.UNKNOWN
    # Into a scalar on the way AWS may or may not put it.
    assert approve(machine({"ResultPath": "$.a.b"}), 1, {"a": 1}).verdict == Verdict.UNKNOWN
