"""State machines as typed objects, whatever else their text holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callbacks.asl.definition import DefinitionError, can_wait, map_labelled, parse_definition
from tests.asl.histories import LAMBDA, callback, machine


def _map(state: dict[str, Any], **config: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": config, "StartAt": "Inside", "States": {"Inside": state}}
    return {"Type": "Map", "ItemProcessor": processor, "End": True}


def test_a_state_has_its_numbers_and_paths() -> None:
    definition = machine(
        {"Ask": callback(TimeoutSeconds=60, HeartbeatSecondsPath="$.beat", ResultPath=None)},
        TimeoutSeconds=3600,
    )

    state = definition.state("Ask")

    assert state is not None
    assert definition.timeout_seconds == 3600
    assert (state.timeout_seconds, state.heartbeat_seconds) == (60, None)
    assert state.heartbeat_reference == "$.beat"
    assert (state.input_path, state.result_path) == ("$", None)


def test_retry_has_awss_defaults() -> None:
    definition = machine({"Ask": callback(Retry=[{"ErrorEquals": ["States.ALL"]}])})

    (rule,) = definition.states["Ask"].retry

    assert (rule.interval_seconds, rule.max_attempts, rule.backoff_rate) == (1, 3, 2.0)


def test_catch_keeps_a_null_result_path_apart_from_none() -> None:
    rules = [
        {"ErrorEquals": ["A"], "Next": "X", "ResultPath": None},
        {"ErrorEquals": ["B"], "Next": "X"},
    ]

    first, second = machine({"Ask": callback(Catch=rules)}).states["Ask"].catch

    assert (first.result_path, second.result_path) == (None, "$")


def test_nested_states_are_found_by_name_with_what_is_around_them() -> None:
    both = {
        "Type": "Parallel",
        "End": True,
        "Branches": [
            {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "End": True}}},
            {"StartAt": "Photos", "States": {"Photos": _map(callback())}},
        ],
    }

    definition = machine({"Both": both})

    assert [state.name for state in definition.containers("Inside")] == ["Both", "Photos"]
    assert definition.states["Photos"].branch == 1


def test_the_older_name_of_a_processor_is_read() -> None:
    inside = {"StartAt": "Inside", "States": {"Inside": callback()}}
    definition = machine({"Photos": {"Type": "Map", "Iterator": inside, "End": True}})

    assert definition.state("Inside") is not None


def test_a_states_own_query_language_counts_before_the_machines() -> None:
    definition = machine(
        {"A": callback(QueryLanguage="JSONata", Next="B"), "B": callback()},
    )

    assert [definition.states[name].query_language for name in "AB"] == ["JSONata", "JSONPath"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (callback(), True),
        (callback(resource=LAMBDA.replace("aws", "aws-cn", 1)), True),
        (callback({}, "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken"), True),
        ({"Type": "Task", "Resource": "arn:aws:states:eu-west-1:1:activity:a", "End": True}, True),
        (callback(resource="arn:aws:states:::ecs:runTask.sync"), True),
        (callback({"a.$": "$"}, "arn:aws:states:::ecs:runTask.sync"), False),
        (callback(resource="arn:aws:states:::lambda:invoke"), False),
        (_map(callback(), Mode="DISTRIBUTED", ExecutionType="STANDARD"), True),
        (_map({"Type": "Pass", "End": True}, Mode="DISTRIBUTED"), False),
        ({"Type": "Pass", "End": True}, False),
    ],
)
def test_which_machines_can_wait(state: dict[str, Any], expected: bool) -> None:
    assert can_wait(machine({"Ask": state})) is expected


def test_unknown_fields_are_kept() -> None:
    definition = machine({"Ask": callback(Novelty={"x": 1})})

    assert definition.states["Ask"].raw["Novelty"] == {"x": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "of the machine has no States"),
        ('{"States": {"A": 1}}', "'A' has no Type"),
        ('{"States": {"A": {"Type": "Map", "Iterator": {"x": 1}}}}', "of 'A' has no States"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_state_machine_is_named(text: str, reason: str) -> None:
    with pytest.raises(DefinitionError, match=reason):
        parse_definition(text)


def test_two_states_of_one_name_are_refused() -> None:
    with pytest.raises(DefinitionError, match="two states have the name 'Inside'"):
        machine({"Photos": _map(callback()), "Inside": callback()})


def test_many_levels_of_maps_are_read() -> None:
    state = callback()
    for level in range(150):
        inside = {"StartAt": f"S{level}", "States": {f"S{level}": state}}
        state = {"Type": "Map", "Iterator": inside, "End": True}

    definition = machine({"Top": state})

    assert len(definition.containers("S0")) == 150


def test_odd_values_of_known_fields_do_not_raise() -> None:
    odd = callback(
        TimeoutSeconds="x", HeartbeatSeconds=True, Retry={"a": 1}, Catch=[1, {"Next": 2}], Next=3
    )
    odd["Retry"] = [{"ErrorEquals": "x", "MaxAttempts": float("inf"), "IntervalSeconds": "1"}]

    state = parse_definition(json.dumps({"StartAt": 1, "States": {"Ask": odd}})).states["Ask"]

    assert (state.timeout_seconds, state.heartbeat_seconds, state.next) == (None, None, None)
    assert state.retry[0].max_attempts == 3


@pytest.mark.parametrize(
    ("labels", "asked", "name"),
    [
        ({"A": "each", "B": "other"}, "each", "A"),
        ({"A": "each", "B": None}, "each", "A"),
        # AWS made that label, so it is of the one that names none.
        ({"A": "each", "B": None}, "0a1b2c", "B"),
        ({"A": None, "B": None}, "0a1b2c", ""),
        ({"A": "each"}, "0a1b2c", ""),
    ],
)
def test_a_map_is_found_by_the_label_of_its_runs(
    labels: dict[str, str | None], asked: str, name: str
) -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    states = {
        state: {
            "Type": "Map",
            "ItemProcessor": {
                "ProcessorConfig": config,
                "StartAt": f"In{state}",
                "States": {f"In{state}": callback()},
            },
            **({"Label": label} if label else {}),
            "End": True,
        }
        for state, label in labels.items()
    }
    assert map_labelled(machine(states), asked) == name


def test_a_map_in_the_children_of_another_has_no_runs_of_its_own_machine() -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}

    def spread(**states: Any) -> dict[str, Any]:
        body = {"ProcessorConfig": config, "StartAt": next(iter(states)), "States": states}
        return {"Type": "Map", "ItemProcessor": body, "End": True}

    assert map_labelled(machine({"Each": spread(Inner=spread(Ask=callback()))}), "0a1b") == "Each"
