"""When a task dies, exactly or between two moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.deadline import LONGEST_EXECUTION, NO_TIMEOUT_SECONDS, Deadline, deadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
YEAR_END = NOON + LONGEST_EXECUTION


def _deadline(**facts: Any) -> Deadline:
    given = {
        "timeout_seconds": None,
        "heartbeat_seconds": None,
        "scheduled_at": NOON,
        "started_at": NOON + timedelta(seconds=10),
        "execution_started_at": NOON,
    }
    return deadline(**{**given, **facts})


def _after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_timeout_counts_from_the_start_and_not_from_the_scheduling() -> None:
    found = _deadline(timeout_seconds=60)

    assert (found.kind, found.reason) == ("exact", "timeout")
    assert found.earliest == found.latest == _after(70)


def test_a_heartbeat_gives_a_range_up_to_the_timeout() -> None:
    found = _deadline(timeout_seconds=600, heartbeat_seconds=60)

    assert (found.kind, found.reason) == ("range", "heartbeat")
    assert (found.earliest, found.latest) == (_after(70), _after(610))


def test_a_child_ends_with_the_execution_around_it() -> None:
    found = _deadline(
        timeout_seconds=600, execution_timeout_seconds=500, parent_ends_by=_after(300)
    )

    assert (found.kind, found.reason, found.latest) == ("exact", "parent_timeout", _after(300))


def test_our_own_beat_moves_the_earliest_end() -> None:
    found = _deadline(timeout_seconds=600, heartbeat_seconds=60, last_beat_at=_after(50))

    assert found.earliest == _after(110)


def test_a_beat_before_the_start_moves_nothing() -> None:
    assert _deadline(heartbeat_seconds=60, last_beat_at=_after(-5)).earliest == _after(70)


def test_a_heartbeat_that_is_longer_than_the_timeout_leaves_it_exact() -> None:
    found = _deadline(timeout_seconds=60, heartbeat_seconds=600)

    assert (found.kind, found.reason, found.latest) == ("exact", "timeout", _after(70))


def test_a_heartbeat_alone_may_go_on_for_a_year() -> None:
    found = _deadline(heartbeat_seconds=60)

    assert (found.kind, found.earliest, found.latest) == ("range", _after(70), YEAR_END)


def test_the_machines_own_timeout_ends_its_tasks() -> None:
    found = _deadline(timeout_seconds=600, execution_timeout_seconds=300)

    assert (found.kind, found.reason, found.latest) == ("exact", "execution_timeout", _after(300))


def test_a_redrive_starts_the_machines_timeout_anew() -> None:
    found = _deadline(execution_timeout_seconds=300, execution_counting_since=_after(1000))

    assert found.latest == _after(1300)


def test_without_any_limit_one_year_is_left() -> None:
    found = _deadline()

    assert (found.kind, found.reason) == ("none", "one_year")
    assert found.earliest == found.latest == YEAR_END


def test_awss_default_number_is_no_limit() -> None:
    assert _deadline(timeout_seconds=NO_TIMEOUT_SECONDS).kind == "none"


def test_a_clock_that_has_not_started_gives_a_range() -> None:
    found = _deadline(timeout_seconds=60, started_at=None)

    assert (found.kind, found.reason) == ("range", "not_started")
    assert (found.earliest, found.latest) == (_after(60), YEAR_END)


def test_a_timeout_beyond_the_calendar_is_the_year() -> None:
    assert _deadline(timeout_seconds=99_999_998).latest == YEAR_END


def test_every_limit_is_named_for_the_explanation() -> None:
    found = _deadline(timeout_seconds=60, heartbeat_seconds=5, execution_timeout_seconds=100)

    assert [bound.reason for bound in found.bounds] == [
        "timeout",
        "heartbeat",
        "execution_timeout",
        "one_year",
    ]


_SECONDS = st.one_of(st.none(), st.integers(1, 10**12))


@given(
    timeout_seconds=_SECONDS,
    heartbeat_seconds=_SECONDS,
    execution_timeout_seconds=_SECONDS,
    started_at=st.one_of(st.none(), st.just(_after(10))),
)
def test_the_earliest_end_is_never_after_the_latest(**facts: Any) -> None:
    found = _deadline(**facts)

    assert found.earliest <= found.latest <= YEAR_END
    assert (found.kind == "range") is (found.earliest < found.latest)
