"""An account that hangs holds one worker, however many answers want to know something of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callbacks.models import Execution, Lease
from callbacks.stepfunctions import StepFunctionsError, Unanswered
from callbacks.sync import asking, read_execution, silence
from callbacks.sync.silence import REST
from tests.sync.world import World

HISTORY = "GetExecutionHistory"


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "HASTE_SECONDS", 0.5)
    monkeypatch.setattr(silence, "LONG_SECONDS", 0.3)


@pytest.fixture
def execution(world: World) -> Execution:
    arn = world.start()
    world.sync()
    return world.execution(arn)


def ask(world: World, execution: Execution, *, later: timedelta = timedelta()) -> str:
    """Read it; "" or the code of what came instead."""
    try:
        read_execution(execution=execution, now=world.now + later)
    except StepFunctionsError as exc:
        return exc.code
    return ""


def asked(world: World) -> int:
    return len(world.simulator.calls(HISTORY))


def hang(world: World) -> None:
    world.simulator.fault(HISTORY, kind="delay", seconds=3, times=100)


def test_one_attempt_is_made_and_not_for_long(world: World, execution: Execution) -> None:
    before = asked(world)
    hang(world)

    assert ask(world, execution) == "ReadTimeoutError"
    assert asked(world) == before + 1


def test_nobody_else_waits_for_an_account_that_gave_no_answer(
    world: World, execution: Execution
) -> None:
    hang(world)
    ask(world, execution)
    before = asked(world)

    assert [ask(world, execution) for _ in range(5)] == ["Silent"] * 5
    assert asked(world) == before


def test_one_tries_again_after_a_while_and_an_answer_ends_it(
    world: World, execution: Execution
) -> None:
    hang(world)
    ask(world, execution)
    assert ask(world, execution, later=REST * 2) == "ReadTimeoutError"
    world.simulator.clear_faults()
    assert ask(world, execution, later=REST * 2) == "Silent"
    assert ask(world, execution, later=REST * 4) == ""
    assert ask(world, execution) == ""


def test_while_one_tries_again_the_others_do_not(world: World, execution: Execution) -> None:
    name = f"silent:{world.connection.pk}"
    Lease.objects.create(name=name, holder="x", until=world.now - timedelta(seconds=1))
    options = {"connection": world.connection, "operation": HISTORY, "now": world.now}

    with (
        pytest.raises(Unanswered),
        silence.unless_silent(**options),
        silence.unless_silent(**options),
    ):
        raise AssertionError("two ask")


@pytest.mark.parametrize("kind", ["error", "cut", "deny", "throttle"])
def test_what_fails_at_once_keeps_nobody_from_asking(
    world: World, execution: Execution, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(silence, "LONG_SECONDS", 30.0)
    world.simulator.fault(HISTORY, kind=kind, times=1)

    assert ask(world, execution) != ""
    assert ask(world, execution) == ""


def test_another_account_is_asked_as_ever(world: World, execution: Execution) -> None:
    Lease.objects.create(name="silent:another", holder="x", until=world.now + REST)

    assert ask(world, execution) == ""
