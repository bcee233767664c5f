"""State machines in JSONata: what they hand over, hand on and remember, and how they fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.control import Control
from tests.test_simulator.conftest import chain, refusal, types
from tests.test_simulator.definitions import CALLBACK, machine, passing, waiting

Run = Callable[..., str]
QUERY = "States.QueryEvaluationError"
TOKEN = "{% $states.context.Task.Token %}"


def _query(**states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **machine(**states)}


def _ask(**fields: Any) -> dict[str, Any]:
    """A state that waits for its token."""
    after = {} if "Next" in fields else {"End": True}
    payload = {"token": TOKEN, "order": "{% $states.input.order %}"}
    arguments = {"FunctionName": "f", "Payload": payload}
    return {"Type": "Task", "Resource": CALLBACK, "Arguments": arguments, **after, **fields}


def _token(simulator: Control, execution: str) -> str:
    return str(simulator.tokens(execution)[0]["token"])


def _succeed(simulator: Control, execution: str, output: Any) -> None:
    token = _token(simulator, execution)
    simulator.call("SendTaskSuccess", taskToken=token, output=json.dumps(output))


def _fail(simulator: Control, execution: str, **words: str) -> None:
    simulator.call("SendTaskFailure", taskToken=_token(simulator, execution), **words)


def _output(simulator: Control, execution: str) -> Any:
    described = simulator.execution(execution)
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])


def _details(simulator: Control, execution: str, type_: str) -> dict[str, Any]:
    """The details of the last event of the type."""
    event = [one for one in simulator.history(execution) if one["type"] == type_][-1]
    (found,) = (value for key, value in event.items() if key.endswith("Details"))
    return dict(found)


# --- a callback ---------------------------------------------------------------------------------
def test_arguments_carry_the_token_and_the_input(simulator: Control, run: Run) -> None:
    execution = run(_query(Ask=_ask()), {"order": 7})
    sent = json.loads(_details(simulator, execution, "TaskScheduled")["parameters"])
    assert sent["Payload"] == {"token": _token(simulator, execution), "order": 7}


def test_the_answer_is_the_result_that_output_sees(simulator: Control, run: Run) -> None:
    output = {"order": "{% $states.input.order %}", "answer": "{% $states.result.ok %}"}
    execution = run(_query(Ask=_ask(Output=output)), {"order": 7})
    _succeed(simulator, execution, {"ok": True})
    assert _output(simulator, execution) == {"order": 7, "answer": True}


def test_without_output_the_answer_goes_on_as_it_is(simulator: Control, run: Run) -> None:
    execution = run(_query(Ask=_ask()), {"order": 7})
    _succeed(simulator, execution, [None, "said"])
    assert _output(simulator, execution) == [None, "said"]


def test_a_catcher_sees_the_error_and_hands_on_what_it_says(simulator: Control, run: Run) -> None:
    catch = {
        "ErrorEquals": ["States.ALL"],
        "Output": {"why": "{% $states.errorOutput.Error & ': ' & $states.errorOutput.Cause %}"},
        "Assign": {"order": "{% $states.input.order %}"},
        "Next": "Tell",
    }
    tell = passing(Output="{% {'order': $order, 'why': $states.input.why} %}")
    execution = run(_query(Ask=_ask(Catch=[catch], Next="Tell"), Tell=tell), {"order": 7})
    _fail(simulator, execution, error="Wrong", cause="not this one")
    assert _output(simulator, execution) == {"order": 7, "why": "Wrong: not this one"}


def test_a_catcher_without_output_hands_on_error_and_cause_alone(
    simulator: Control, run: Run
) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]
    execution = run(_query(Ask=_ask(Catch=catch, Next="Tell"), Tell=passing()), {"order": 7})
    _fail(simulator, execution)
    assert _output(simulator, execution) == {"Error": None, "Cause": None}


def test_timeouts_are_numbers_that_expressions_give(simulator: Control, run: Run) -> None:
    ask = _ask(TimeoutSeconds="{% $states.input.order * 10 %}", HeartbeatSeconds="{% 5 %}")
    execution = run(_query(Ask=ask), {"order": 7})
    details = _details(simulator, execution, "TaskScheduled")
    assert (details["timeoutInSeconds"], details["heartbeatInSeconds"]) == (70, 5)
    simulator.advance(5)
    assert simulator.execution(execution)["error"] == "States.Timeout"


def test_the_context_says_which_attempt_it_is(simulator: Control, run: Run) -> None:
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1}]
    execution = run(
        _query(Ask=_ask(Retry=retry, Output="{% $states.context.State.RetryCount %}")), {"order": 7}
    )
    _fail(simulator, execution, error="Busy")
    simulator.advance(1)
    _succeed(simulator, execution, {})
    assert _output(simulator, execution) == 1


# --- variables ----------------------------------------------------------------------------------
def test_assign_sees_the_variables_as_they_were(simulator: Control, run: Run) -> None:
    first = passing(Assign={"n": 1}, Next="Swap")
    swap = passing(Assign={"n": "{% $n + 1 %}", "old": "{% $n %}"}, Output="{% $n %}", Next="Show")
    del first["End"], swap["End"]
    show = passing(Output="{% [$n, $old, $states.input] %}")
    execution = run(_query(First=first, Swap=swap, Show=show))
    assert _output(simulator, execution) == [2, 1, 1]


def test_a_branch_sees_outer_variables_and_keeps_its_own(simulator: Control, run: Run) -> None:
    inner = machine(Mine=passing(Assign={"x": "{% $x + 1 %}"}, Output="{% $x %}"))
    both = {"Type": "Parallel", "Branches": [inner, inner], "Next": "Show"}
    first = {"Type": "Pass", "Assign": {"x": 1}, "Next": "Both"}
    show = passing(Output="{% [$states.input, $x] %}")
    execution = run(_query(First=first, Both=both, Show=show))
    assert _output(simulator, execution) == [1, 1, 1]


def test_jsonpath_and_jsonata_share_their_variables(simulator: Control, run: Run) -> None:
    path = {"Type": "Pass", "Assign": {"x.$": "$.order"}, "Next": "Query"}
    query = {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Assign": {"y": "{% $x * 2 %}"},
        "Next": "Path",
    }
    back = passing(Parameters={"x.$": "$x", "y.$": "$y"})
    execution = run(machine(First=path, Query=query, Path=back), {"order": 7})
    assert _output(simulator, execution) == {"x": 7, "y": 14}


# --- the other states ---------------------------------------------------------------------------
@pytest.mark.parametrize(("order", "went"), [(3, "small"), (30, "large"), (300, "default")])
def test_a_choice_goes_by_its_first_true_condition(
    simulator: Control, run: Run, order: int, went: str
) -> None:
    def rule(limit: int, word: str) -> dict[str, Any]:
        condition = f"{{% $states.input.order < {limit} %}}"
        return {"Condition": condition, "Assign": {"went": word}, "Output": word, "Next": "Show"}

    choice = {
        "Type": "Choice",
        "Choices": [rule(10, "small"), rule(100, "large")],
        "Default": "Show",
        "Assign": {"went": "default"},
        "Output": "default",
    }
    show = passing(Output="{% [$went, $states.input] %}")
    execution = run(_query(Pick=choice, Show=show), {"order": order})
    assert _output(simulator, execution) == [went, went]


def test_a_map_makes_its_items_and_selects_what_each_sees(simulator: Control, run: Run) -> None:
    each = {
        "Type": "Map",
        "Items": "{% $states.input.orders[n > 1] %}",
        "ItemSelector": {
            "n": "{% $states.context.Map.Item.Value.n %}",
            "at": "{% $states.context.Map.Item.Index %}",
            "of": "{% $count($states.input.orders) %}",
        },
        "MaxConcurrency": "{% 1 %}",
        "ItemProcessor": machine(Show=passing()),
        "Output": "{% $states.result.(n * 10 + at) %}",
        "End": True,
    }
    orders = [{"n": n} for n in (1, 2, 3)]
    execution = run(_query(Each=each), {"orders": orders})
    assert _output(simulator, execution) == [20, 31]


def test_a_parallel_hands_its_arguments_to_each_branch(simulator: Control, run: Run) -> None:
    both = {
        "Type": "Parallel",
        "Arguments": {"n": "{% $states.input.order + 1 %}"},
        "Branches": [
            machine(Left=passing()),
            machine(Right=passing(Output="{% $states.input.n %}")),
        ],
        "Output": "{% {'all': $states.result} %}",
        "End": True,
    }
    execution = run(_query(Both=both), {"order": 7})
    assert _output(simulator, execution) == {"all": [{"n": 8}, 8]}


def test_a_fail_state_says_what_its_expressions_give(simulator: Control, run: Run) -> None:
    fail = {"Type": "Fail", "Error": "{% 'E' & $states.input.order %}", "Cause": "plain"}
    described = simulator.execution(run(_query(Stop=fail), {"order": 7}))
    assert (described["error"], described["cause"]) == ("E7", "plain")


@pytest.mark.parametrize(
    "field",
    [
        {"Seconds": "{% $states.input.order %}"},
        {"Timestamp": "{% $fromMillis($millis() + $states.input.order * 1000) %}"},
    ],
)
def test_a_wait_ends_when_its_expression_says(
    simulator: Control, run: Run, field: dict[str, str]
) -> None:
    wait = {"Type": "Wait", **field, "Output": "{% $states.input.order %}", "End": True}
    execution = run(_query(Wait=wait), {"order": 7})
    simulator.advance(6)
    assert simulator.execution(execution)["status"] == "RUNNING"
    simulator.advance(1)
    assert _output(simulator, execution) == 7


def test_a_succeed_state_has_an_output(simulator: Control, run: Run) -> None:
    execution = run(
        _query(Done={"Type": "Succeed", "Output": "{% $states.input.order %}"}), {"order": 7}
    )
    assert _output(simulator, execution) == 7


# --- distributed Map ----------------------------------------------------------------------------
def _spread(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, **body}
    after = {} if "Next" in fields else {"End": True}
    return {"Type": "Map", "ItemProcessor": processor, **after, **fields}


def test_the_children_of_a_distributed_map_speak_the_machines_language(
    simulator: Control, run: Run
) -> None:
    each = _spread(
        machine(Review=_ask()),
        Items="{% $states.input.orders %}",
        ItemSelector={"order": "{% $states.context.Map.Item.Value %}"},
    )
    execution = run(_query(Each=each), {"orders": [7]})
    (task,) = simulator.tokens()
    child = task["execution_arn"]
    assert _details(simulator, child, "ExecutionStarted")["input"] == '{"order":7}'
    kept = simulator.call("DescribeStateMachineForExecution", executionArn=child)
    assert json.loads(kept["definition"])["QueryLanguage"] == "JSONata"
    _succeed(simulator, child, "seen")
    assert _output(simulator, execution) == ["seen"]


def test_a_reader_and_a_writer_are_called_with_their_arguments(
    simulator: Control, run: Run
) -> None:
    simulator.put_object("bucket", "orders.json", "[7, 8, 9]")
    place = {"Bucket": "bucket", "Key": "{% $states.input.file & '.json' %}"}
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% $states.input.most %}"},
        "Arguments": place,
    }
    items = machine(Show=passing(Output="{% $states.input.Items %}"))
    writer = {"Arguments": {"Bucket": "{% $states.context.State.Name %}"}}
    batcher = {"MaxItemsPerBatch": "{% $states.input.most %}"}
    execution = run(
        _query(
            Read=_spread(items, ItemReader=reader, ItemBatcher=batcher, Next="Write"),
            Write=_spread(machine(Show=passing()), ResultWriter=writer),
        ),
        {"file": "orders", "most": 2},
    )
    details = _details(simulator, execution, "MapStateEntered")
    assert json.loads(details["input"]) == [[7, 8]]
    assert _output(simulator, execution)["ResultWriterDetails"]["Bucket"] == "Write"


# --- expressions that fail ----------------------------------------------------------------------
BAD = "{% $states.input.missing %}"


def test_an_undefined_argument_fails_before_anything_is_sent(simulator: Control, run: Run) -> None:
    execution = run(_query(Ask=_ask(Arguments={"a": [BAD]})), {})
    assert chain(simulator.history(execution))[1:] == [
        (2, 0, "TaskStateEntered"),
        (3, 0, "EvaluationFailed"),
        (4, 3, "ExecutionFailed"),
    ]
    details = _details(simulator, execution, "EvaluationFailed")
    assert (details["location"], details["state"]) == ("Arguments/a[0]", "Ask")
    assert simulator.execution(execution)["error"] == QUERY


def test_an_answer_that_output_cannot_use_fails_after_it(simulator: Control, run: Run) -> None:
    execution = run(_query(Ask=_ask(Output="{% $states.result.ok %}")), {"order": 7})
    _succeed(simulator, execution, {})
    assert chain(simulator.history(execution))[5:] == [
        (6, 5, "TaskSucceeded"),
        (7, 6, "EvaluationFailed"),
        (8, 7, "ExecutionFailed"),
    ]
    assert simulator.execution(execution)["cause"] == (
        "An error occurred while executing the state 'Ask' (entered at the event id #2)."
        " The JSONata expression '$states.result.ok' specified for the field 'Output'"
        " returned nothing (undefined)."
    )


@pytest.mark.parametrize("name", [QUERY, "States.ALL", "States.TaskFailed"])
def test_a_failed_expression_can_be_caught(simulator: Control, run: Run, name: str) -> None:
    catch = {"ErrorEquals": [name], "Output": "{% $states.errorOutput.Error %}", "Next": "Tell"}
    ask = _ask(Output=BAD, Catch=[catch], Next="Tell")
    execution = run(_query(Ask=ask, Tell=passing()), {"order": 7})
    _succeed(simulator, execution, {})
    assert _output(simulator, execution) == QUERY


def test_a_failed_expression_can_be_tried_again(simulator: Control, run: Run) -> None:
    retry = [{"ErrorEquals": [QUERY], "IntervalSeconds": 1, "MaxAttempts": 1}]
    execution = run(_query(Ask=_ask(Output="{% $states.result.ok %}", Retry=retry)), {"order": 7})
    _succeed(simulator, execution, {})
    simulator.advance(1)
    assert chain(simulator.history(execution))[6:8] == [
        (7, 6, "EvaluationFailed"),
        (8, 7, "TaskScheduled"),
    ]
    _succeed(simulator, execution, {"ok": "now"})
    assert _output(simulator, execution) == "now"


def test_a_catcher_whose_own_expression_fails_ends_the_execution(
    simulator: Control, run: Run
) -> None:
    catch = {"ErrorEquals": ["States.ALL"], "Output": {"v": BAD}, "Next": "Tell"}
    execution = run(_query(Ask=_ask(Catch=[catch], Next="Tell"), Tell=passing()), {"order": 7})
    _fail(simulator, execution, error="Wrong")
    assert types(simulator.history(execution))[-3:] == [
        "TaskFailed",
        "EvaluationFailed",
        "ExecutionFailed",
    ]
    assert _details(simulator, execution, "EvaluationFailed")["location"] == "Catch[0]/Output/v"
    assert simulator.execution(execution)["error"] == QUERY


def test_an_item_that_cannot_be_selected_fails_its_map(simulator: Control, run: Run) -> None:
    each = {
        "Type": "Map",
        "ItemSelector": {"n": "{% $states.context.Map.Item.Value.n %}"},
        "ItemProcessor": machine(Show=passing()),
        "End": True,
    }
    execution = run(_query(Each=each), [{"n": 1}, {}])
    found = types(simulator.history(execution))
    assert found[-4:] == [
        "EvaluationFailed",
        "MapIterationFailed",
        "MapStateFailed",
        "ExecutionFailed",
    ]
    details = _details(simulator, execution, "EvaluationFailed")
    assert (details["location"], details["state"]) == ("ItemSelector/n", "Each")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"Type": "Wait", "Seconds": "{% 'soon' %}", "End": True}, "Expected 'number'"),
        ({"Type": "Wait", "Seconds": "{% -1 %}", "End": True}, "must not be less than 0"),
        ({"Type": "Fail", "Error": "{% 5 %}"}, "Expected 'string', but was 'number' for value: 5"),
        (
            {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "A"}], "Default": "A"},
            "the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'bool",
        ),
        (_ask(TimeoutSeconds="{% 0 %}"), "the field 'TimeoutSeconds' must not be less than 1"),
    ],
)
def test_a_value_of_the_wrong_kind_fails_the_state(
    simulator: Control, run: Run, state: dict[str, Any], words: str
) -> None:
    described = simulator.execution(run(_query(A=state), {"order": 7}))
    assert described["error"] == QUERY
    assert words in described["cause"]


def test_where_no_condition_is_true_the_choice_fails(simulator: Control, run: Run) -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "A"}]}
    execution = run(_query(Pick=choice, A=passing()))
    assert simulator.execution(execution)["error"] == "States.NoChoiceMatched"


# --- what is refused ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"QueryLanguage": "jsonata", **machine(A=passing())}, "Value should be one of the follow"),
        (_query(A=passing(QueryLanguage="JSONPath")), "'QueryLanguage' can not be 'JSONPath' if"),
        (_query(A=waiting()), "field 'Parameters' is only supported for the 'JSONPath' QueryLang"),
        (machine(A=passing(Output={})), "field 'Output' is only supported for the 'JSONata' Quer"),
        (_query(A=passing(Output={"v": ["{% 1 + %}"]})), "INVALID_JSONATA_EXPRESSION: S0207"),
        (_query(A=passing(Output={"v": ["{% 1 + %}"]})), "at /States/A/Output/v[0]"),
        (_query(A=passing(Output="{% $match('', /(/) %}")), "INVALID_JSONATA_EXPRESSION"),
        (
            _query(A={"Type": "Choice", "Choices": [{"Next": "A"}], "Default": "A"}),
            "The field 'Condition' is required at /States/A/Choices[0]",
        ),
        (
            machine(A={"Type": "Parallel", "Branches": [_query(B=passing())], "End": True}),
            "Field 'QueryLanguage' is not supported at /States/A/Branches[0]",
        ),
    ],
)
def test_a_definition_in_the_wrong_language_is_refused(
    simulator: Control, definition: Any, words: str
) -> None:
    error = refusal(simulator.create, "workflow", definition)
    assert error.code == "InvalidDefinition"
    assert words in str(error)


def test_a_states_own_language_does_not_reach_inside_it(simulator: Control, run: Run) -> None:
    each = {
        "Type": "Map",
        "QueryLanguage": "JSONata",
        "Items": "{% [1, 2] %}",
        "ItemProcessor": machine(Show=passing(Parameters={"n.$": "$"})),
        "End": True,
    }
    assert _output(simulator, run(machine(Each=each))) == [{"n": 1}, {"n": 2}]
