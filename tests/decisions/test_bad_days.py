"""Days on which lists cannot be trusted or had: nothing is closed by it, and answers go out."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.models import CallbackTask, DecisionStatus, Execution, StateMachine
from tests.decisions.conftest import Desk
from tests.faults.balance import take_balance
from tests.sync.world import machine, task

LISTS = "ListExecutions"


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass takes no time, so that no call comes back to its budget meanwhile."""
    monkeypatch.setattr("callbacks.sync.asking.monotonic", lambda: 0.0)


@pytest.mark.faults("F38")
def test_another_tool_eats_the_quota_of_lists(desk: Desk, settings: Any) -> None:
    """For ten minutes each list is throttled."""
    settings.SYNC_QUOTA_SHARE = 0.5
    world = desk.world
    known = world.health.read_ok_at
    world.simulator.quotas(enabled=True, ListExecutions=(0, 0))

    for _ in range(20):
        world.simulator.advance(30)
        world.sync()

    assert CallbackTask.objects.waiting().count() == 1
    assert world.health.read_ok_at == known
    assert world.health.throttled_at is not None
    # Our share is lowered, so that the other tool is hardly bothered.
    assert len(world.simulator.calls(LISTS)) <= 22
    decision = desk.settle(desk.deliver(desk.decide()))
    assert decision.status == DecisionStatus.CONFIRMED
    take_balance(desk.sends())


def a_machine_of_several_pages(desk: Desk, settings: Any) -> str:
    """Two thousand and more run; the sweep has come half way. Its ARN."""
    world = desk.world
    arn = world.simulator.create("crowd", machine(Wait=task()))
    world.simulator.start_many(arn, 2_100)
    world.simulator.advance(600)
    # Two lists at once, and four histories: all but these stay unread.
    settings.SYNC_QUOTA_SHARE = 0.01
    for _ in range(4):
        world.simulator.advance(40)
        world.sync()
        if StateMachine.objects.filter(arn=arn).exclude(sweep_token="").exists():
            return arn
    raise AssertionError("no sweep stopped half way")


def all_are_there(arn: str) -> bool:
    rows = Execution.objects.filter(state_machine__arn=arn)
    return rows.count() == 2_100 and not rows.exclude(status="RUNNING", left_at=None).exists()


@pytest.mark.faults("F39")
def test_a_page_token_that_ends_half_way_through_closes_nothing(
    desk: Desk, settings: Any, instant: None
) -> None:
    """The list is begun again."""
    arn = a_machine_of_several_pages(desk, settings)
    desk.simulator.expire_pages()
    settings.SYNC_QUOTA_SHARE = 0.1
    desk.simulator.advance(60)

    figures = desk.world.sync()

    assert figures.error == ""
    assert all_are_there(arn)
    take_balance(desk.sends())


@pytest.mark.faults("F40")
def test_a_page_that_comes_twice_closes_nothing(desk: Desk, settings: Any, instant: None) -> None:
    arn = a_machine_of_several_pages(desk, settings)
    settings.SYNC_QUOTA_SHARE = 0.1
    for kind in ("double_page", "omit_key", "cut_body"):
        desk.simulator.fault(LISTS, kind, times=2)
        desk.simulator.advance(60)
        desk.world.sync()
        desk.simulator.clear_faults()

    for _ in range(3):
        desk.simulator.advance(60)
        desk.world.sync()

    assert all_are_there(arn)
    take_balance(desk.sends())
