"""Web processes killed between the click and their answer: nothing lost, nothing decided twice."""

import os
import socket

import pytest

from callbacks.models import AuditEntry, Decision
from tests.faults.conftest import OUTPUT, assert_balance, wait_for
from tests.faults.processes import wait_until
from tests.faults.web import Person, WebDied

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "1"))
pytestmark = [pytest.mark.faults("F01"), pytest.mark.parametrize("run", range(RUNS))]

BEFORE_THE_COMMIT = {
    "before the row": "callbacks.decisions.decide:record:before",
    "after the row, before the commit": "callbacks.decisions.decide:record:after",
}
AFTER_THE_COMMIT = {
    "before the hint": "callbacks.decisions.decide:hint:before",
    "after the hint": "callbacks.decisions.decide:hint:after",
}


@pytest.fixture
def address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def start_web(started, address: str, **environment: str) -> None:
    started.start("web", WEB_BIND=address, **environment)
    host, port = address.split(":")

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    wait_until(answers, what=lambda: started.log_of("web"))


def press_approve(case, started, address, point):
    """Fill in the form, press Approve while the web process dies; return the person and form."""
    start_web(started, address, CRASH_POINTS=point)
    person = Person(f"http://{address}", "ana")
    page = f"/tasks/{case.task.pk}/"
    form = person.hidden_fields(page) | {
        "output": OUTPUT, "error": "", "cause": "", "reason": "Fine.", "direction": "approve",
    }  # fmt: skip
    with pytest.raises(WebDied):
        person.post(page + "answer/", form)
    started.wait_killed("web")
    return person, form


@pytest.mark.parametrize("point", BEFORE_THE_COMMIT.values(), ids=BEFORE_THE_COMMIT.keys())
def test_killed_before_the_commit_nothing_is_decided_and_the_text_is_kept(
    case, started, address, point, run
):
    person, _ = press_approve(case, started, address, point)
    assert not Decision.objects.exists()
    assert not AuditEntry.objects.filter(kind="answer_decided").exists()
    start_web(started, address)
    assert "Fine." in person.get(f"/tasks/{case.task.pk}/")
    assert case.sends() == []
    assert_balance(case)


@pytest.mark.parametrize("point", AFTER_THE_COMMIT.values(), ids=AFTER_THE_COMMIT.keys())
def test_killed_after_the_commit_the_answer_is_sent_and_a_second_press_changes_nothing(
    case, started, address, point, run
):
    person, form = press_approve(case, started, address, point)
    decision = Decision.objects.get()
    start_web(started, address)
    led_to = person.post(f"/tasks/{case.task.pk}/answer/", form)
    assert led_to.endswith(f"/decisions/{decision.pk}/")
    started.start("beat")
    started.start("worker")
    wait_for(decision, "confirmed", started)
    assert len(case.sends()) == 1
    assert_balance(case)
