"""Versions keep what they were; aliases lead to them; executions say by what they were started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Control, SimulatorProcess
from tests.test_simulator.conftest import refusal
from tests.test_simulator.definitions import machine, passing, waiting

FIRST, SECOND = machine(Ask=waiting()), machine(Ask=waiting(), Never=passing())


@pytest.fixture
def orders(simulator: Control) -> str:
    return simulator.create("orders", FIRST)


def described(simulator: Control, arn: str) -> Any:
    return simulator.call("DescribeStateMachine", stateMachineArn=arn)


def test_a_version_keeps_its_definition(simulator: Control, orders: str) -> None:
    first = simulator.publish(orders)
    assert first == f"{orders}:1"
    simulator.update(orders, SECOND)
    assert described(simulator, first)["stateMachineArn"] == first
    assert json.loads(described(simulator, first)["definition"]) == FIRST
    assert json.loads(described(simulator, orders)["definition"]) == SECOND


def test_the_same_revision_is_the_same_version(simulator: Control, orders: str) -> None:
    assert simulator.publish(orders) == simulator.publish(orders)
    simulator.update(orders, SECOND)
    assert simulator.publish(orders) == f"{orders}:2"


def test_an_execution_runs_on_its_version_and_says_so(simulator: Control, orders: str) -> None:
    first = simulator.publish(orders)
    simulator.update(orders, SECOND)
    arn = simulator.start(first)
    found = simulator.execution(arn)
    assert (found["stateMachineArn"], found["stateMachineVersionArn"]) == (orders, first)
    assert "stateMachineAliasArn" not in found
    own = simulator.call("DescribeStateMachineForExecution", executionArn=arn)
    assert json.loads(own["definition"]) == FIRST


def test_an_execution_by_an_alias_says_both(simulator: Control, orders: str) -> None:
    alias = simulator.alias("PROD", simulator.publish(orders))
    found = simulator.execution(simulator.start(alias))
    assert found["stateMachineAliasArn"] == f"{orders}:PROD"
    assert found["stateMachineVersionArn"] == f"{orders}:1"


def test_a_list_of_the_machine_has_all_and_one_of_a_version_its_own(
    simulator: Control, orders: str
) -> None:
    first = simulator.publish(orders)
    alias = simulator.alias("PROD", first)
    plain, by_version, by_alias = (simulator.start(arn) for arn in (orders, first, alias))

    def listed(arn: str) -> list[str]:
        rows = simulator.call("ListExecutions", stateMachineArn=arn)["executions"]
        return [row["executionArn"] for row in rows]

    assert listed(orders) == [by_alias, by_version, plain]
    assert listed(first) == [by_alias, by_version]
    assert listed(alias) == [by_alias]
    rows = simulator.call("ListExecutions", stateMachineArn=orders)["executions"]
    assert [row.get("stateMachineVersionArn") for row in rows] == [first, first, None]


def test_an_alias_leads_to_two_versions(simulator: Control, orders: str) -> None:
    first = simulator.publish(orders)
    simulator.update(orders, SECOND)
    alias = simulator.alias("PROD", first, simulator.publish(orders))
    started = [simulator.execution(simulator.start(alias)) for _ in range(40)]
    assert {one["stateMachineVersionArn"] for one in started} == {f"{orders}:1", f"{orders}:2"}


def test_a_deleted_version_is_gone_and_its_executions_go_on(
    simulator: Control, orders: str
) -> None:
    first = simulator.publish(orders)
    arn = simulator.start(first)
    simulator.call("DeleteStateMachineVersion", stateMachineVersionArn=first)
    assert refusal(described, simulator, first).code == "StateMachineDoesNotExist"
    assert refusal(simulator.start, first).code == "StateMachineDoesNotExist"
    assert simulator.execution(arn)["status"] == "RUNNING"
    assert simulator.publish(orders) == f"{orders}:2"


def test_a_version_that_an_alias_leads_to_stays(simulator: Control, orders: str) -> None:
    first = simulator.publish(orders)
    simulator.alias("PROD", first)
    refused = refusal(simulator.call, "DeleteStateMachineVersion", stateMachineVersionArn=first)
    assert refused.code == "ConflictException"


def test_a_restart_knows_versions_and_aliases(tmp_path: Path) -> None:
    process = SimulatorProcess(journal=tmp_path / "journal", frozen=True)
    with process as simulator:
        orders = simulator.create("orders", FIRST)
        first = simulator.publish(orders)
        simulator.update(orders, SECOND)
        alias = simulator.alias("PROD", first, simulator.publish(orders))
        before = [simulator.execution(simulator.start(alias)) for _ in range(9)]
        process.kill()
        again = process.start()
        assert [again.execution(one["executionArn"]) for one in before] == before
        assert json.loads(described(again, first)["definition"]) == FIRST
