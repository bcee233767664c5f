"""Tags of state machines: asked for only while a policy goes by them."""

from datetime import timedelta

import pytest

from callbacks.models import StateMachine
from callbacks.sync.machines import READ_TAGS_AGAIN_AFTER
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


def test_who_may_not_read_tags_is_told_and_the_rest_goes_on(world: World) -> None:
    arn = world.start()
    making.make_policy("Payments", tags={"team": "pay*"})
    world.simulator.fault("ListTagsForResource", "deny")
    world.sync()
    assert world.task(arn).policy.is_default
