"""When a Map Run that is over is listed no more, and what becomes of its children."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from callbacks.models import StateMachine
from callbacks.sync.lines import LAG
from callbacks.sync.map_runs import GIVE_UP, let_go
from tests import making

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def a_run(
    over: timedelta, looked_after: timedelta, now: datetime, problem: str = ""
) -> StateMachine:
    """A run that has been over for so long, and was last looked at so long after its end."""
    return making.make_map_run(
        making.make_execution(),
        over_at=now - over,
        looked_at=now - over + looked_after,
        problem=problem,
    )


def is_let_go(run: StateMachine, now: datetime) -> bool:
    let_go(connection=run.connection, now=now)
    run.refresh_from_db()
    return run.gone_at == now


@pytest.mark.parametrize(
    ("over", "looked_after", "expected"),
    [
        (2 * LAG, LAG, True),
        (2 * LAG, LAG - SECOND, False),
        (GIVE_UP + SECOND, -SECOND, True),
        (GIVE_UP - SECOND, -SECOND, False),
    ],
)
def test_a_run_is_let_go_once_its_list_can_say_nothing_new_or_nothing_at_all(
    now: datetime, over: timedelta, looked_after: timedelta, expected: bool
) -> None:
    assert is_let_go(a_run(over, looked_after, now), now) is expected


def test_a_run_whose_list_was_refused_is_let_go_when_it_is_over(now: datetime) -> None:
    assert is_let_go(a_run(SECOND, -SECOND, now, problem="AWS denied it."), now)


def test_a_run_at_work_is_kept_however_long_it_takes(now: datetime) -> None:
    run = making.make_map_run(making.make_execution(), looked_at=now, problem="AWS denied it.")

    assert not is_let_go(run, now + timedelta(days=300))


def test_children_that_no_list_has_shown_to_be_over_are_missing_then(now: datetime) -> None:
    run = a_run(2 * LAG, LAG, now)
    runs, ended = making.make_execution(run), making.make_execution(run, status="FAILED")
    elsewhere = making.make_execution(run.parent.state_machine)

    assert is_let_go(run, now)

    for row in (runs, ended, elsewhere):
        row.refresh_from_db()
    assert [row.left_at for row in (runs, ended, elsewhere)] == [now, None, None]
