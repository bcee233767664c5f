"""The last events of a run, read for a page: one call, newest first, and no payload with them."""

from __future__ import annotations

import pytest
from django.utils import timezone

from callbacks.models import CallBudget, CallCount
from callbacks.stepfunctions import NotFound, Throttled
from callbacks.sync.live import latest_events
from tests import making
from tests.sync.world import World


def test_the_newest_events_come_first_with_the_state_they_happened_in(world: World) -> None:
    arn = world.start()
    world.sync()
    events = latest_events(execution=world.execution(arn), now=world.now)
    assert [(one.id, one.type, one.state) for one in events] == [
        (5, "TaskSubmitted", "Approve"),
        (4, "TaskStarted", "Approve"),
        (3, "TaskScheduled", "Approve"),
        (2, "TaskStateEntered", "Approve"),
        (1, "ExecutionStarted", ""),
    ]


def test_a_reading_costs_one_call_and_is_counted(world: World) -> None:
    arn = world.start()
    world.sync()
    before = history_calls(world)
    latest_events(execution=world.execution(arn), now=world.now)
    assert history_calls(world) == before + 1


def test_where_our_share_is_used_aws_is_not_asked(world: World) -> None:
    arn = world.start()
    world.sync()
    CallBudget.objects.filter(operation="GetExecutionHistory").update(level=0, at=world.now)
    before = history_calls(world)
    with pytest.raises(Throttled):
        latest_events(execution=world.execution(arn), now=world.now)
    assert history_calls(world) == before


def test_a_run_that_aws_has_forgotten_is_said_to_be_so(world: World) -> None:
    machine = making.make_machine(world.connection)
    with pytest.raises(NotFound):
        latest_events(execution=making.make_execution(machine), now=timezone.now())


def history_calls(world: World) -> int:
    rows = CallCount.objects.filter(operation="GetExecutionHistory")
    return sum(rows.values_list("calls", flat=True))
