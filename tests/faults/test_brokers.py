"""Redis away, reset, flushed, and impatient: messages are hints, and nothing is lost (F19-F22).

A server of the test's own stands behind a gate. Times are shortened by settings; what is promised
is the same. In whole: HOLDPOINT_FAULT_AWAY_SECONDS=60.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from callbacks.models import Decision, DecisionStatus
from tests.faults.balance import take_balance
from tests.faults.conftest import OUTPUT, Case
from tests.faults.gate import Gate, gate_before
from tests.faults.processes import Processes, processes, wait_until
from tests.faults.servers import free_port, own_redis
from tests.faults.web import Person

AWAY_SECONDS = float(os.environ.get("HOLDPOINT_FAULT_AWAY_SECONDS", "5"))
SILENT_SECONDS = float(os.environ.get("HOLDPOINT_FAULT_SILENT_SECONDS", "6"))
# Celery waits for up to half a minute between two tries to find its broker again.
BACK_AFTER = 60.0
# What a person may have to wait for a page, on a busy machine too.
LONGEST_CLICK = 15.0
ANSWERS = 5
pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server")


@dataclass
class Shop:
    """Real processes whose broker is behind a gate."""

    cases: list[Case]
    started: Processes
    gate: Gate
    redis: redis.Redis
    web: str

    def start(self, *roles: str, **environment: str) -> None:
        for role in roles:
            self.started.start(role, **environment)

    def person(self) -> Person:
        return Person(f"http://{self.web}", "ana")

    def wait_all_confirmed(
        self, count: int, seconds: float, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        confirmed = Decision.objects.filter(status=DecisionStatus.CONFIRMED)

        def is_so() -> bool:
            meanwhile()
            return confirmed.count() == count

        wait_until(is_so, seconds=seconds, what=self.story)

    def story(self) -> str:
        logs = [self.started.log_of(name) for name in self.started.running]
        return "\n".join([str(list(Decision.objects.values_list("status"))), *logs])


@pytest.fixture
def shop(crowd: Callable[[int], list[Case]], tmp_path: Path) -> Iterator[Shop]:
    with (
        own_redis(tmp_path) as port,
        gate_before("127.0.0.1", port) as gate,
        processes(tmp_path, **broker_at(gate.port)) as started,
        redis.Redis(port=port) as client,
    ):
        yield Shop(crowd(ANSWERS), started, gate, client, f"127.0.0.1:{free_port()}")


def broker_at(port: int) -> dict[str, str]:
    return {"CELERY_BROKER_URL": f"redis://127.0.0.1:{port}/0", "OWN_REDIS": "yes"}


def start_web(shop: Shop) -> Person:
    shop.start("web", WEB_BIND=shop.web)
    shop.started.wait_logged("web", "Listening at")
    return shop.person()


def answer(person: Person, case: Case) -> float:
    """Press Approve on its page; how long that took."""
    page = f"/tasks/{case.task.pk}/"
    form = person.hidden_fields(page) | {
        "output": OUTPUT, "error": "", "cause": "", "reason": "Fine.", "direction": "approve",
    }  # fmt: skip
    began = time.monotonic()
    led_to = person.post(page + "answer/", form)
    assert "/decisions/" in led_to
    return time.monotonic() - began


@pytest.mark.faults("F19")
def test_while_redis_is_away_people_answer_and_then_all_is_sent(shop: Shop) -> None:
    """A worker may end over it (kombu stumbles where it acknowledges); what started it starts it
    again."""
    shop.start("beat")
    look_after = shop.started.keep("worker")
    person = start_web(shop)
    shop.started.wait_logged("worker", " ready.")
    clicks = [answer(person, shop.cases[0])]

    shop.gate.shut()
    until = time.monotonic() + AWAY_SECONDS
    clicks += [answer(person, one) for one in shop.cases[1:]]
    time.sleep(max(0.0, until - time.monotonic()))
    shop.gate.open()

    shop.wait_all_confirmed(ANSWERS, BACK_AFTER, meanwhile=look_after)
    assert max(clicks) < LONGEST_CLICK
    assert take_balance(shop.cases[0].sends()).confirmed == ANSWERS


@pytest.mark.faults("F20")
def test_a_worker_that_resets_have_silenced_ends_itself_and_another_works(
    shop: Shop, tmp_path: Path
) -> None:
    """After five resets in three seconds. Its silence, which was seen in the wild, is forced."""
    shop.start("beat")
    look_after = shop.started.keep("worker", WATCHDOG_SECONDS=str(SILENT_SECONDS))
    shop.started.wait_logged("worker", " ready.")
    first = shop.started.running["worker"]
    for _ in range(5):
        shop.gate.reset()
        time.sleep(0.6)
    (tmp_path / "crashes" / "mute").write_text(str(first.pid))
    began = time.monotonic()
    for one in shop.cases:
        one.approve()

    def all_confirmed() -> bool:
        look_after()
        return Decision.objects.filter(status=DecisionStatus.CONFIRMED).count() == ANSWERS

    wait_until(all_confirmed, what=shop.story)
    assert first.exitcode == 70
    assert "this worker ends itself" in (tmp_path / "worker.log").read_text()
    # A period of the watchdog may have been half over, and then comes the start.
    assert time.monotonic() - began < 2 * SILENT_SECONDS + BACK_AFTER
    assert take_balance(shop.cases[0].sends()).confirmed == ANSWERS


@pytest.mark.faults("F21")
def test_where_redis_forgets_all_the_sweep_finds_it_again(shop: Shop) -> None:
    person = start_web(shop)
    for one in shop.cases:
        answer(person, one)
    # Nobody has taken the messages yet.
    assert shop.redis.dbsize() > 0
    shop.redis.flushall()

    shop.start("worker", "beat")
    shop.started.wait_logged("worker", " ready.")
    for _ in range(3):
        shop.redis.flushall()
        time.sleep(0.3)

    shop.wait_all_confirmed(ANSWERS, BACK_AFTER)
    assert take_balance(shop.cases[0].sends()).confirmed == ANSWERS


@pytest.mark.faults("F22")
def test_a_message_that_comes_again_while_the_first_is_acted_on_changes_nothing(
    shop: Shop,
) -> None:
    """Redis gives a message out again after two seconds; the call to AWS takes six."""
    patient = {"SEND_LEASE_SECONDS": "60", "SEND_READ_SECONDS": "30", "VISIBILITY_SECONDS": "2"}
    shop.start("worker", **patient)
    shop.started.wait_logged("worker", " ready.")
    case = shop.cases[0]
    case.simulator.fault("SendTaskSuccess", "delay", seconds=6, after_apply=True)
    decision = case.approve()
    tell(shop, decision)

    wait_until(lambda: times_received(shop, decision) > 1, what=shop.story)
    shop.wait_all_confirmed(1, BACK_AFTER)

    assert len(case.sends()) == 1
    take_balance(case.sends())


def tell(shop: Shop, decision: Decision) -> None:
    """One message, from a process that knows the shop's broker."""
    shop.start("hint", DECISION_ID=str(decision.pk), TIMES="1")
    shop.started.wait_done("hint")


def times_received(shop: Shop, decision: Decision) -> int:
    log = (shop.started.folder / "worker.log").read_text(errors="replace")
    return sum("deliver_decision[" in line and " received" in line for line in log.splitlines())
