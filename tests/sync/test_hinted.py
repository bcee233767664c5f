"""A hint says what to look up next; it is never believed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from callbacks.models import CallCount, Connection, Execution, Hint
from callbacks.stepfunctions import Access
from callbacks.stepfunctions.clients import queue_client_for
from callbacks.sync.hinted import MOST_OF_ONE, TOO_OLD, note_hints
from callbacks.sync.lines import LAG
from tests.moto_server import running_moto
from tests.sync.world import FOUNDING_CASE, World, machine, task

QUIET = machine(Done={"Type": "Pass", "End": True})
FOREIGN = "arn:aws:states:us-east-1:123456789012:execution:orders:run-1"


@pytest.fixture
def hardly(settings: Any, instant: None) -> None:
    """A budget that is used up but for a few calls: lists have their turn every few minutes."""
    settings.SYNC_QUOTA_SHARE = 0.01


def hint(world: World, *arns: str) -> None:
    note_hints(connection=world.connection, arns=arns, now=world.now)


def lists(world: World) -> int:
    rows = CallCount.objects.filter(operation="ListExecutions")
    return sum(rows.values_list("calls", flat=True))


@pytest.fixture
def orders(world: World, hardly: None) -> str:
    """The founding case's machine, mirrored, after its lists have just been read."""
    arn = world.simulator.create("orders", FOUNDING_CASE)
    world.sync()
    world.simulator.advance(2 * LAG.total_seconds())
    for _ in range(3):
        world.sync()
    return arn


def test_one_that_has_just_begun_is_shown_without_a_list(world: World, orders: str) -> None:
    arn = world.simulator.start(orders, {})
    before = lists(world)
    hint(world, arn)

    world.sync()

    assert world.task(arn).is_waiting
    assert lists(world) == before
    assert not Hint.objects.exists()


def test_one_that_was_answered_elsewhere_goes_without_a_list(world: World, orders: str) -> None:
    arn = world.simulator.start(orders, {})
    hint(world, arn)
    world.sync()
    world.succeed(arn)
    world.simulator.advance(1)
    before = lists(world)
    hint(world, arn)

    world.sync()

    assert world.task(arn).status == "answered"
    assert lists(world) == before


def test_what_aws_does_not_know_leaves_no_trace(world: World, orders: str) -> None:
    hint(world, orders.replace(":stateMachine:", ":execution:") + ":never")
    assert Hint.objects.count() == 1

    figures = world.sync()

    assert (figures.error, Hint.objects.count(), Execution.objects.count()) == ("", 0, 0)


def test_where_nobody_waits_a_hint_costs_no_call(world: World) -> None:
    quiet = world.simulator.create("quiet", QUIET)
    world.sync()
    arn = world.simulator.start(quiet, {})

    hint(world, arn, FOREIGN)

    assert not Hint.objects.exists()


@pytest.fixture
def changed(world: World, hardly: None) -> tuple[str, str]:
    """A machine in which nobody waits any more, but in its version 1: the ARNs of both."""
    arn = world.simulator.create("changed", FOUNDING_CASE)
    version = world.simulator.publish(arn)
    world.simulator.update(arn, QUIET)
    world.sync()
    return arn, version


def test_who_waits_in_a_version_of_other_times_is_shown_by_a_hint(
    world: World, changed: tuple[str, str]
) -> None:
    arn = world.simulator.start(changed[1], {})
    before = lists(world)
    hint(world, arn)

    world.sync()

    assert world.task(arn).is_waiting
    assert lists(world) <= before + 1


def test_hints_of_what_runs_on_todays_definition_cost_few_calls(
    world: World, changed: tuple[str, str], settings: Any
) -> None:
    settings.SYNC_QUOTA_SHARE = 0.5
    orders = world.simulator.create("orders", FOUNDING_CASE)
    world.simulator.advance(61)
    world.sync()
    crowd = [world.simulator.start(changed[0], {}) for _ in range(3 * MOST_OF_ONE)]
    waiting = world.simulator.start(orders, {})
    hint(world, *crowd)
    hint(world, *crowd, waiting)
    assert Hint.objects.order_by("is_doubtful", "at", "pk")[0].execution_arn == waiting

    figures = world.sync()

    assert figures.api_calls["DescribeExecution"] == MOST_OF_ONE + 1
    assert not Hint.objects.exists()
    assert {row.arn for row in Execution.objects.all()} == {waiting}


def test_a_false_hint_of_a_waiting_one_closes_nothing(world: World) -> None:
    arn = world.start(machine(Wait=task()))
    world.sync()
    hint(world, arn)

    world.sync()

    assert world.task(arn).is_waiting


def test_without_the_right_to_describe_the_lists_still_show_it(world: World) -> None:
    orders = world.simulator.create("orders", FOUNDING_CASE)
    world.sync()
    arn = world.simulator.start(orders, {})
    hint(world, arn)
    world.simulator.fault("DescribeExecution", "deny", times=None)

    world.sync()

    assert world.task(arn).is_waiting
    assert not Hint.objects.exists()


# --- a real queue ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto() as url:
        yield url


@pytest.fixture
def queue(moto: str, world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An SQS queue at moto; the connection's executions stay in the simulator."""
    client = boto3.client(
        "sqs",
        endpoint_url=moto,
        region_name="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    url = client.create_queue(QueueName=f"hints-{uuid.uuid4().hex}")["QueueUrl"]
    at_moto = Access(region="eu-west-1", endpoint_url=moto)
    monkeypatch.setattr(
        "callbacks.stepfunctions.hint_queue.queue_client_for",
        lambda access: queue_client_for(access=at_moto),
    )
    Connection.objects.update(hint_queue_url=url)
    world.connection.refresh_from_db()
    return Queue(client, url)


class Queue:
    def __init__(self, client: Any, url: str) -> None:
        self.client, self.url = client, url

    def send(self, *bodies: Any) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=json.dumps(body))

    def __len__(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(map(int, found["Attributes"].values()))


def test_events_of_a_queue_are_read_deleted_and_looked_up(world: World, queue: Queue) -> None:
    orders = world.simulator.create("orders", FOUNDING_CASE)
    world.sync()
    arns = [world.simulator.start(orders, {}) for _ in range(13)]
    queue.send(*({"detail": {"executionArn": arn, "input": "{}"}} for arn in arns), "nonsense")

    figures = world.sync()

    assert len(queue) == 0
    assert figures.api_calls["ReceiveMessage"] == 3
    assert {world.task(arn).status for arn in arns} == {"waiting"}


def test_a_queue_that_is_not_there_hinders_nothing_and_is_said(world: World, queue: Queue) -> None:
    queue.client.delete_queue(QueueUrl=queue.url)
    arn = world.start()

    figures = world.sync()

    assert world.task(arn).is_waiting
    assert figures.error == "refused"
    assert "ReceiveMessage" in world.health.error_message
    assert world.health.failing_since is None


def test_a_false_hint_does_not_make_a_waiting_one_be_polled(world: World, settings: Any) -> None:
    arn = world.start(machine(Wait=task(TimeoutSeconds=3600)))
    world.sync()
    deadline = world.execution(arn).read_next_at
    settings.SYNC_QUOTA_SHARE = 0.002  # nothing is left for reading again what waits
    world.simulator.advance(30)
    settings.SYNC_QUOTA_SHARE = 0.5
    hint(world, arn)

    world.sync()

    assert world.execution(arn).read_next_at == deadline


def test_a_redrive_that_a_hint_tells_of_is_shown_without_a_list(world: World, orders: str) -> None:
    arn = world.simulator.start(orders, {})
    hint(world, arn)
    world.sync()
    world.fail(arn)
    hint(world, arn)
    world.simulator.advance(2)
    world.sync()
    assert world.execution(arn).status == "FAILED"
    world.simulator.advance(120)
    world.simulator.call("RedriveExecution", executionArn=arn)
    hint(world, arn)

    world.sync()

    assert [row.status for row in world.tasks(arn)] == ["answered", "waiting"]


def test_what_a_list_has_shown_meanwhile_is_not_described(world: World) -> None:
    orders = world.simulator.create("orders", FOUNDING_CASE)
    world.sync()
    arns = [world.simulator.start(orders, {}) for _ in range(3)]
    world.sync()
    for arn in arns:
        Hint.objects.create(connection=world.connection, execution_arn=arn, at=world.now)

    figures = world.sync()

    assert "DescribeExecution" not in figures.api_calls
    assert not Hint.objects.exists()


def test_hints_that_nobody_had_calls_for_do_not_pile_up(world: World) -> None:
    world.sync()
    hint(world, "arn:aws:states:eu-west-1:123456789012:execution:unknown:run")
    world.simulator.fault("DescribeExecution", "throttle", times=None)
    world.sync()
    assert Hint.objects.count() == 1
    world.simulator.advance(TOO_OLD.total_seconds() + 1)

    world.sync()

    assert not Hint.objects.exists()


def test_one_that_cannot_be_described_keeps_no_other_back(world: World) -> None:
    orders = world.simulator.create("orders", FOUNDING_CASE)
    world.sync()
    bad, good = (world.simulator.start(orders, {}) for _ in range(2))
    world.simulator.fault("DescribeExecution", "error", execution=bad, times=None)
    hint(world, bad, good)

    world.sync()

    assert world.task(good).is_waiting
    assert not Hint.objects.exists()
