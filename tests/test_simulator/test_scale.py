"""Many waiting executions in one process, each page of them cheap."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.simulator.control import Control, running_simulator
from tests.test_simulator.definitions import FOUNDING_CASE

MANY = 20_000


@pytest.fixture(scope="module")
def crowd() -> Iterator[tuple[Control, str]]:
    with running_simulator(frozen=True) as simulator:
        arn = simulator.create("spark", FOUNDING_CASE)
        simulator.start_many(arn, MANY, {"job": 1})
        yield simulator, arn


def test_all_of_them_wait_with_tokens_of_their_own(crowd: tuple[Control, str]) -> None:
    simulator, _ = crowd
    assert len({task["token_sha256"] for task in simulator.tokens()}) == MANY


def test_the_last_page_costs_no_more_than_the_first(crowd: tuple[Control, str]) -> None:
    simulator, arn = crowd
    given = {"stateMachineArn": arn, "statusFilter": "RUNNING", "maxResults": 1000}
    spent: list[float] = []
    seen: set[str] = set()
    token: dict[str, str] = {}
    while True:
        begun = time.perf_counter()
        answer = simulator.call("ListExecutions", **given, **token)
        spent.append(time.perf_counter() - begun)
        seen.update(row["name"] for row in answer["executions"])
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert len(seen) == MANY
    assert min(spent[-5:]) < 5 * max(spent[:5])


def test_one_of_many_is_answered_without_touching_the_rest(crowd: tuple[Control, str]) -> None:
    simulator, _ = crowd
    task = simulator.tokens()[MANY // 2]
    output = '{"Payload": {"message": "succeeded"}}'
    simulator.call("SendTaskSuccess", taskToken=task["token"], output=output)
    assert simulator.execution(task["execution_arn"])["status"] == "SUCCEEDED"
    assert len(simulator.tokens()) == MANY - 1


def test_without_a_timeout_no_timer_is_kept(crowd: tuple[Control, str]) -> None:
    simulator, _ = crowd
    begun = time.perf_counter()
    simulator.advance(10 * 365 * 86_400)
    assert time.perf_counter() - begun < 1
