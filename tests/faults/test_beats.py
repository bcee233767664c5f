"""Two beats at once, and none at all (F23, F24)."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from callbacks.models import ConnectionHealth, Pulse
from tests.faults.conftest import Case, assert_balance, wait_for
from tests.faults.processes import Processes, wait_until
from tests.faults.servers import free_port
from tests.faults.test_brokers import answer
from tests.faults.web import Person

BEATS_SECONDS = float(os.environ.get("HOLDPOINT_FAULT_BEATS_SECONDS", "8"))
# How long a silence may be that nobody is told of.
SILENT = 6.0
BANNER = "worker has been silent"


@pytest.mark.faults("F23")
def test_two_beats_make_no_more_calls_than_one(case: Case, started: Processes) -> None:
    """Counted are the passes: each lists the state machines once, and what else it calls is due.

    There is a pass a second here.
    """
    started.start("worker")
    started.start("beat")
    wait_until(lambda: ConnectionHealth.objects.exclude(pass_finished_at=None).exists())
    one = passes_in(case, BEATS_SECONDS)
    started.start("beat", name="second", BEAT_FILE=str(started.folder / "second"))
    started.wait_logged("second", "Sending due task sync")

    two = passes_in(case, BEATS_SECONDS)

    assert one > 2
    # One a second at most; a busy machine makes fewer. One more may fall into the time by chance.
    assert two <= max(one, BEATS_SECONDS) * 1.05 + 1
    decision = case.approve()
    wait_for(decision, "confirmed", started)
    assert len(case.sends()) == 1
    assert_balance(case)


def passes_in(case: Case, seconds: float) -> int:
    before = case.simulator.counts()["ListStateMachines"]
    time.sleep(seconds)
    return int(case.simulator.counts()["ListStateMachines"] - before)


@pytest.mark.faults("F24")
def test_without_beat_pages_and_probes_say_so_and_an_answer_is_sent_all_the_same(
    case: Case, started: Processes
) -> None:
    """A silence of six seconds is told here, of a minute elsewhere (SILENT_SECONDS)."""
    web = f"127.0.0.1:{free_port()}"
    quick = {"SILENT_SECONDS": str(SILENT)}
    started.start("worker", **quick)
    beat = started.start("beat", **quick)
    started.start("web", WEB_BIND=web, **quick)
    started.wait_logged("web", "Listening at")
    person = Person(f"http://{web}", "ana")
    wait_until(lambda: Pulse.objects.exists() and readiness(web)["ready"])
    assert BANNER not in person.get("/")

    beat.kill()
    started.wait_killed("beat")
    last = Pulse.objects.latest("at").at
    seen = wait_until(lambda: not readiness(web)["ready"] and Pulse.objects.latest("at"))
    told_after = time.time() - seen.at.timestamp()

    assert readiness(web)["sync"] == "beat and worker are silent"
    assert BANNER in person.get("/")
    assert SILENT <= told_after < 2 * SILENT
    assert (seen.at - last).total_seconds() < SILENT
    answer(person, case)
    wait_until(lambda: case.applied(), what=lambda: started.log_of("worker"))
    decision = case.task.decisions.get()
    wait_for(decision, "confirmed", started)
    assert_balance(case)


def readiness(web: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://{web}/readyz", timeout=20) as answer:
            body = answer.read()
    except urllib.error.HTTPError as refusal:
        body = refusal.read()
    return dict(json.loads(body))
