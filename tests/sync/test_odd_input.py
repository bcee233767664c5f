"""Names, payloads and histories that nobody would make, and AWS delivers all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DataError

from callbacks.sync import apply, reading
from tests.sync.world import World, machine, task

ODD_NAMES = (
    "a/b#c?d%e",
    "\u05e9\u05dc\u05d5\u05dd",
    "\U0001f9fe review",
    "x" * 80,
    'It\'s "quoted" & <b>',
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_of_a_state_is_mirrored_as_it_is(world: World, name: str) -> None:
    arn = world.start({"StartAt": name, "States": {name: task()}})

    world.sync()

    assert (world.task(arn).state, world.task(arn).headline) == (name, f"orders: {name}")


def test_an_input_nested_as_deep_as_any_parser_goes_is_kept_as_text(world: World) -> None:
    deep = '{"a":' * 150 + "1" + "}" * 150
    arn = world.start(machine(Wait=task()), deep)

    world.sync()

    assert json.loads(world.task(arn).input) == json.loads(deep)


def test_a_number_of_thousands_of_digits_is_kept_to_the_last(world: World) -> None:
    digits = "9" * 4000
    arn = world.start(machine(Wait=task()), f'{{"n": {digits}}}')

    world.sync()

    assert digits in world.task(arn).input


def test_a_payload_of_markup_and_of_200_kilobytes_is_kept(world: World) -> None:
    given = {"html": "<script>alert(1)</script>\u202e", "long": "x" * 200_000}
    arn = world.start(machine(Wait=task()), given)

    world.sync()

    assert json.loads(world.task(arn).input) == given


@pytest.mark.parametrize("error", [KeyError("secret"), OverflowError(), RecursionError()])
def test_a_history_that_nobody_foresaw_stops_no_other_and_is_not_quoted(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    bad = world.start(name="bad")
    good = world.start(machine(Wait=task()), name="good")
    fold = reading.read_history

    def poisoned(*, events: Any, definition: Any) -> Any:
        if "Approve" in definition.states:
            raise error
        return fold(events=events, definition=definition)

    monkeypatch.setattr(reading, "read_history", poisoned)
    world.sync()

    assert world.task(good).is_waiting
    assert world.execution(bad).problem == f"The history cannot be read: {type(error).__name__}."


def test_a_row_that_the_database_refuses_is_set_aside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = world.start()

    def refuse(*args: Any) -> None:
        raise DataError("value too long: secret")

    monkeypatch.setattr(apply, "_open", refuse)
    world.sync()

    assert world.execution(arn).problem == "The history cannot be written down: DataError."
