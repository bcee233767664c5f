"""What belongs together: attempts and redrives are one request, a loop makes a new one."""

from __future__ import annotations

from callbacks.models import Request
from tests.sync.world import World, machine, task

RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}]


def test_a_retry_is_another_attempt_of_the_same_request(world: World) -> None:
    arn = world.start(machine(Wait=task(Retry=RETRY)))
    world.sync()
    first = world.token(arn)
    world.fail(arn)
    world.simulator.advance(2)

    world.sync()

    one, two = world.tasks(arn)
    assert (one.status, two.status, two.attempt) == ("answered", "waiting", 2)
    assert one.request_id == two.request_id
    assert world.token(arn) != first


def test_a_redrive_joins_the_request(world: World) -> None:
    arn = world.start(machine(Wait=task()))
    world.sync()
    world.fail(arn)
    world.sync()
    world.simulator.call("RedriveExecution", executionArn=arn)

    world.sync()

    one, two = world.tasks(arn)
    assert (one.redrive_count, two.redrive_count) == (0, 1)
    assert (one.status, two.status) == ("answered", "waiting")
    assert one.request_id == two.request_id
    assert world.execution(arn).status == "RUNNING"


def test_a_loop_that_enters_the_state_again_makes_a_new_request(world: World) -> None:
    loop = machine(Wait=task(Next="Again"), Again={"Type": "Pass", "Next": "Wait"})
    arn = world.start(loop)
    world.sync()
    world.succeed(arn, "{}")

    world.sync()

    assert [row.status for row in world.tasks(arn)] == ["answered", "waiting"]
    entries = Request.objects.filter(execution__arn=arn).order_by("entry_number")
    assert [entry.entry_number for entry in entries] == [1, 2]


def test_each_iteration_of_a_map_is_a_request_of_its_own(world: World) -> None:
    review = {
        "Type": "Map",
        "ItemsPath": "$.photos",
        "ItemProcessor": machine(Review=task()),
        "End": True,
    }
    arn = world.start(machine(Photos=review), {"photos": ["a", "b", "c"]})

    world.sync()

    rows = world.tasks(arn)
    assert sorted(row.iteration for row in rows) == ["Photos[0]", "Photos[1]", "Photos[2]"]
    assert len({row.request_id for row in rows}) == 3
    assert len({row.token_sha256 for row in rows}) == 3


def test_ids_are_the_same_in_a_mirror_that_was_rebuilt(world: World) -> None:
    arn = world.start()
    world.sync()
    before = (world.task(arn).pk, world.task(arn).request_id, world.execution(arn).pk)
    world.execution(arn).delete()

    world.sync()

    assert (world.task(arn).pk, world.task(arn).request_id, world.execution(arn).pk) == before
