"""The state graph in a real browser: by keyboard, on a phone, without script, for axe."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import expect

from tests import making
from tests.asl.graphs import ask, machine, order_release, task
from tests.journeys.conftest import PHONE, WIDE, faults, overflows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WAITING = "a.node.waiting"


@pytest.fixture
def asked():
    """A request whose run waits in the midst of its states."""
    made = making.make_machine(definition=order_release().text)
    return making.make_task(making.make_request(making.make_execution(made), "Ask"))


def technical(open_page, people, asked, **options):
    return open_page(f"/tasks/{asked.pk}/?view=technical", people.approver, **options)


def test_the_keyboard_comes_to_the_state_that_waits_and_on_to_its_place_in_the_list(
    people, open_page, troubles, asked
):
    page = technical(open_page, people, asked)
    page.locator(".graph-box").focus()
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('a.node.waiting')"):
            break
    expect(page.locator(WAITING)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#graph .states li.waiting")).to_be_visible()
    assert troubles.seen == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_axe_finds_nothing_on_it_and_only_its_own_box_scrolls(
    people, open_page, troubles, asked, width, dark
):
    pages = (f"/tasks/{asked.pk}/?view=technical", f"/executions/{asked.execution_id}/")
    for path in pages:
        page = open_page(path, people.approver, width=width, dark=dark)
        page.locator("#graph summary").click()
        expect(page.locator("#graph .states li.waiting")).to_be_visible()
        assert faults(page) == []
        assert not overflows(page)
    assert troubles.seen == []


def test_without_script_it_is_drawn_all_the_same(people, open_page, asked):
    page = technical(open_page, people, asked, javascript=False)
    expect(page.locator(WAITING)).to_contain_text("waiting 9 min")
    box = page.locator(WAITING).bounding_box()
    assert box is not None
    assert box["width"] > 100


def test_what_waits_far_down_is_in_sight_when_the_page_opens(people, open_page, troubles):
    names = [f"S{number}" for number in range(40)]
    before = {one: task(after) for one, after in itertools.pairwise([*names, "Ask"])}
    made = making.make_machine(definition=machine({**before, "Ask": ask()}).text)
    asked = making.make_task(making.make_request(making.make_execution(made), "Ask"))
    page = technical(open_page, people, asked)
    expect(page.locator(WAITING)).to_be_in_viewport()
    assert troubles.seen == []
