"""What real AWS recorded, happening again under passes that are killed: the mirror follows it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callbacks.models import CallbackTask, Connection, Definition, Execution, Lease, StateMachine
from callbacks.sync import run_pass
from tests import making
from tests.conformance.recordings import recordings
from tests.sync.killing import DEATHS, Killed, killed_at
from tests.sync.recorded import ACCOUNT, REGION, STATUSES, RecordedAccount, Shown, recorded_account

FOLDER = os.environ.get("HOLDPOINT_RECORDINGS", "")
RECORDINGS = list(recordings(Path(FOLDER))) if FOLDER else []
COURSES = int(os.environ.get("HOLDPOINT_RECORDED_COURSES", "1"))
# In how many random steps each history grows before the last one.
STEPS = int(os.environ.get("HOLDPOINT_RECORDED_STEPS", "1"))
# Between two passes.
INTERVAL = timedelta(seconds=20)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLENTY = 1_000_000.0
pytestmark = pytest.mark.skipif(not FOLDER, reason="HOLDPOINT_RECORDINGS is not set")


class Following:
    """Passes over the account, of which some are killed."""

    def __init__(self, account: RecordedAccount, connection: Connection, seed: int) -> None:
        self.account = account
        self.connection = connection
        self.random = random.Random(seed)
        self.now = NOON
        self.deaths = 0

    def sync(self) -> None:
        self.now += INTERVAL
        run_pass(connection=self.connection, now=self.now)

    def die(self) -> None:
        self.now += INTERVAL
        try:
            # Mostly early, for some of these happen but seldom in a pass.
            after = int(self.random.random() ** 3 * len(self.account.executions))
            with killed_at(self.random.choice(DEATHS), after):
                run_pass(connection=self.connection, now=self.now)
        except Killed:
            self.deaths += 1
            Lease.objects.all().delete()

    def let_happen(self, *, to_the_end: bool = False) -> None:
        self.account.grow(self.random, self.now, to_the_end=to_the_end)

    def differences(self) -> list[str]:
        """Where the mirror of an execution is not what its first `last_event_id` events say."""
        read = {row.arn: row for row in Execution.objects.filter(last_event_id__gt=0)}
        tasks = _tasks()
        found = []
        for one in self.account.executions:
            row, has = read.get(one.arn), tasks.get(one.arn, {})
            if row is None:
                continue
            if has != _expected(one, row.last_event_id) or not _is_said(one, row):
                found.append(f"{one.recording.id}, {row.last_event_id} {row.status}: {has}")
        return found

    def behind(self) -> list[str]:
        """Executions of which the mirror has not all that has happened."""
        read = dict(Execution.objects.values_list("arn", "last_event_id"))
        shown = self.account.executions
        return [one.recording.id for one in shown if read.get(one.arn) != len(one.events)]


def _is_said(one: Shown, row: Execution) -> bool:
    """Whether the status is that of its last event; a list may have told its end before."""
    said = STATUSES.get(one.events[row.last_event_id - 1]["type"], "RUNNING")
    return not row.problem and row.status in (said, one.status)


def _tasks() -> dict[str, dict[int, tuple[Any, ...]]]:
    """Tasks by execution and scheduled event: state, attempt, what closed it."""
    found: dict[str, dict[int, tuple[Any, ...]]] = {}
    # Jobs that an answer can end early wait for nobody, and the recordings' links leave them out.
    waits = CallbackTask.objects.filter(early_completion=False)
    for row in waits.select_related("execution"):
        # What is over and why is not read yet, the history has not closed.
        is_open = row.closed_event_id is None
        closing = None if is_open else (row.closed_event_id, row.closed_event_type)
        tasks = found.setdefault(row.execution.arn, {})
        tasks[row.scheduled_event_id] = (row.state, row.attempt, closing)
    return found


def _expected(one: Shown, last: int) -> dict[int, tuple[Any, ...]]:
    """The same as the recording's own links say, which were read off without a line of ours."""
    found = {}
    for task in one.recording.expect["tasks"]:
        waits = task["callback"] or (one.waits and task["kind"] == "task")
        if waits and task["id"] <= last:
            closed = task["closed_by"]
            is_open = closed is None or closed["id"] > last
            closing = None if is_open else (closed["id"], closed["type"])
            found[task["id"]] = (task["state"], task["attempt"], closing)
    return found


@pytest.fixture(params=[False, True], ids=["as recorded", "each task waits"])
def account(request: pytest.FixtureRequest) -> Iterator[RecordedAccount]:
    with recorded_account(RECORDINGS, waits=request.param) as found:
        yield found


@pytest.fixture
def following(account: RecordedAccount, db: None, settings: Any, instant: None) -> Following:
    """Each machine is mirrored, nothing has happened yet, and calls are no matter."""
    settings.SYNC_QUOTA_SHARE = PLENTY
    url = account.url
    connection = making.make_connection(endpoint_url=url, region=REGION, account=ACCOUNT)
    found = Following(account, connection, seed=0)
    found.sync()
    # Else those in which nobody ever waits would not be followed.
    Definition.objects.update(can_wait=True)
    found.sync()
    return found


# What a later reading need not write alike: when it was, and ciphertexts, of which no two agree.
OWN = ("changed_at", "read_at", "token_ciphertext", "read_next_at", "ordered_at")


def rows() -> dict[Any, dict[str, Any]]:
    """The mirror of every execution in which somebody waited."""
    told = {}
    for found in (Execution.objects.filter(tasks__isnull=False), CallbackTask.objects.all()):
        for row in found.distinct().values():
            told[row["id"]] = {key: value for key, value in row.items() if key not in OWN}
    return told


def departures(one: dict[Any, dict[str, Any]], other: dict[Any, dict[str, Any]]) -> list[Any]:
    return [
        (key, {name: (value, row[name]) for name, value in one[key].items() if value != row[name]})
        for key, row in other.items()
        if one.get(key, row) != row
    ] + list(one.keys() ^ other.keys())


@pytest.mark.parametrize("course", range(COURSES))
def test_the_mirror_says_at_each_step_what_the_recording_says(
    following: Following, course: int
) -> None:
    following.random.seed(course)
    for step in range(STEPS + 1):
        following.let_happen(to_the_end=step == STEPS)
        following.die()
        # All or nothing: of each execution it is the truth of some moment.
        assert following.differences() == []
        following.sync()
        assert (following.differences(), following.behind()) == ([], [])
    assert following.deaths > 0
    grown = rows()

    Execution.objects.all().delete()
    # What ended before a mirror was made is not dug up; this one looks so far back.
    StateMachine.objects.update(looked_at=NOON)
    run_pass(connection=following.connection, now=following.now, full=True)

    assert following.differences() == []
    assert departures(rows(), grown) == []
