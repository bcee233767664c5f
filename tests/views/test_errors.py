"""Own pages for failures: what happened, what did not, what to do; nothing of the inside."""

from __future__ import annotations

import logging
import re
import uuid

import pytest
from django.test import Client

from tests import making
from tests.views.conftest import text_of

INSIDE = "a payload that nobody may see"


@pytest.fixture
def broken_inbox(monkeypatch):
    def fail(**_):
        raise RuntimeError(INSIDE)

    monkeypatch.setattr("callbacks.views.inbox.list_context", fail)


def test_a_page_of_another_role_names_who_is_signed_in(people, page_of):
    answer = page_of(people.approver, "/audit/")
    assert answer.status_code == 403
    assert "You are signed in as approver" in text_of(answer)


def test_somebody_without_a_role_opens_no_page(people, page_of):
    for path in ("/", "/waiting/", "/history/", "/settings/"):
        assert page_of(people.stranger, path).status_code == 403


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/nowhere/", "There is nothing here"),
        (f"/workflows/{uuid.UUID(int=7)}/", "There is nothing here"),
        (f"/tasks/{uuid.UUID(int=7)}/", "There is no request here"),
    ],
)
def test_an_unknown_address_is_an_own_page(people, page_of, path, says):
    answer = page_of(people.approver, path)
    assert answer.status_code == 404
    assert says in text_of(answer)


@pytest.mark.parametrize("path", ["/", "/waiting/", "/history/"])
def test_a_method_that_a_page_does_not_take_is_405_and_says_so(people, browser_of, path):
    answer = browser_of(people.approver).post(path)
    assert answer.status_code == 405
    assert "GET" in answer["Allow"]
    assert "Nothing was done" in text_of(answer)


def test_a_failure_gives_a_number_that_stands_in_the_log(people, browser_of, broken_inbox, caplog):
    with caplog.at_level(logging.ERROR, "callbacks.views.errors"):
        answer = browser_of(people.approver, raise_request_exception=False).get("/")
    assert answer.status_code == 500
    number = re.search(r"[0-9a-f]{4}-[0-9a-f]{4}", text_of(answer)).group()
    assert number in caplog.text


def test_a_failure_shows_nothing_of_its_inside(people, browser_of, broken_inbox):
    answer = browser_of(people.approver, raise_request_exception=False).get("/")
    assert INSIDE not in answer.content.decode()
    assert "RuntimeError" not in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/?cursor=x",
        "/waiting/?connection=x",
        "/waiting/?map_run=x",
        "/waiting/?cursor=x",
        "/history/?connection=x",
        "/workflows/?cursor=x",
        "/audit/?about=x",
        "/audit/?before=x",
    ],
)
def test_a_value_that_no_list_has_is_said_with_a_way_to_the_list_and_logged_in_a_line(
    people, page_of, caplog, address
):
    answer = page_of(people.admin, address)

    assert answer.status_code == 400
    assert "This address has a value that no list has" in text_of(answer)
    assert "your text" not in text_of(answer)
    path = address.partition("?")[0]
    assert f'href="{path}">The list without filters' in answer.content.decode()
    (line,) = [one for one in caplog.records if one.name == "django.request"]
    assert (line.getMessage(), line.exc_info) == (f"Bad Request: {path}", None)


@pytest.mark.parametrize(
    ("path", "status"), [("/audit/", 403), ("/nowhere/", 404), ("/?cursor=x", 400)]
)
def test_a_fragment_gets_a_line_and_no_page(people, browser_of, path, status):
    answer = browser_of(people.approver).get(path, headers={"HX-Request": "true"})
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_a_failing_fragment_quotes_the_number_too(people, browser_of, broken_inbox):
    browser = browser_of(people.approver, raise_request_exception=False)
    answer = browser.get("/", headers={"HX-Request": "true"})
    assert re.search(r"Quote [0-9a-f]{4}-[0-9a-f]{4} to", text_of(answer))


def test_a_form_that_grew_old_gives_back_what_was_typed(people):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people.approver)
    answer = browser.post("/settings/", {"reason": "Called <b>them</b>.", "password": "hush"})
    assert answer.status_code == 403
    assert "Called &lt;b&gt;them&lt;/b&gt;." in answer.content.decode()
    assert "hush" not in answer.content.decode()


def test_failures_are_not_kept_by_caches(people, page_of):
    for path in ("/audit/", "/nowhere/", "/?cursor=x"):
        assert "no-store" in page_of(people.approver, path)["Cache-Control"]


def test_a_stranger_is_led_to_the_sign_in_and_back(db):
    task = making.make_task()
    answer = Client().get(f"/?selected={task.pk}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/")


def test_the_kit_exists_in_development_only(people, page_of, settings):
    assert page_of(people.admin, "/kit/").status_code == 404
    settings.DEBUG = True
    assert "From click to proof" in text_of(page_of(people.admin, "/kit/"))
