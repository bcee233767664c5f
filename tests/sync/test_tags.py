"""Tags of state machines: asked for only while a policy goes by them."""

from datetime import timedelta

import pytest

from callbacks.models import StateMachine
from callbacks.sync.machines import ASK_FOR_TAGS_AGAIN_AFTER, READ_TAGS_AGAIN_AFTER
from callbacks.sync.rematching import rematch
from tests import making
from tests.sync.world import World

pytestmark = pytest.mark.django_db


def tag(world: World, arn: str, **tags: str) -> None:
    machine = StateMachine.objects.get(executions__arn=arn)
    listed = [{"key": key, "value": value} for key, value in tags.items()]
    world.simulator.call("TagResource", resourceArn=machine.arn, tags=listed)


def test_nobody_asks_for_tags_that_no_policy_looks_at(world: World) -> None:
    world.start()
    world.sync()
    assert world.simulator.calls("ListTagsForResource") == []


def test_a_policy_that_goes_by_tags_covers_what_has_them(world: World) -> None:
    arn = world.start()
    world.sync()
    tag(world, arn, team="payments")
    policy = making.make_policy("Payments", tags={"team": "pay*"})
    world.sync()
    rematch(now=world.now)
    assert world.task(arn).policy == policy


def test_tags_are_read_again_after_a_while_only(world: World) -> None:
    world.start()
    making.make_policy("Payments", tags={"team": "pay*"})
    for _ in range(3):
        world.sync()
    assert len(world.simulator.calls("ListTagsForResource")) == 1
    world.simulator.advance((READ_TAGS_AGAIN_AFTER + timedelta(seconds=1)).total_seconds())
    world.sync()
    assert len(world.simulator.calls("ListTagsForResource")) == 2


def test_while_tags_cannot_be_read_the_stricter_rule_covers_what_it_may_be_meant_for(
    world: World,
) -> None:
    """Nobody answers under a weaker rule because AWS did not tell."""
    arn = world.start()
    world.sync()
    other = making.make_policy("Payments", state_machine="refunds", tags={"team": "pay*"})
    policy = making.make_policy("Orders", tags={"team": "pay*"}, position=2)
    world.simulator.fault("ListTagsForResource", "deny", times=None)
    figures = world.sync()
    rematch(now=world.now)
    assert world.task(arn).policy == policy != other
    assert figures.error == "denied"
    assert "ListTagsForResource" in world.health.error_message


def test_once_they_can_be_read_they_decide(world: World) -> None:
    arn = world.start()
    making.make_policy("Payments", tags={"team": "pay*"})
    world.simulator.fault("ListTagsForResource", "deny")
    world.sync()
    assert not world.task(arn).policy.is_default
    world.simulator.advance(ASK_FOR_TAGS_AGAIN_AFTER.total_seconds() + 1)
    world.sync()
    rematch(now=world.now)
    assert world.task(arn).policy.is_default


def test_tags_that_were_read_before_hold_on_while_they_cannot_be(world: World) -> None:
    arn = world.start()
    making.make_policy("Payments", tags={"team": "pay*"})
    world.sync()
    world.simulator.fault("ListTagsForResource", "deny", times=None)
    world.simulator.advance(READ_TAGS_AGAIN_AFTER.total_seconds() + 1)
    world.sync()
    rematch(now=world.now)
    assert world.task(arn).policy.is_default
