"""Samples on an emulator: made once, started under names of their own, and never in AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from callbacks.demo.connection import ensure_connection
from callbacks.demo.seed import seed
from callbacks.models import Connection
from callbacks.stepfunctions.emulator import Emulator, NotAnEmulator
from tests import making
from tests.simulator.control import Control, running_simulator

NOW = datetime(2026, 11, 24, 13, 27, tzinfo=UTC)


@pytest.fixture
def simulator() -> Iterator[Control]:
    with running_simulator() as running:
        yield running


def seed_at(simulator: Control, now: datetime = NOW, *, only_new: bool = False) -> tuple[str, ...]:
    return seed(endpoint_url=simulator.url, region="eu-west-1", now=now, only_new=only_new)


def test_each_sample_waits_and_the_photo_review_three_times(simulator: Control) -> None:
    assert len(seed_at(simulator)) == 5
    assert sorted(task["state"] for task in simulator.tokens()) == [
        "ApproveRefund",
        "CheckIdentity",
        "ReviewOrder",
        "ReviewPhoto",
        "ReviewPhoto",
        "ReviewPhoto",
        "RunSparkJob",
    ]


def test_what_ever_ran_is_left_alone(simulator: Control) -> None:
    seed_at(simulator)
    assert seed_at(simulator, NOW + timedelta(hours=1), only_new=True) == ()


def test_seeding_again_on_purpose_starts_executions_of_other_names(simulator: Control) -> None:
    first = seed_at(simulator)
    second = seed_at(simulator, NOW + timedelta(seconds=1))
    assert len({*first, *second}) == 10


def test_each_photo_is_shown_with_its_own_listing(simulator: Control) -> None:
    (arn,) = [arn for arn in seed_at(simulator) if "content-moderation" in arn]
    sent = [
        json.loads(event["taskScheduledEventDetails"]["parameters"])["Payload"]["item"]
        for event in simulator.history(arn)
        if event["type"] == "TaskScheduled"
    ]
    assert [item["listing"] for item in sent] == ["55190", "55204", "55207"]


def test_an_approved_sample_succeeds(simulator: Control) -> None:
    (arn,) = [arn for arn in seed_at(simulator) if "order-release" in arn]
    (task,) = simulator.tokens(arn)
    simulator.call("SendTaskSuccess", taskToken=task["token"], output='{"amount": 2480}')
    assert simulator.execution(arn)["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "address",
    [
        "https://states.eu-west-1.amazonaws.com",
        "https://STATES.eu-west-1.AmazonAWS.com./",
        "https://states.cn-north-1.amazonaws.com.cn",
        "https://vpce-0a1b.states.eu-west-1.vpce.amazonaws.com",
        "https://states.eu-west-1.api.aws",
        "",
    ],
)
def test_an_address_of_aws_is_refused(address: str) -> None:
    with pytest.raises(NotAnEmulator):
        Emulator(endpoint_url=address, region="eu-west-1")


def test_the_command_prints_what_it_started(simulator: Control) -> None:
    printed = StringIO()
    call_command("seed_demo", endpoint_url=simulator.url, stdout=printed)
    assert printed.getvalue().count("Started arn:aws:states:eu-west-1:123456789012:execution:") == 5


def test_the_command_says_that_aws_is_no_emulator() -> None:
    with pytest.raises(CommandError, match="on an emulator only"):
        call_command("seed_demo", endpoint_url="https://states.eu-west-1.amazonaws.com")


@pytest.mark.django_db
def test_the_demo_adds_its_connection_once(simulator: Control) -> None:
    seed_at(simulator)
    for _ in range(2):
        ensure_connection(region="eu-west-1", endpoint_url=simulator.url, now=NOW)
    connection = Connection.objects.get()
    assert (connection.name, connection.account) == ("demo", "123456789012")


@pytest.mark.django_db
def test_another_step_functions_is_another_connection(simulator: Control) -> None:
    making.make_connection("demo")
    ensure_connection(region="eu-west-1", endpoint_url=simulator.url, now=NOW)
    assert Connection.objects.filter(name=f"demo at {simulator.url}").exists()
