"""A history of more than a page is read from its end, whatever becomes of it."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from callbacks.asl.skeleton import events_of
from callbacks.models import CallbackTask, HistorySkeleton
from callbacks.sync.opened import read_execution
from callbacks.sync.skeletons import recall
from tests.sync.world import World, machine, task

HISTORY = "GetExecutionHistory"
PAYLOADS = {"input", "output", "parameters", "error", "cause", "assignedVariables"}
# Counts to three hundred, asks, and begins again with what was answered.
LOOP = machine(
    Count={"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
    Enough={
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericLessThan": 300, "Next": "Count"}],
        "Default": "Ask",
    },
    Ask=task(Next="Count"),
)


@pytest.fixture
def long(world: World) -> str:
    """An execution with more than a thousand events, at its first question."""
    arn = world.start(LOOP, {"n": 0})
    world.sync()
    assert world.execution(arn).last_event_id > 1000
    return arn


def answer(world: World, arn: str, count_from: int) -> None:
    world.succeed(arn, json.dumps({"n": count_from}))


def test_growth_costs_one_call(world: World, long: str) -> None:
    for _ in range(3):
        answer(world, long, 298)
        figures = world.sync()
        assert figures.api_calls[HISTORY] == 1
        assert figures.tasks_opened == 1

    rows = world.tasks(long)
    assert [row.status for row in rows] == ["answered"] * 3 + ["waiting"]
    assert [json.loads(row.input) for row in rows] == [{"n": 300}] * 4
    assert [json.loads(row.closed_output) for row in rows[:3]] == [{"n": 298}] * 3
    assert json.loads(rows[-1].context)["Execution"]["Input"] == {"n": 0}


def test_growth_by_more_than_a_page_costs_as_many_calls_as_it_has_pages(
    world: World, long: str
) -> None:
    answer(world, long, 0)

    # The thousand and more that are new, in two pages; it was read whole in as many.
    assert world.sync().api_calls[HISTORY] == 2
    assert len(world.tasks(long)) == 2


def test_reading_one_now_costs_one_call(world: World, long: str) -> None:
    answer(world, long, 298)
    before = world.simulator.counts()[HISTORY]

    read_execution(execution=world.execution(long), now=world.now)

    assert world.simulator.counts()[HISTORY] == before + 1
    assert world.tasks(long)[-1].is_waiting


def test_no_token_and_no_payload_of_what_is_over_is_kept(world: World, long: str) -> None:
    tokens = [world.token(long)]
    answer(world, long, 298)
    world.sync()
    tokens.append(world.token(long))

    execution = world.execution(long)
    found = recall(execution_id=execution.pk, last_event_id=execution.last_event_id)
    assert found is not None
    assert not any(token.encode() in zlib.decompress(found.packed) for token in tokens)
    payloads = {
        (event["id"], name, value)
        for event in events_of(found)
        for details in event.values()
        if isinstance(details, dict)
        for name, value in details.items()
        if name in PAYLOADS
    }
    entered = world.tasks(long)[-1].scheduled_event_id - 1
    assert payloads == {(1, "input", '{"n": 0}'), (entered, "input", world.tasks(long)[-1].input)}
    assert not any(token.encode() in bytes(execution.skeleton.ciphertext) for token in tokens)


@pytest.mark.parametrize("how", ["answer", "stop"])
def test_its_end_costs_one_call_and_leaves_nothing(world: World, long: str, how: str) -> None:
    if how == "stop":
        world.simulator.call("StopExecution", executionArn=long)
    else:
        world.fail(long)

    figures = world.sync()

    assert figures.api_calls[HISTORY] == 1
    assert world.execution(long).status in {"ABORTED", "FAILED"}
    assert world.task(long).closed_kind == ("stopped" if how == "stop" else "failed")
    assert not HistorySkeleton.objects.exists()


def test_a_redriven_one_is_read_whole_once_and_then_read_on(world: World, long: str) -> None:
    world.fail(long)
    world.sync()
    world.simulator.call("RedriveExecution", executionArn=long)
    # One from its end says that there is more, two are the whole.
    assert world.sync().api_calls[HISTORY] == 3

    answer(world, long, 298)
    assert world.sync().api_calls[HISTORY] == 1

    rows = world.tasks(long)
    assert [(row.redrive_count, row.status) for row in rows] == [
        (0, "answered"),
        (1, "answered"),
        (1, "waiting"),
    ]
    assert json.loads(rows[1].input) == {"n": 300}


def test_one_that_was_redriven_between_two_readings_is_read_on(world: World, long: str) -> None:
    world.fail(long)
    world.simulator.call("RedriveExecution", executionArn=long)

    assert world.sync().api_calls[HISTORY] == 1

    first, second = world.tasks(long)
    assert (first.status, second.status, second.redrive_count) == ("answered", "waiting", 1)
    assert json.loads(second.input) == {"n": 300}


def test_a_full_pass_reads_the_whole_again(world: World, long: str) -> None:
    assert world.sync(full=True).api_calls[HISTORY] == 2


def test_reading_on_costs_few_queries_however_much_is_known(world: World, long: str) -> None:
    costs: list[int] = []
    for _ in range(2):
        answer(world, long, 298)
        with CaptureQueriesContext(database) as captured:
            world.sync()
        costs.append(len(captured))
    assert costs[1] <= costs[0]


def test_all_of_its_tasks_keep_their_own_tokens(world: World, long: str) -> None:
    answer(world, long, 298)
    world.sync()
    answer(world, long, 298)
    world.sync()

    hashes: list[Any] = list(CallbackTask.objects.values_list("token_sha256", flat=True))
    assert len(set(hashes)) == len(hashes) == 3
    assert all(hashes)
    # The newest can be answered from here.
    assert world.simulator.tokens(long)[0]["token_sha256"] in hashes
