"""Two people answer the same request at the same moment: one answer, and no text lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callbacks.models import Decision
from tests.faults.processes import wait_until
from tests.journeys.founding import OUTPUT, SETTLES_MS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Barrier:
    """Holds the answers of several pages until all are there, then lets all go."""

    def __init__(self):
        self.waiting = []

    def watch(self, page):
        page.route("**/answer/", lambda route: self.waiting.append(route))

    def press(self, page):
        """Press Approve, and wait until its request stands at the barrier."""
        before = len(self.waiting)
        page.locator("#answer-bar button[value=approve]").click(no_wait_after=True)
        wait_until(lambda: len(self.waiting) > before or page.wait_for_timeout(20))

    def open(self):
        while self.waiting:
            self.waiting.pop().continue_()


@pytest.fixture
def barrier():
    made = Barrier()
    yield made
    # A request that is held for ever would hold up the closing of its page.
    made.open()


def prepare(page, output, reason, barrier):
    page.fill("#output", output)
    page.fill("#reason", reason)
    barrier.watch(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without"])
def test_one_answer_is_sent_and_the_other_person_is_told(
    founding, workers, open_page, barrier, javascript
):
    path = f"/tasks/{founding.task.pk}/"
    pages = [
        open_page(path, person, javascript=javascript)
        for person in (founding.approver, founding.second)
    ]
    other = '{"Payload": {"message": "of my own"}}'
    prepare(pages[0], OUTPUT, "Mine.", barrier)
    prepare(pages[1], other, "My own view.", barrier)
    for page in pages:
        barrier.press(page)
    assert not Decision.objects.exists()
    barrier.open()
    for page in pages:
        page.wait_for_selector("text=/Approving in|answered first/")
    told = [page for page in pages if page.get_by_text("answered first").count()]
    assert len(told) == 1
    decision = Decision.objects.get()
    loser = told[0]
    expect(loser.locator("#answer")).to_contain_text(f"{decision.decided_by_name} answered first")
    expect(loser.locator("#answer")).to_contain_text("Your answer was not used")
    expect(loser.locator("#own-text")).to_contain_text(OUTPUT if loser is pages[0] else other)
    winner = pages[1] if loser is pages[0] else pages[0]
    winner.locator("#send-now").click()
    expect(winner.get_by_text("Approved and confirmed").first).to_be_visible(timeout=SETTLES_MS)
    assert len(founding.applied()) == 1


def test_who_answers_behind_our_back_is_seen(founding, workers, open_page, troubles):
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver)
    page.fill("#output", OUTPUT)
    token = founding.simulator.tokens(founding.execution_arn)[0]["token"]
    founding.simulator.call(
        "SendTaskSuccess", taskToken=token, output='{"Payload": {"message": "by a worker"}}'
    )
    page.locator("#answer-bar button[value=approve]").click()
    page.wait_for_selector("#send-now, #own-text")
    if page.locator("#send-now").count():
        page.locator("#send-now").click()
    expect(page.locator("#answer")).to_contain_text("outside Holdpoint", timeout=SETTLES_MS)
    expect(page.locator("#own-text")).to_contain_text(OUTPUT)
    expect(page.locator("#answer")).to_contain_text("by a worker")
