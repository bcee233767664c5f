"""A look finds what began or ended since the last one, with one call where little has happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest

from callbacks.models import Execution, Lease, Role, StateMachine
from callbacks.queries.history import End, HistoryFilter, list_history
from callbacks.queries.sight import sight_of
from callbacks.sync.asking import Asking
from callbacks.sync.lines import LAG
from callbacks.sync.schedule import LONGEST_UNSEEN
from tests import making
from tests.sync.killing import Killed
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


@pytest.mark.parametrize("where", ["DescribeStateMachine", "ListExecutions"])
def test_what_happened_in_it_before_a_pass_that_was_killed_is_found(
    world: World, orders: str, where: str
) -> None:
    arn = world.simulator.create("fresh", machine(Wait=task()))
    run = came_and_went(world, arn)
    world.simulator.advance(2 * LAG.total_seconds())
    with killed_at_call(where), pytest.raises(Killed):
        world.sync()
    Lease.objects.all().delete()

    world.sync()

    assert world.task(run).closed_kind == "succeeded"


@contextmanager
def killed_at_call(operation: str) -> Iterator[None]:
    """The worker dies before its first call of this operation, and its pass ends nothing."""
    admit = Asking.admit

    def dying(self: Asking, asked: str) -> None:
        if asked == operation:
            raise Killed
        admit(self, asked)

    with (
        mock.patch.object(Asking, "admit", dying),
        mock.patch("callbacks.sync.passes._Pass._finish"),
    ):
        yield


def test_what_ended_while_no_worker_ran_is_found(world: World, orders: str) -> None:
    for _ in range(120):
        came_and_went(world, orders)
    world.simulator.advance(3 * 86_400)

    figures = world.sync()

    assert (figures.histories_read, figures.machines_behind) == (120, 0)
    assert Execution.objects.count() == 120


def test_a_look_that_does_not_fit_goes_on_in_the_next_pass(
    world: World, orders: str, settings: Any, instant: None
) -> None:
    settings.SYNC_QUOTA_SHARE = 0.01  # two lists at once, then one in twenty seconds
    for _ in range(250):
        came_and_went(world, orders)
    world.simulator.advance(3600)

    figures = []
    for _ in range(8):
        figures.append(world.sync())
        world.simulator.advance(20)

    assert figures[0].machines_behind == 1
    assert figures[-1].machines_behind == 0
    assert Execution.objects.count() == 250


def test_a_page_that_is_too_old_to_go_on_at_is_begun_again(
    world: World, orders: str, settings: Any, instant: None
) -> None:
    settings.SYNC_QUOTA_SHARE = 0.01
    for _ in range(250):
        came_and_went(world, orders)
    world.simulator.advance(3600)
    world.sync()
    assert StateMachine.objects.get(arn=orders).look_token
    world.simulator.advance(2 * 86_400)
    settings.SYNC_QUOTA_SHARE = 0.5

    figures = world.sync()

    assert figures.error == ""
    assert Execution.objects.count() == 250


def test_what_the_budget_does_not_read_stays_in_the_queue(
    world: World, orders: str, settings: Any, instant: None
) -> None:
    settings.SYNC_QUOTA_SHARE = 0.05  # 20 histories at once, then one a second
    for _ in range(30):
        came_and_went(world, orders)
    world.simulator.advance(600)

    first = world.sync()
    known = world.health.read_ok_at
    world.simulator.advance(60)
    second = world.sync()

    assert (first.histories_read, second.histories_read) == (20, 10)
    assert known is not None
    assert world.health.read_ok_at > known


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


def test_what_a_look_shows_to_be_over_waits_no_more_before_its_history_is_read(
    world: World, settings: Any
) -> None:
    arn = world.start()
    world.sync()
    world.succeed(arn)
    world.simulator.fault("GetExecutionHistory", "throttle", times=None)

    figures = world.sync()

    task_row = world.task(arn)
    assert (task_row.status, task_row.closed_kind) == ("closed", "not_read")
    assert figures.tasks_closed == 1
    world.simulator.clear_faults()
    world.simulator.advance(30)
    world.sync()
    assert (world.task(arn).status, world.task(arn).closed_kind) == ("answered", "succeeded")


def test_a_quiet_machine_has_its_turn_however_many_there_are(
    world: World, settings: Any, instant: None
) -> None:
    arns = [world.simulator.create(f"orders-{number}", FOUNDING_CASE) for number in range(12)]
    world.sync()
    settings.SYNC_QUOTA_SHARE = 0.05  # a list in four seconds
    world.simulator.advance(2 * LAG.total_seconds())
    ran = came_and_went(world, arns[7])

    world.simulator.advance(LONGEST_UNSEEN.total_seconds())
    for _ in range(2):  # ten lists in the first, and the others
        world.sync()
        world.simulator.advance(8)

    assert world.task(ran).status == "answered"


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
    world.simulator.advance(30)

    figures = world.sync()

    assert [row.status for row in world.tasks(running)] == ["answered", "waiting"]
    assert figures.tasks_closed > 15
