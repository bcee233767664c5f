"""One message under way per connection and one pass per interval, however many beats there are."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.models import Lease
from callbacks.sync import turns
from callbacks.sync.turns import LONGEST_REST, LOST_AFTER

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ONE, TWO = uuid.uuid4(), uuid.uuid4()


@pytest.fixture(autouse=True)
def every_five_seconds(settings: Any) -> None:
    settings.SYNC_INTERVAL_SECONDS = 5.0


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def asked(seconds: float, *connections: uuid.UUID) -> list[uuid.UUID]:
    return turns.ask(connections=connections or (ONE,), now=at(seconds))


def taken(seconds: float, connection: uuid.UUID = ONE) -> bool:
    return turns.take(connection=connection, now=at(seconds))


def passes(beats: list[float]) -> int:
    """How many passes come of these beats where workers are at once there."""
    return sum(bool(asked(beat)) and taken(beat + 0.1) for beat in sorted(beats))


def test_a_message_is_not_sent_again_while_it_is_under_way() -> None:
    assert asked(0) == [ONE]
    assert asked(5) == []
    assert asked(30) == []
    assert taken(31)
    assert asked(35) == [ONE]


def test_a_message_that_nobody_takes_is_taken_for_lost() -> None:
    asked(0)

    assert asked(LOST_AFTER.total_seconds() - 5) == []
    assert asked(LOST_AFTER.total_seconds()) == [ONE]


def test_a_lost_message_is_made_good_also_where_passes_are_seldom(settings: Any) -> None:
    settings.SYNC_INTERVAL_SECONDS = 3600
    asked(0)
    assert asked(61) == [ONE]
    assert asked(90) == []
    assert asked(122) == [ONE]


def test_a_message_too_many_makes_no_pass() -> None:
    asked(0)

    assert taken(0.1)
    assert not taken(0.2)


def test_a_message_that_nobody_here_asked_for_counts_where_its_turn_has_come() -> None:
    assert taken(0)
    assert not taken(1)
    assert taken(5)


def test_two_beats_make_no_more_passes_than_one() -> None:
    one = [5.0 * n for n in range(60)]
    for offset in (0.0, 0.1, 1.3, 2.4, 2.6, 4.9):
        Lease.objects.all().delete()
        assert passes(one + [beat + offset for beat in one]) <= 60 * 1.05


def test_three_beats_with_uneven_steps_make_no_more_passes_than_one() -> None:
    beats = [5.0 * n + wobble for n in range(60) for wobble in (0.0, 1.7, 3.1)]

    assert 57 <= passes(beats) <= 60 * 1.05


def test_a_beat_that_is_not_punctual_loses_no_turn() -> None:
    wobbling = [5.0 * n + (0.8 if n % 2 else -0.8) for n in range(1, 41)]

    assert passes(wobbling) == 40


def test_who_waits_longest_is_asked_first() -> None:
    asked(0, ONE)
    taken(0, ONE)
    asked(3, TWO)
    taken(3, TWO)

    assert asked(10, TWO, ONE) == [ONE, TWO]
    assert asked(11, *(uuid.UUID(int=7), TWO, ONE)) == [uuid.UUID(int=7)]


def test_a_message_that_no_broker_took_is_sent_with_the_next_beat() -> None:
    asked(0)
    turns.give_back(connection=ONE, now=at(0))

    assert asked(5) == [ONE]


def test_a_connection_that_was_slow_rests_and_not_for_ever() -> None:
    asked(0)
    taken(0)
    turns.rest(connection=ONE, now=at(0), seconds=60)
    assert asked(50) == []
    assert asked(58) == [ONE]
    taken(58)
    turns.rest(connection=ONE, now=at(58), seconds=9_999)
    assert asked(58 + LONGEST_REST.total_seconds()) == [ONE]


def test_a_rest_that_is_shorter_than_the_interval_changes_nothing() -> None:
    asked(0)
    taken(0)
    turns.rest(connection=ONE, now=at(0), seconds=1)

    assert asked(1) == []


def test_a_clock_that_was_set_back_keeps_nobody_waiting() -> None:
    asked(0)
    taken(0)

    assert asked(-3600) == [ONE]


def test_an_interval_that_was_shortened_keeps_nobody_waiting(settings: Any) -> None:
    settings.SYNC_INTERVAL_SECONDS = 86_400
    asked(0)
    taken(0)
    settings.SYNC_INTERVAL_SECONDS = 5

    assert asked(10) == [ONE]
