"""Simulators for the tests: one whose clock stands still, so that nothing depends on the wall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.simulator.control import Control, ControlError, running_simulator

START = 1_790_000_000.0


@pytest.fixture(scope="session")
def _shared() -> Iterator[Control]:
    with running_simulator(frozen=True, start=START, seed="tests") as control:
        yield control


@pytest.fixture
def simulator(_shared: Control) -> Control:
    """A simulator that has just started and whose time is moved by hand."""
    _shared.reset()
    return _shared


@pytest.fixture(scope="session")
def _client(_shared: Control) -> Any:
    return boto3.client(
        "stepfunctions",
        endpoint_url=_shared.url,
        region_name="eu-west-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2),
    )


@pytest.fixture
def client(simulator: Control, _client: Any) -> Any:
    """A boto3 client that sends each call once."""
    return _client


@pytest.fixture
def run(simulator: Control) -> Callable[..., str]:
    """Create the machine and start one execution; returns its ARN."""

    def start(definition: Any, input: Any = None) -> str:  # noqa: A002 - AWS's word
        return simulator.start(simulator.create("workflow", definition), input)

    return start


def chain(events: list[Any]) -> list[tuple[int, int, str]]:
    """A history as (id, previous id, type)."""
    return [(event["id"], event["previousEventId"], event["type"]) for event in events]


def types(events: list[Any]) -> list[str]:
    return [event["type"] for event in events]


def refusal(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> ControlError:
    """The error that the call ends with."""
    with pytest.raises(ControlError) as caught:
        call(*arguments, **keywords)
    return caught.value
