"""The request page in a real browser: keys, drafts, faults, ended sessions, widths, axe."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from callbacks.models import Decision, DecisionStatus, Draft
from tests import making
from tests.journeys.conftest import PHONE, WIDE, faults, overflows
from tests.views.test_hostile_text import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROWEST = 320


def request_page(open_page, person, task, **options):
    return open_page(f"/tasks/{task.pk}/", person, **options)


def test_enter_in_a_field_never_sends(people, open_page, troubles):
    page = request_page(open_page, people.approver, making.make_task())
    page.fill("#output", "{}")
    page.get_by_role("button", name="Reject…").click()
    page.locator("#error").press("Enter")
    expect(page.locator("#answer-bar")).to_contain_text("Nothing was sent yet")
    assert not Decision.objects.exists()
    assert troubles.seen == []


def test_the_keys_a_r_and_e_only_move(people, open_page, troubles):
    people.approver.keys_enabled = True
    people.approver.save()
    page = request_page(open_page, people.approver, making.make_task())
    page.locator("h1").click()
    page.keyboard.press("a")
    expect(page.locator("#answer-bar button[value=approve]")).to_be_focused()
    page.keyboard.press("r")
    expect(page.locator("#answer-bar button[data-toggle=reject]")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("e")
    expect(page.locator("#output")).to_be_focused()
    assert not Decision.objects.exists()
    assert troubles.seen == []


def test_an_open_page_grows_old_before_the_eyes(people, open_page, troubles):
    task = making.make_task()
    task.execution.read_at = timezone.now()
    task.execution.save()
    page = request_page(open_page, people.approver, task)
    note = page.locator(".bar-top time[data-since]").first
    before = note.inner_text()
    expect(note).not_to_have_text(before)
    expect(note).to_have_text(re.compile("AWS read [1-9][0-9]* s ago"))
    assert troubles.seen == []


def test_a_mistake_is_told_at_its_field_and_has_the_focus(people, open_page):
    page = request_page(open_page, people.approver, making.make_task())
    page.fill("#output", '{"a": 1')
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("#output-error")).to_contain_text("Line 1, column 8")
    expect(page.locator("#output")).to_be_focused()
    expect(page.locator("#output")).to_have_value('{"a": 1')
    page.locator("#output").press("End")
    page.keyboard.type("}")
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("#undo")).to_be_visible()


def test_what_is_typed_is_kept_as_a_draft(people, open_page, troubles):
    task = making.make_task()
    page = request_page(open_page, people.approver, task)
    with page.expect_response("**/draft/"):
        page.locator("#output").press_sequentially('{"kept": true}')
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept")
    assert Draft.objects.get().output == '{"kept": true}'
    page.reload()
    expect(page.locator("#output")).to_have_value('{"kept": true}')
    assert troubles.seen == []


def test_a_session_that_ends_while_typing_costs_no_text(people, open_page):
    task = making.make_task()
    page = request_page(open_page, people.approver, task)
    page.fill("#output", '{"mine": 1}')
    page.fill("#reason", "Because.")
    page.context.clear_cookies(name="sessionid")
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("#answer")).to_contain_text("You were signed out")
    page.fill("#id_username", "approver")
    page.fill("#id_password", making.PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    expect(page.locator("#output")).to_have_value('{"mine": 1}')
    expect(page.locator("#reason")).to_have_value("Because.")
    assert not Decision.objects.exists()


def test_a_poll_takes_no_focus_away(people, open_page, troubles):
    page = request_page(open_page, people.approver, making.make_task())
    page.fill("#output", "{}")
    page.locator("#answer-bar button[value=approve]").click()
    page.locator("#undo").focus()
    with page.expect_response(re.compile("/decisions/.*since=")):
        pass
    expect(page.locator("#undo")).to_be_focused()
    assert troubles.seen == []


def test_the_focus_goes_to_the_panel_after_an_own_answer(people, open_page, troubles):
    page = request_page(open_page, people.approver, making.make_task())
    page.fill("#output", "{}")
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("#decision-title")).to_be_focused()
    assert troubles.seen == []


@pytest.mark.parametrize("width", [NARROWEST, PHONE, 820, WIDE])
@pytest.mark.parametrize("view", ["plain", "technical"])
def test_no_width_scrolls_the_page_sideways(people, open_page, troubles, width, view):
    long = json.dumps({"word": "W" * 256_000, "key" * 60: ["x" * 300]})
    task = making.make_task(
        headline="W" * 300,
        key_fields=[["L" * 60, "W" * 300]],
        input=long,
        context=long,
        parameters=long,
    )
    page = open_page(f"/tasks/{task.pk}/?view={view}", people.approver, width=width)
    assert not overflows(page)
    assert troubles.seen == []


def test_on_a_phone_the_clock_and_the_buttons_stay_in_sight(people, open_page, troubles):
    until = timezone.now() + timedelta(minutes=38)
    task = making.make_task(dies_earliest=until, dies_latest=until)
    page = request_page(open_page, people.approver, task, width=PHONE)
    page.locator("#reason").scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    for place in ("#request-strip", "#answer-bar"):
        expect(page.locator(place)).to_be_in_viewport(ratio=0.9)
    buttons = page.locator("#answer-bar button")
    assert all(box["height"] >= 44 for box in (one.bounding_box() for one in buttons.all()))
    assert troubles.seen == []


@pytest.mark.parametrize("view", ["plain", "technical"])
def test_b19_nothing_in_hostile_data_runs(people, open_page, troubles, view):
    data = json.dumps({text: text for text in HOSTILE} | {"__proto__": {"polluted": 1}})
    task = making.make_task(
        headline=HOSTILE[0],
        asked_by=HOSTILE[1],
        key_fields=[[text, text] for text in HOSTILE[:6]],
        input=data,
        context=data,
        parameters=data,
    )
    making.make_decision(
        task, people.approver, status=DecisionStatus.WITHDRAWN, output=HOSTILE[6].encode()
    )
    page = open_page(f"/tasks/{task.pk}/?view={view}", people.approver)
    for summary in page.locator("main details > summary:visible").all():
        summary.click()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("({}).polluted === undefined")
    assert troubles.seen == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_axe_finds_nothing_on_the_request(people, open_page, dark, width):
    until = timezone.now() + timedelta(minutes=38)
    task = making.make_task(
        deadline_kind="range", deadline_reason="heartbeat", dies_earliest=until, dies_latest=until
    )
    page = request_page(open_page, people.approver, task, dark=dark, width=width)
    assert faults(page) == []
    page.get_by_role("button", name="Reject…").click()
    page.fill("#output", "nonsense")
    page.locator("#reject button[value=reject]").click()
    expect(page.locator("#reason-error")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_on_the_technical_view_and_the_run(people, open_page, dark):
    task = making.make_task()
    page = open_page(f"/tasks/{task.pk}/?view=technical", people.approver, dark=dark)
    assert faults(page) == []
    page.goto(f"/executions/{task.execution_id}/")
    assert faults(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("status", DecisionStatus.values)
def test_axe_finds_nothing_on_a_decision(people, open_page, status, dark):
    later = timezone.now() + timedelta(minutes=5)
    decision = making.make_decision(
        making.make_task(),
        people.approver,
        status=status,
        send_after=later,
        outcome="timed_out" if status == "lost" else "access_denied",
        answer_code="AccessDeniedException",
    )
    page = open_page(f"/decisions/{decision.pk}/", people.approver, dark=dark)
    assert faults(page) == []
