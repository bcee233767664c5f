"""A run that another one started is mirrored with the name of that one."""

from __future__ import annotations

import json
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection as database

from callbacks.asl.nesting import STARTED_BY
from callbacks.models import Execution
from tests.sync.world import World, machine, task


def test_the_child_knows_the_run_that_started_it_without_a_call_more(world: World) -> None:
    parent = world.start(machine(Start=task()), name="orders")
    child = world.start(input={"order": 7, STARTED_BY: parent}, name="payments")
    other = world.start(input={"order": 8}, name="payouts")

    world.sync()

    assert world.execution(child).started_by == parent
    assert world.execution(other).started_by == ""
    assert world.simulator.calls("DescribeExecution") == []


def test_an_input_that_names_no_execution_is_mirrored_like_any_other(world: World) -> None:
    arn = world.start(input={STARTED_BY: "whoever"})

    world.sync()

    assert world.execution(arn).started_by == ""
    assert world.task(arn).status == "waiting"


@pytest.mark.parametrize("batch", [1, 250])
def test_runs_that_were_mirrored_before_are_told_by_their_inputs(
    world: World, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    parent = world.start(machine(Start=task()), name="orders")
    children = [
        world.start(input=json.dumps({STARTED_BY: parent}), name=name)
        for name in ("payments", "payouts")
    ]
    world.sync()
    Execution.objects.update(started_by="")

    migration = import_module("callbacks.migrations.0087_started_by_filled")
    monkeypatch.setattr(migration, "BATCH", batch)
    migration.fill(apps, SimpleNamespace(connection=database))

    assert [world.execution(child).started_by for child in children] == [parent, parent]
    assert world.execution(parent).started_by == ""
