"""The lists in a real browser: panes, polls, narrow screens, no script, hostile text, axe."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from callbacks.models import OPEN_TASKS, ConnectionHealth, DecisionStatus, TaskStatus
from tests import making
from tests.journeys.conftest import PHONE, WIDE, faults, overflows, tick

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=https://evil.example/x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ constructor.constructor('alert(1)')() }}",
    '" hx-get="https://evil.example" hx-trigger="load" x="',
    "' onmouseover='alert(1)",
    "<a href=//evil.example>Verified by Holdpoint</a>",
    "\u202ereversed \u200bhidden",
    "W" * 300,
]


def test_on_a_wide_screen_a_row_opens_beside_the_list(people, open_page, troubles):
    task = waiting("Refund 881", hours=2)
    page = open_page("/", people.approver)
    page.get_by_role("link", name="Refund 881").click()
    expect(page.locator("#detail h1")).to_have_text("Refund 881")
    expect(page.locator("#detail h1")).to_be_focused()
    assert page.url.endswith(f"/?selected={task.pk}")
    expect(page.locator("#rows .li-head[aria-current]")).to_have_text("Refund 881")
    assert troubles.seen == []


def test_a_row_that_changes_stays_the_chosen_one(people, open_page, troubles):
    task = waiting("Refund 881", hours=2)
    page = open_page("/", people.approver)
    page.get_by_role("link", name="Refund 881").click()
    page.fill("#output", "{}")
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator(f"#task-{task.pk}")).to_contain_text("Held, then sent")
    expect(page.locator("#rows .li-head[aria-current]")).to_have_text("Refund 881")
    assert troubles.seen == []


def test_the_address_brings_list_and_request_back(people, open_page, troubles):
    task = waiting("Refund 881", hours=2)
    page = open_page(f"/?selected={task.pk}", people.approver)
    expect(page.locator("#detail h1")).to_have_text("Refund 881")
    assert troubles.seen == []


def test_previous_and_next_keep_the_list(people, open_page, troubles):
    first, second = waiting("one", hours=2), waiting("two", hours=3)
    page = open_page(f"/?selected={first.pk}", people.approver)
    page.get_by_role("link", name="Next request").click()
    expect(page.locator("#detail h1")).to_have_text("two")
    assert page.url.endswith(f"/?selected={second.pk}")
    assert troubles.seen == []


def test_on_a_phone_a_row_opens_the_page(people, open_page, troubles):
    task = waiting("Refund 881", hours=2)
    page = open_page("/", people.approver, width=PHONE)
    page.get_by_role("link", name="Refund 881").click()
    page.wait_for_url(f"**/tasks/{task.pk}/")
    assert troubles.seen == []


def test_new_requests_wait_behind_a_pill(people, open_page, troubles):
    waiting("old", hours=5)
    page = open_page("/", people.approver)
    waiting("sooner", hours=2)
    tick(page)
    pill = page.get_by_role("link", name="1 new request · show")
    expect(pill).to_be_visible()
    expect(page.locator("#rows .li")).to_have_count(1)
    expect(page.locator("#live")).to_have_text("1 new request")
    pill.click()
    expect(page.locator("#rows .li-head").first).to_have_text("sooner")
    assert troubles.seen == []


def test_a_row_changes_in_place_and_keeps_the_focus(people, open_page, troubles):
    changing, other = waiting("changing", hours=2), waiting("other", hours=3)
    page = open_page("/", people.approver)
    page.locator(f"#open-{changing.pk}").focus()
    end(changing, TaskStatus.ANSWERED)
    tick(page)
    row = page.locator(f"#task-{changing.pk}")
    expect(row).to_contain_text("Answered elsewhere")
    expect(page.locator(f"#open-{changing.pk}")).to_be_focused()
    expect(page.locator("#rows > .li").last).to_have_id(f"task-{other.pk}")
    assert troubles.seen == []


def test_a_row_of_the_waiting_table_changes_in_place(people, open_page, troubles):
    task = waiting("changing", hours=2)
    page = open_page("/waiting/", people.operator)
    making.make_decision(task, people.approver, status=DecisionStatus.SENDING)
    tick(page)
    row = page.locator(f"tr#task-{task.pk}")
    expect(row).to_contain_text("Sending")
    expect(row.locator("td").first).to_be_visible()
    assert troubles.seen == []


def test_a_poll_brings_up_a_banner_once_something_fails(people, open_page, troubles):
    task = waiting("Refund", hours=2)
    page = open_page("/", people.approver)
    ConnectionHealth.objects.create(connection=task.connection, failing_since=timezone.now())
    tick(page)
    expect(page.locator("#banners")).to_contain_text("cannot be read since")
    assert troubles.seen == []


def test_filters_change_the_list_and_the_address_without_a_new_page(people, open_page, troubles):
    waiting("Refund 881", hours=2), waiting("Charge 9", hours=3)
    page = open_page("/", people.approver)
    page.evaluate("window.same = true")
    page.get_by_role("searchbox").fill("refund")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#rows .li")).to_have_count(1)
    assert "q=refund" in page.url
    page.get_by_role("link", name="Take away the filter Words refund").click()
    expect(page.locator("#rows .li")).to_have_count(2)
    assert page.evaluate("window.same")
    assert troubles.seen == []


def test_a_step_back_brings_the_whole_page(people, open_page, troubles):
    waiting("Refund 881", hours=2), waiting("Charge 9", hours=3)
    page = open_page("/", people.approver)
    page.get_by_role("searchbox").fill("refund")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#rows .li")).to_have_count(1)
    page.go_back()
    expect(page.locator("#rows .li")).to_have_count(2)
    expect(page.locator("nav").first).to_be_attached()
    assert troubles.seen == []


def test_without_script_everything_is_a_link_or_a_form(people, open_page, troubles):
    task = waiting("Refund 881", hours=2)
    waiting("Charge 9", hours=3)
    page = open_page("/", people.approver, javascript=False)
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Workflow").fill(task.state_machine_name)
    page.get_by_role("button", name="Show these").click()
    expect(page.locator("#rows .li")).to_have_count(1)
    page.get_by_role("link", name="Refund 881").click()
    assert page.url.endswith(f"/tasks/{task.pk}/")
    assert troubles.seen == []


def test_settings_are_kept_without_script(people, open_page, troubles):
    page = open_page("/settings/", people.approver, javascript=False)
    page.get_by_label("Dark").last.check()
    page.get_by_role("button", name="Keep these settings").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert troubles.seen == []


@pytest.mark.parametrize("path", ["/", "/waiting/", "/history/", "/audit/"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_hostile_text_is_shown_harmlessly(people, open_page, troubles, path, width):
    people.admin.role_grants.create(role="approver", granted_at=timezone.now())
    for number, text in enumerate(HOSTILE):
        task = waiting(
            text, hours=2 + number, key_fields=[[text[:40], text[:60]]], asked_by=text[:200]
        )
        making.make_decision(ended(text), people.approver, status="confirmed", reason=text)
        making.make_decision(task, people.approver, status="withdrawn")
    page = open_page(path, people.admin, width=width)
    page.mouse.move(200, 500)
    tick(page)
    page.wait_for_load_state("networkidle")
    assert not overflows(page)
    assert troubles.seen == []


def test_a_word_of_256_kilobytes_does_not_widen_the_page(people, open_page, troubles):
    task = waiting("Refund", hours=2, input=json.dumps({"word": "W" * 262_000}))
    page = open_page(f"/tasks/{task.pk}/", people.approver, width=PHONE)
    assert not overflows(page)
    assert troubles.seen == []


KIT_REPEATS = {"duplicate-id-aria", "landmark-unique", "heading-order", "page-has-heading-one"}
PAGES = ("/", "/waiting/", "/history/", "/audit/", "/workflows/", "/connections/", "/settings/")


@pytest.mark.parametrize(("width", "dark"), [(PHONE, True), (WIDE, False)])
def test_axe_finds_nothing(people, open_page, troubles, width, dark):
    fill(people)
    found = {}
    for path in PAGES:
        page = open_page(path, people.admin, width=width, dark=dark)
        found[path] = faults(page)
        assert not overflows(page), path
    page = open_page("/accounts/login/", width=width, dark=dark)
    found["sign-in"] = faults(page)
    assert {path: what for path, what in found.items() if what} == {}
    assert troubles.seen == []


@pytest.mark.parametrize(("width", "dark"), [(PHONE, False), (WIDE, True)])
def test_axe_finds_nothing_on_a_connection_and_on_empty_lists(
    people, open_page, troubles, width, dark
):
    found = {"first run": faults(open_page("/", people.admin, width=width, dark=dark))}
    one = making.make_connection("fresh")
    for path in (f"/connections/{one.pk}/", "/", "/?q=nothing", "/waiting/", "/history/"):
        found[path] = faults(open_page(path, people.admin, width=width, dark=dark))
    assert {path: what for path, what in found.items() if what} == {}
    assert troubles.seen == []


@pytest.mark.parametrize(("width", "dark"), [(PHONE, True), (WIDE, False)])
def test_axe_finds_nothing_on_a_workflow(people, open_page, troubles, width, dark):
    task = waiting("Refund", hours=2)
    page = open_page(
        f"/workflows/{task.execution.state_machine_id}/", people.admin, width=width, dark=dark
    )
    page.click("#definition summary")
    assert faults(page) == []
    assert not overflows(page)
    assert troubles.seen == []


@pytest.mark.parametrize(("width", "dark"), [(PHONE, True), (WIDE, False)])
def test_axe_finds_nothing_on_the_kit(people, open_page, troubles, settings, width, dark):
    settings.DEBUG = True
    page = open_page("/kit/", people.approver, width=width, dark=dark)
    # Its samples stand side by side that a page never shows together: ids and headings repeat.
    found = [one for one in faults(page) if one.split(":")[0] not in KIT_REPEATS]
    assert found == []
    assert not overflows(page)
    assert troubles.seen == []


# --- helpers ------------------------------------------------------------------------------------
def waiting(headline, *, hours, **fields):
    at = timezone.now() + timedelta(hours=hours)
    return making.make_task(headline=headline, dies_earliest=at, dies_latest=at, **fields)


def ended(headline):
    return making.make_task(
        headline=headline,
        status=TaskStatus.ANSWERED,
        closed_at=timezone.now(),
        closed_kind="succeeded",
    )


def end(task, status):
    task.status, task.closed_at = status, timezone.now()
    task.save()


def fill(people):
    """Every look that a row can have, so that each is measured."""
    people.admin.role_grants.create(role="approver", granted_at=timezone.now())
    for minutes in (10, 40, 600):
        making.make_task(dies_earliest=timezone.now() + timedelta(minutes=minutes))
    making.make_task(token="")
    making.make_task(deadline_kind="none")
    execution = making.make_execution()
    for index in range(2):
        request = making.make_request(execution, iteration=f"Photos[{index}]")
        making.make_task(request, scheduled_event_id=10 + index)
    later = timezone.now() + timedelta(minutes=5)
    making.make_decision(waiting("held", hours=9), people.admin, send_after=later)
    for status in DecisionStatus:
        making.make_decision(waiting(status, hours=9), people.approver, status=status)
    for status in TaskStatus:
        is_open = status in OPEN_TASKS
        making.make_task(status=status, closed_at=None if is_open else timezone.now())
