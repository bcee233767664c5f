"""Signing in and out: one message for every failure, a rest after many, and all of it recorded."""

from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from callbacks.audit import AuditUnavailable
from callbacks.models import AuditEntry, AuditPersonal
from tests import making
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def sign_in(client: Client, name: str, password: str = making.PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"username": name, "password": password, **more})


def kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("chain_seq").values_list("kind", flat=True))


def visible(response: HttpResponse, name: str) -> str:
    return response.content.decode().replace(name, "NAME")


def test_the_right_password_leads_to_where_one_wanted_to_go(people: Cast, client: Client) -> None:
    response = sign_in(client, "approver", next="/tasks/1/")
    assert (response.status_code, response["Location"]) == (302, "/tasks/1/")
    assert int(client.session["_auth_user_id"]) == people.approver.pk


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_nobody_is_led_to_another_site(client: Client, target: str) -> None:
    assert sign_in(client, "approver", next=target)["Location"] == settings.LOGIN_REDIRECT_URL


@pytest.mark.usefixtures("people")
def test_signing_in_gives_a_new_session(client: Client) -> None:
    session = client.session
    session["before"] = 1
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    sign_in(client, "approver")
    assert client.session.session_key != session.session_key


def test_name_password_and_closed_account_fail_with_the_same_words(
    people: Cast, client: Client
) -> None:
    people.stranger.is_active = False
    people.stranger.save()
    client.get(LOGIN)  # so that the form's token stands in each answer alike
    tries = [("approver", "wrong"), ("nobody", "wrong"), ("stranger", making.PASSWORD)]
    answers = [(sign_in(client, name, word), name) for name, word in tries]
    assert {answer.status_code for answer, _ in answers} == {422}
    texts = {_without_csrf(visible(answer, name)) for answer, name in answers}
    assert len(texts) == 1


def _without_csrf(text: str) -> str:
    start = text.index("csrfmiddlewaretoken")
    return text[:start] + text[text.index(">", start) :]


@pytest.mark.usefixtures("people")
def test_a_failed_try_keeps_the_name_and_not_the_password(client: Client) -> None:
    text = sign_in(client, "approver", "swordfish-swordfish").content.decode()
    assert 'value="approver"' in text
    assert "swordfish" not in text


@pytest.mark.usefixtures("people")
def test_many_failures_lock_out_even_the_right_password(client: Client) -> None:
    answers = [sign_in(client, "approver", "wrong") for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    locked = sign_in(client, "approver")
    assert (locked.status_code, locked["Retry-After"]) == (429, "300")
    assert "5 minutes" in locked.content.decode()


@pytest.mark.usefixtures("people")
def test_a_lock_out_leaves_other_people_alone(client: Client) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, "approver", "wrong")
    assert sign_in(client, "operator").status_code == 302


@pytest.mark.usefixtures("people")
def test_signing_in_and_out_is_recorded(people: Cast, client: Client) -> None:
    sign_in(client, "approver")
    client.post("/accounts/logout/")
    assert kinds() == ["signed_in", "signed_out"]
    entry = AuditEntry.objects.get(kind="signed_in")
    assert entry.actor_id == people.approver.pk
    values = dict(AuditPersonal.objects.filter(entry=entry).values_list("field", "value"))
    assert values == {"actor_name": "approver", "actor_address": "127.0.0.1"}


def test_signing_out_ends_the_session(browser_of: Any, people: Cast) -> None:
    browser = browser_of(people.approver)
    assert browser.post("/accounts/logout/").status_code == 302
    assert "_auth_user_id" not in browser.session


def test_a_link_signs_nobody_out(browser_of: Any, people: Cast) -> None:
    browser = browser_of(people.approver)
    assert browser.get("/accounts/logout/").status_code == 405
    assert "_auth_user_id" in browser.session


def test_a_failure_is_recorded_with_the_name_beside_the_chain(client: Client) -> None:
    sign_in(client, "mallory", "wrong")
    entry = AuditEntry.objects.get(kind="sign_in_failed")
    assert "mallory" not in entry.body
    assert AuditPersonal.objects.get(entry=entry, field="username").value == "mallory"


def test_tries_during_a_lock_out_do_not_fill_the_record(client: Client) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT + 3):
        sign_in(client, "mallory", "wrong")
    failures = settings.AXES_FAILURE_LIMIT
    assert sorted(kinds()) == ["locked_out"] + ["sign_in_failed"] * failures


@pytest.mark.usefixtures("people")
def test_a_sign_in_that_cannot_be_recorded_is_logged_and_happens(
    client: Client, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(**kwargs: Any) -> None:
        raise AuditUnavailable

    monkeypatch.setattr("callbacks.audit.signals.append", refuse)
    assert sign_in(client, "approver").status_code == 302
    assert "did not take signed_in" in caplog.text


def test_somebody_signed_in_needs_no_second_time(browser_of: Any, people: Cast) -> None:
    assert browser_of(people.approver).get(LOGIN).status_code == 302
