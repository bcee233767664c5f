"""State machines that a key of one's own encrypts: what is missing is said, and hides no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callbacks.models import CallCount, StateMachine
from callbacks.queries.rights import known_keys
from callbacks.stepfunctions.rights import KEY_DENIED
from tests.sync.world import FOUNDING_CASE, World

pytestmark = pytest.mark.django_db

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DENIED = f"AWS denied kms:Decrypt on {KEY}, which encrypts the state machine."


@pytest.fixture
def secret(world: World) -> str:
    """An encrypted state machine beside one that is not."""
    encryption = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": KEY}
    return world.simulator.create("secret", FOUNDING_CASE, encryptionConfiguration=encryption)


def machine_of(arn: str) -> StateMachine:
    return StateMachine.objects.get(arn=arn)


def later(world: World, seconds: float = 121) -> None:
    world.simulator.advance(seconds)
    world.sync()


def test_a_key_that_may_be_used_is_no_matter_and_known(world: World, secret: str) -> None:
    arn = world.simulator.start(secret, {})
    world.sync()
    assert world.task(arn).is_waiting
    assert known_keys(connection=world.connection) == (KEY,)


def test_the_missing_right_is_named_with_the_key_and_hides_no_other(
    world: World, secret: str
) -> None:
    world.simulator.key(KEY, "denied")
    denied, open_to_us = world.simulator.start(secret, {}), world.start(name="open")
    figures = world.sync()
    assert world.task(open_to_us).is_waiting
    # AWS's words name neither action nor key; a description without its data does.
    assert machine_of(secret).problem == DENIED
    assert world.execution(denied).problem == DENIED
    assert (figures.error, world.health.error_message) == ("denied", DENIED)
    assert world.health.failing_since is None


def test_its_executions_are_listed_all_the_same(world: World, secret: str) -> None:
    world.simulator.key(KEY, "denied")
    world.sync()
    arn = world.simulator.start(secret, {})
    world.simulator.advance(10)
    world.sync()
    assert world.execution(arn).problem == DENIED
    assert machine_of(secret).problem == DENIED


def test_once_the_right_is_given_everything_is_read(
    world: World, secret: str, settings: Any
) -> None:
    settings.QUARANTINE_SECONDS = 60
    world.simulator.key(KEY, "denied")
    arn = world.simulator.start(secret, {})
    world.sync()
    world.simulator.key(KEY, "usable")
    later(world)
    assert world.task(arn).is_waiting
    assert (machine_of(secret).problem, world.execution(arn).problem) == ("", "")


def test_a_wait_that_is_over_is_taken_off_although_nothing_can_be_read(
    world: World, secret: str
) -> None:
    """A list shows that the run has ended, and a description without its data says how."""
    arn = world.simulator.start(secret, {})
    world.sync()
    world.simulator.key(KEY, "denied")
    world.succeed(arn)
    later(world)
    assert (world.task(arn).status, world.task(arn).closed_kind) == ("closed", "not_read")
    assert world.execution(arn).status == "SUCCEEDED"
    assert world.execution(arn).problem == DENIED


def test_what_is_in_no_list_any_more_is_described_without_its_data(
    world: World, secret: str
) -> None:
    arn = world.simulator.start(secret, {})
    world.sync()
    world.simulator.key(KEY, "denied")
    world.succeed(arn)
    execution = world.execution(arn)
    execution.left_at = world.now
    execution.save()
    world.simulator.fault("ListExecutions", "throttle", times=None)
    world.simulator.advance(10)
    world.sync()
    assert world.execution(arn).status == "SUCCEEDED"
    assert world.task(arn).status == "closed"


def test_a_key_that_is_switched_off_is_no_denial(world: World, secret: str) -> None:
    world.simulator.key(KEY, "disabled")
    arn = world.simulator.start(secret, {})
    world.sync()
    sentence = f"Nobody can use the key now (DISABLED): {KEY}, which encrypts the state machine."
    assert world.execution(arn).problem == sentence
    assert sum(CallCount.objects.values_list("denials", flat=True)) == 0


def test_a_busy_key_is_neither_a_denial_nor_a_quota_that_is_used_up(
    world: World, secret: str
) -> None:
    world.sync()
    world.simulator.key(KEY, "busy")
    slow, others = world.simulator.start(secret, {}), [world.start(name=f"n{n}") for n in range(3)]
    world.simulator.advance(10)
    figures = world.sync()
    assert all(world.task(arn).is_waiting for arn in others)
    assert figures.throttles == 0
    assert world.health.throttled_at is None
    rows = CallCount.objects.values_list("throttles", "denials")
    assert {*rows} == {(0, 0)}
    execution = world.execution(slow)
    assert execution.problem == f"KMS is slow with {KEY}, which encrypts the state machine."
    assert execution.read_next_at is not None
    assert execution.read_next_at - world.now <= timedelta(seconds=30)


def test_a_busy_key_is_tried_again_soon(world: World, secret: str) -> None:
    world.simulator.key(KEY, "busy")
    arn = world.simulator.start(secret, {})
    world.sync()
    world.simulator.key(KEY, "usable")
    later(world, seconds=61)
    assert world.task(arn).is_waiting


def test_which_key_it_is_is_asked_once(world: World, secret: str) -> None:
    world.simulator.key(KEY, "denied")
    world.sync()
    for _ in range(3):
        later(world)
    asked = [
        call
        for call in world.simulator.calls("DescribeStateMachine")
        if call["params"].get("includedData") == "METADATA_ONLY"
    ]
    assert len(asked) == 1


def test_a_key_that_aws_does_not_tell_is_still_named_as_what_is_missing(
    world: World, secret: str
) -> None:
    arn = world.simulator.start(secret, {})
    code = "KmsAccessDeniedException"
    for operation in ("DescribeStateMachine", "GetExecutionHistory"):
        world.simulator.fault(operation, "refuse", code=code, times=None)
    world.sync()
    assert machine_of(secret).problem == f"{KEY_DENIED}Decrypt on the key of the state machine."
    assert world.connection.executions.filter(arn=arn).exists()
