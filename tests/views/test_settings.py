"""A person's own settings: each is kept by itself, and each change is on record."""

from __future__ import annotations

import json

import pytest

from callbacks.audit import AuditUnavailable
from callbacks.models import AuditEntry
from callbacks.people import PREFERENCES
from tests.views.conftest import text_of

QUERIES = 10


@pytest.mark.parametrize(
    ("field", "typed", "attribute", "kept"),
    [
        ("theme", "dark", "theme", "dark"),
        ("time_zone", "Europe/Oslo", "time_zone", "Europe/Oslo"),
        ("undo_seconds", "20", "undo_seconds", 20),
        ("keys", "on", "keys_enabled", True),
    ],
)
def test_one_setting_is_kept_and_the_others_stay(people, browser_of, field, typed, attribute, kept):
    before = settings_of(people.approver)
    browser_of(people.approver).post("/settings/", {field: typed})
    assert settings_of(people.approver) == before | {attribute: kept}


def test_a_change_is_on_record_and_no_change_is_not(people, browser_of):
    browser = browser_of(people.approver)
    browser.post("/settings/", {"theme": "dark", "keys": "off"})
    browser.post("/settings/", {"theme": "dark", "keys": "off"})
    entry = AuditEntry.objects.get(kind="preferences_changed")
    assert json.loads(entry.body)["facts"] == {"person": people.approver.pk, "theme": "dark"}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("theme", "pink"),
        ("time_zone", "Middle/Earth"),
        ("time_zone", "../../etc/passwd"),
        ("undo_seconds", "0"),
        ("undo_seconds", "-5"),
        ("undo_seconds", "99999"),
        ("keys", "maybe"),
    ],
)
def test_a_value_that_is_no_choice_is_refused_and_kept_on_the_page(
    people, browser_of, field, typed
):
    answer = browser_of(people.approver).post("/settings/", {field: typed})
    assert answer.status_code == 422
    assert field in answer.context["errors"]
    assert not AuditEntry.objects.filter(kind="preferences_changed").exists()


def test_what_was_typed_stays_beside_the_fault(people, browser_of):
    answer = browser_of(people.approver).post("/settings/", {"time_zone": "Middle/Earth"})
    assert 'value="Middle/Earth"' in answer.content.decode()
    assert "There is no such time zone." in text_of(answer)


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/waiting/", "/waiting/"),
        ("", "/settings/?saved=1"),
        ("https://evil.example/", "/settings/?saved=1"),
        ("//evil.example/", "/settings/?saved=1"),
        ("javascript:alert(1)", "/settings/?saved=1"),
    ],
)
def test_the_way_back_leads_nowhere_else(people, browser_of, asked, led_to):
    answer = browser_of(people.approver).post("/settings/", {"theme": "dark", "next": asked})
    assert answer.headers["Location"] == led_to


def test_the_theme_is_on_the_page_before_any_script(people, browser_of):
    browser = browser_of(people.approver)
    browser.post("/settings/", {"theme": "dark"})
    assert 'data-theme="dark"' in browser.get("/settings/").content.decode()


def test_without_the_record_there_is_no_change(people, browser_of, monkeypatch):
    def refuse(**_):
        raise AuditUnavailable("full")

    monkeypatch.setattr("callbacks.people.configuration_changed", refuse)
    with pytest.raises(AuditUnavailable):
        browser_of(people.approver).post("/settings/", {"theme": "dark"})
    assert fresh(people.approver).theme == ""


def test_the_page_asks_a_fixed_number_of_queries(people, browser_of, django_assert_num_queries):
    browser = browser_of(people.approver)
    with django_assert_num_queries(QUERIES):
        browser.get("/settings/")


def settings_of(user):
    return {name: getattr(fresh(user), name) for name in PREFERENCES}


def fresh(user):
    return type(user).objects.get(pk=user.pk)
