"""What began and ended between two passes is mirrored too, where there are calls to spare."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.models import Execution, Role
from callbacks.queries.history import End, HistoryFilter, list_history
from callbacks.queries.sight import sight_of
from callbacks.stepfunctions import ExecutionSummary
from callbacks.sync.ends import LAG, LONGEST_UNSEEN, PAGE_SIZE, ended_since, reaches_back
from tests import making
from tests.sync.world import FOUNDING_CASE, World, machine, task

LISTS = "ListExecutions"
QUIET = machine(Done={"Type": "Pass", "End": True})


@pytest.fixture
def orders(world: World) -> str:
    """A machine that the mirror knows, and of which nothing runs; its ARN."""
    arn = world.simulator.create("orders", FOUNDING_CASE)
    world.sync()
    # Beyond what a look has to look back.
    world.simulator.advance(2 * LAG.total_seconds())
    world.sync()
    return arn


def came_and_went(world: World, machine_arn: str, name: str | None = None) -> str:
    arn = world.simulator.start(machine_arn, {"order": "A-1"}, name=name)
    world.succeed(arn, '{"Payload": {"ok": true}}')
    return arn


def lists(world: World) -> int:
    return world.sync().api_calls.get(LISTS, 0)


def test_a_run_that_came_and_went_between_two_passes_is_in_the_history(
    world: World, orders: str
) -> None:
    came_and_went(world, orders, name="quick")

    figures = world.sync()

    auditor = making.make_person("auditor", Role.AUDITOR)
    page = list_history(sight=sight_of(user=auditor), filters=HistoryFilter(), cursor=None)
    (entry,) = page.entries
    assert isinstance(entry, End)
    assert (entry.state, entry.status, entry.closed_kind) == ("Approve", "answered", "succeeded")
    assert (figures.tasks_opened, figures.tasks_closed, figures.machines_behind) == (1, 1, 0)


def test_its_history_is_read_once(world: World, orders: str) -> None:
    came_and_went(world, orders)
    assert world.sync().histories_read == 1

    assert [world.sync().histories_read for _ in range(3)] == [0, 0, 0]


def test_where_nothing_is_new_one_more_call_a_machine_is_made(world: World, orders: str) -> None:
    for _ in range(3):
        came_and_went(world, orders)
    world.sync()

    assert [lists(world) for _ in range(3)] == [2, 2, 2]


def test_a_machine_in_which_nobody_waits_costs_none(world: World) -> None:
    quiet = world.simulator.create("quiet", QUIET)
    world.sync()
    world.simulator.start(quiet, {})

    assert (lists(world), Execution.objects.count()) == (0, 0)


def test_what_ended_before_the_connection_was_there_is_not_dug_up(world: World) -> None:
    orders = world.simulator.create("orders", FOUNDING_CASE)
    came_and_went(world, orders)
    world.simulator.advance(2 * LAG.total_seconds())

    assert lists(world) == 1
    world.sync()

    assert Execution.objects.count() == 0


def test_a_machine_that_is_made_and_used_between_two_passes_is_looked_at_too(
    world: World, orders: str
) -> None:
    refunds = world.simulator.create("refunds", FOUNDING_CASE)
    arn = came_and_went(world, refunds)

    world.sync()

    assert world.task(arn).status == "answered"


def test_what_ended_while_no_worker_ran_is_found_by_and_by(world: World, orders: str) -> None:
    for _ in range(PAGE_SIZE + 20):
        came_and_went(world, orders)
    world.simulator.advance(3 * 86_400)

    first = world.sync()
    second = world.sync()

    assert (first.histories_read, first.machines_behind) == (PAGE_SIZE, 1)
    assert (second.histories_read, second.machines_behind) == (20, 0)
    assert lists(world) == 2


def test_a_page_that_is_too_old_to_go_on_at_is_begun_again(world: World, orders: str) -> None:
    for _ in range(PAGE_SIZE + 5):
        came_and_went(world, orders)
    world.sync()
    world.simulator.advance(2 * 86_400)

    figures = [world.sync() for _ in range(2)]

    assert [one.error for one in figures] == ["", ""]
    assert Execution.objects.count() == PAGE_SIZE + 5
    assert figures[-1].machines_behind == 0


def test_what_the_budget_does_not_read_is_said_and_read_later(
    world: World, orders: str, settings: Any, instant: None
) -> None:
    settings.SYNC_QUOTA_SHARE = 0.05  # 20 histories at once, then one a second
    for _ in range(30):
        came_and_went(world, orders)

    first = world.sync()
    world.simulator.advance(60)
    second = world.sync()

    assert (first.histories_read, first.machines_behind) == (20, 1)
    assert (second.histories_read, second.machines_behind) == (10, 0)


def test_a_pass_that_is_cut_short_forgets_nothing_that_it_found(
    world: World, orders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = came_and_went(world, orders)
    world.simulator.fault("GetExecutionHistory", "throttle", times=None)
    world.sync()
    world.simulator.clear_faults()
    world.simulator.advance(2 * LAG.total_seconds())

    world.sync()

    assert world.task(arn).status == "answered"


def test_the_next_list_of_what_runs_comes_before_a_look_for_what_has_ended(
    world: World, orders: str, settings: Any
) -> None:
    settings.SYNC_QUOTA_SHARE = 0.01  # one list at once
    arn = came_and_went(world, orders)
    world.simulator.advance(100)

    figures = world.sync()

    assert (figures.api_calls[LISTS], figures.machines_behind) == (1, 1)
    assert not Execution.objects.filter(arn=arn).exists()


def test_where_lists_take_all_calls_one_machine_has_its_turn_after_a_while(
    world: World, orders: str, settings: Any
) -> None:
    settings.SYNC_QUOTA_SHARE = 0.01
    arn = came_and_went(world, orders)
    world.simulator.advance(LONGEST_UNSEEN.total_seconds() + 1)

    world.sync()

    assert world.task(arn).status == "answered"


def test_a_run_that_was_redriven_and_ended_again_is_read_again(world: World, orders: str) -> None:
    arn = world.simulator.start(orders, {})
    world.fail(arn)
    world.sync()
    assert world.execution(arn).status == "FAILED"
    world.simulator.advance(2 * LAG.total_seconds())
    world.simulator.call("RedriveExecution", executionArn=arn)
    world.succeed(arn)

    world.sync()

    assert [row.status for row in world.tasks(arn)] == ["answered", "answered"]
    assert world.execution(arn).status == "SUCCEEDED"


def test_one_in_which_nobody_waited_keeps_no_payload(world: World) -> None:
    choice = machine(
        Ask={
            "Type": "Choice",
            "Choices": [{"Variable": "$.big", "BooleanEquals": True, "Next": "Wait"}],
            "Default": "Fine",
        },
        Wait=task(),
        Fine={"Type": "Pass", "End": True},
    )
    arn = world.simulator.create("orders", choice)
    world.sync()
    small = world.simulator.start(arn, {"big": False, "text": "x" * 1000})

    world.sync()
    again = world.sync()

    row = world.execution(small)
    assert (row.status, row.input, row.output) == ("SUCCEEDED", "", "")
    assert again.histories_read == 0


def test_a_crowd_that_came_and_went_keeps_no_answer_to_what_runs_out(
    world: World, orders: str, settings: Any
) -> None:
    running = world.start(machine(One=task(Next="Two"), Two=task()), name="two-steps")
    world.sync()
    world.succeed(running, "{}")
    for _ in range(40):
        came_and_went(world, orders)
    settings.SYNC_QUOTA_SHARE = 0.07  # 28 histories

    figures = world.sync()

    assert [row.status for row in world.tasks(running)] == ["answered", "waiting"]
    assert figures.tasks_closed > 15


# --- the pure part --------------------------------------------------------------------------------

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def line(name: str, began: int, ended: int | None = None) -> ExecutionSummary:
    """A line of a list; minutes before or after noon."""
    return ExecutionSummary(
        arn=name,
        name=name,
        state_machine_arn="m",
        status="RUNNING" if ended is None else "SUCCEEDED",
        started_at=NOON + timedelta(minutes=began),
        stopped_at=None if ended is None else NOON + timedelta(minutes=ended),
    )


QUICK = line("quick", 1, 2)
LONG = line("long", -90, 3)
WAITS = line("waits", -60)
OLD = line("old", -50, -40)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param([LONG, QUICK, OLD, WAITS], id="by their end, as AWS does"),
        pytest.param([QUICK, OLD, WAITS, LONG], id="by their start, as emulators do"),
    ],
)
def test_in_either_order_of_a_list_what_began_and_ended_since_is_found(
    page: list[ExecutionSummary],
) -> None:
    until = next(n for n in range(1, 5) if reaches_back(page[:n], since=NOON))

    assert QUICK in ended_since(page[:until], since=NOON)
    assert OLD not in ended_since(page, since=NOON)
    assert WAITS not in ended_since(page, since=NOON)


def test_a_list_that_does_not_reach_back_is_gone_on_with() -> None:
    assert not reaches_back([LONG, QUICK, line("runs", 5)], since=NOON)
