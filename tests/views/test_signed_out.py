"""A session that ends in mid-answer: nothing is decided, and no text is lost."""

from __future__ import annotations

import pytest

from callbacks.models import Decision, Draft
from tests import making
from tests.views.answering import INTO_ANSWER, answer_url, form_fields, hidden, post_answer, typed
from tests.views.conftest import text_of

LOGIN = "/accounts/login/"


@pytest.fixture
def task(people):
    return making.make_task(headline="Charge 2,480.00 €")


def sign_in(client, username="approver", password=making.PASSWORD, **fields):
    return client.post(LOGIN, {"username": username, "password": password, **fields})


def kept_fields(response):
    names = ("kept_task", "kept_output", "kept_error", "kept_cause", "kept_reason", "next")
    page = response.content.decode()
    return {name: hidden(response, name) for name in names if f'name="{name}"' in page}


def test_an_answer_without_session_decides_nothing_and_says_so(client, task):
    answer = post_answer(client, task, output='{"mine": 1}')
    assert answer.status_code == 401
    assert "You were signed out" in text_of(answer)
    assert "Nothing was sent" in text_of(answer)
    assert not Decision.objects.exists()
    assert not Draft.objects.exists()


def test_it_shows_nothing_of_the_request(client, task):
    assert "2,480.00" not in text_of(post_answer(client, task))


def test_the_text_comes_back_after_signing_in(client, task):
    out = post_answer(client, task, output='{\r\n"mine": 1}', reason='He said "yes" & left.')
    answer = sign_in(client, **kept_fields(out))
    assert answer["Location"] == f"/tasks/{task.pk}/"
    page = client.get(answer["Location"])
    assert typed(page, "output") == '{\n"mine": 1}'
    assert typed(page, "reason") == 'He said "yes" & left.'
    assert not Decision.objects.exists()


def test_a_wrong_password_keeps_the_text(client, task):
    out = post_answer(client, task, output='{"mine": 1}')
    again = sign_in(client, password="wrong", **kept_fields(out))
    assert again.status_code == 422
    assert kept_fields(again)["kept_output"] == '{"mine": 1}'


def test_in_place_of_the_form_comes_the_way_to_sign_in(client, task):
    answer = client.post(answer_url(task), form_fields(task, reason="Mine."), headers=INTO_ANSWER)
    assert answer.status_code == 401
    assert b"<!doctype" not in answer.content
    assert hidden(answer, "kept_reason") == "Mine."


def test_a_draft_without_session_is_refused(client, task):
    assert client.post(f"/tasks/{task.pk}/draft/", {"output": "{"}).status_code == 401
    assert not Draft.objects.exists()


def test_who_signed_in_again_in_another_tab_keeps_the_text_too(client, task, people):
    kept = kept_fields(post_answer(client, task, output='{"mine": 1}'))
    client.force_login(people.approver)
    assert sign_in(client, **kept)["Location"] == f"/tasks/{task.pk}/"
    assert Draft.objects.get(user=people.approver).output == '{"mine": 1}'


def test_somebody_who_may_not_see_the_request_gets_none_of_it(client, people):
    task = making.make_task(policy=making.make_policy(team="finance"))
    kept = kept_fields(post_answer(client, task, output='{"mine": 1}'))
    answer = sign_in(client, **{**kept, "next": "/"})
    assert answer["Location"] == "/"
    assert not Draft.objects.exists()


def test_a_damaged_kept_number_is_refused(client, people):
    assert sign_in(client, kept_task="no id", kept_output="x").status_code == 400


def test_a_refused_form_check_gives_the_text_back(people, browser_of, task):
    browser = browser_of(people.approver, enforce_csrf_checks=True)
    answer = post_answer(browser, task, output='{"mine": 1}')
    assert answer.status_code == 403
    assert '{"mine": 1}' in text_of(answer)
    assert not Decision.objects.exists()


def test_a_refused_form_check_leaves_the_open_form_in_its_place(people, browser_of, task):
    browser = browser_of(people.approver, enforce_csrf_checks=True)
    answer = post_answer(browser, task, htmx=True)
    assert answer.status_code == 403
    assert answer["HX-Reswap"] == "afterbegin"
