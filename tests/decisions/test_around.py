"""That what is said of a failed item is what then happens."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.decisions.around import Around
from callbacks.models import CallbackTask, ExecutionStatus
from tests import making
from tests.sync.conftest import connection, one_simulator, simulator, world  # noqa: F401
from tests.sync.test_distributed_map import PHOTOS, children, pass_by, spread, waiting
from tests.sync.world import World, task

CATCH = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Told"}]
RETRY = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]


def spread_with(**fields: Any) -> dict[str, Any]:
    definition = spread(**fields)
    definition["States"]["Told"] = task()
    return definition


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "FAILED"),
        ({"Retry": RETRY}, "FAILED"),
        ({"Catch": CATCH}, "RUNNING"),
        ({"ToleratedFailureCount": 1}, "RUNNING"),
        ({"ToleratedFailurePercentage": 100}, "RUNNING"),
        ({"ToleratedFailureCount": 1, "ToleratedFailurePercentage": 0}, "FAILED"),
        ({"ToleratedFailurePercentage": 33}, "FAILED"),
    ],
)
def test_what_one_failed_item_does(
    people: Any,
    world: World,  # noqa: F811
    fields: dict[str, Any],
    status: str,
) -> None:
    parent = world.start(spread_with(**fields), PHOTOS)
    world.sync()
    first, *others = children(world, parent)
    (fate,) = Around(world.task(first), people.operator).fates
    assert (fate.map, fate.others) == ("Each", 2)

    world.simulator.call("SendTaskFailure", taskToken=world.token(first), error="No", cause="No.")
    pass_by(world)

    assert world.execution(parent).status == status
    if fate.is_sealed:
        assert waiting().isdisjoint(others)
        assert (fate.then.outcome == "caught") == (status == ExecutionStatus.RUNNING)
    elif status == ExecutionStatus.RUNNING:
        assert waiting() >= set(others)


def test_failed_items_are_counted_against_what_is_left(people: Any, world: World) -> None:  # noqa: F811
    parent = world.start(spread_with(ToleratedFailureCount=1), PHOTOS)
    world.sync()
    first, second, third = children(world, parent)
    world.simulator.call("SendTaskFailure", taskToken=world.token(first), error="No", cause="No.")
    pass_by(world)

    (fate,) = Around(world.task(second), people.operator).fates
    assert (fate.failed, fate.others, fate.is_sealed) == (1, 1, True)

    world.simulator.call("SendTaskFailure", taskToken=world.token(second), error="No", cause="No.")
    pass_by(world)
    assert world.execution(parent).status == "FAILED"
    assert not CallbackTask.objects.waiting().filter(execution__arn=third).exists()


def test_a_run_that_is_no_item_asks_nothing(people: Any, django_assert_num_queries: Any) -> None:
    row = CallbackTask.objects.select_related("execution__state_machine").get(
        pk=making.make_task().pk
    )
    with django_assert_num_queries(0):
        assert Around(row, people.operator).fates == ()
