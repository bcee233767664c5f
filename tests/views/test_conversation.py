"""Comments, claims and hand-overs on the pages of a request."""

import uuid
from typing import Any

import pytest

from callbacks.models import CallbackTask, Claim, Comment
from callbacks.queries import conversation
from tests import making
from tests.views.answering import hidden

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> CallbackTask:
    return making.make_task()


def write(browser: Any, task: CallbackTask, text: str) -> Any:
    form = {"comment_id": str(uuid.uuid4()), "text": text}
    return browser.post(f"/tasks/{task.pk}/comments/", form)


def page(browser: Any, task: CallbackTask, **query: str) -> str:
    return browser.get(f"/tasks/{task.pk}/", query).content.decode()


def test_others_read_what_was_written(people: Any, browser_of: Any, task: CallbackTask) -> None:
    response = write(browser_of(people.approver), task, "Is <b>this</b> right?")
    assert (response.status_code, response["Location"]) == (303, f"/tasks/{task.pk}/#conversation")
    for view in ("plain", "technical"):
        text = page(browser_of(people.auditor), task, view=view)
        assert "Is &lt;b&gt;this&lt;/b&gt; right?" in text


def test_what_cannot_be_kept_is_shown_again(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    response = write(browser_of(people.approver), task, "long " * 2_001)
    assert response.status_code == 422
    assert "long long" in response.content.decode()
    assert not Comment.objects.exists()


def test_auditors_do_not_write(people: Any, browser_of: Any, task: CallbackTask) -> None:
    assert write(browser_of(people.auditor), task, "Hm.").status_code == 403


def test_nobody_writes_about_what_they_may_not_see(people: Any, browser_of: Any) -> None:
    hidden = making.make_task(policy=making.make_policy(team="legal"))
    assert write(browser_of(people.approver), hidden, "Hm.").status_code == 404


def test_others_see_who_is_on_it(people: Any, browser_of: Any, task: CallbackTask) -> None:
    browser_of(people.approver).post(f"/tasks/{task.pk}/claim/", {"do": "take"})
    other = browser_of(people.approver2)
    assert "approver is on it since" in page(other, task)
    assert "hand-stop" in other.get("/").content.decode()
    other.post(f"/tasks/{task.pk}/claim/", {"do": "let_go"})
    assert not Claim.objects.exists()


def test_a_hand_over_names_its_giver_and_the_note(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    form = {"to": people.approver2.username, "note": "Your customer."}
    browser_of(people.approver).post(f"/tasks/{task.pk}/hand-over/", form)
    text = page(browser_of(people.approver2), task)
    assert "approver handed this to approver2" in text
    assert "Your customer." in text


def test_a_hand_over_to_who_may_not_answer_is_refused_with_the_note(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    form = {"to": people.auditor.username, "note": "Please look."}
    response = browser_of(people.approver).post(f"/tasks/{task.pk}/hand-over/", form)
    assert response.status_code == 422
    assert "Please look." in response.content.decode()


def test_auditors_are_offered_no_form(people: Any, browser_of: Any, task: CallbackTask) -> None:
    text = page(browser_of(people.auditor), task)
    assert "comments/" not in text
    assert "hand-over/" not in text


def test_taking_over_is_asked_about(people: Any, browser_of: Any, task: CallbackTask) -> None:
    browser_of(people.approver).post(f"/tasks/{task.pk}/claim/", {"do": "take"})
    other = browser_of(people.approver2)
    response = other.post(f"/tasks/{task.pk}/claim/", {"do": "take"})
    assert response.status_code == 409
    assert "approver is on it since" in response.content.decode()
    other.post(f"/tasks/{task.pk}/claim/", {"do": "take_over"})
    assert Claim.objects.get().user == people.approver2


def test_handing_over_somebody_elses_is_asked_about_with_what_was_typed(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    browser_of(people.approver).post(f"/tasks/{task.pk}/claim/", {"do": "take"})
    other = browser_of(people.approver2)
    form = {"to": people.approver2.username, "note": "Mine, I think."}
    response = other.post(f"/tasks/{task.pk}/hand-over/", form)
    assert response.status_code == 409
    asked = {name: hidden(response, name) for name in form}
    assert asked == form
    other.post(f"/tasks/{task.pk}/hand-over/", {**asked, "do": "take_over"})
    assert Claim.objects.get().user == people.approver2


def test_comments_and_answers_stand_in_the_order_of_time(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    write(browser_of(people.approver), task, "Before it.")
    making.make_decision(task, people.approver2, reason="Fine.", status="withdrawn")
    write(browser_of(people.approver), task, "After it.")
    text = page(browser_of(people.approver), task).split('id="conversation"', 1)[1]
    places = [text.index(words) for words in ("Before it.", "“Fine.”", "After it.")]
    assert places == sorted(places)


def test_the_inbox_says_on_top_what_was_handed_to_me(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    form = {"to": "finance", "note": "Your customer."}
    browser_of(people.approver).post(f"/tasks/{task.pk}/hand-over/", form)
    text = browser_of(people.approver2).get("/").content.decode()
    assert "Handed to you" in text
    assert "approver handed this to finance" in text
    assert "Your customer." in text
    assert "Handed to you" not in browser_of(people.approver).get("/").content.decode()


def test_what_has_ended_keeps_nothing_that_waits_off_the_top_of_the_inbox(
    people: Any, browser_of: Any, task: CallbackTask, monkeypatch: Any
) -> None:
    monkeypatch.setattr(conversation, "MOST_HANDED", 1)
    ended = making.make_task()
    for one in (task, ended):
        form = {"to": "finance", "note": f"About {one.pk}."}
        browser_of(people.approver).post(f"/tasks/{one.pk}/hand-over/", form)
    CallbackTask.objects.filter(pk=ended.pk).update(status="answered")
    assert f"About {task.pk}." in browser_of(people.approver2).get("/").content.decode()


def test_a_list_can_be_of_what_i_am_on(people: Any, browser_of: Any, task: CallbackTask) -> None:
    other = making.make_task(headline="of nobody")
    browser = browser_of(people.approver)
    browser.post(f"/tasks/{task.pk}/claim/", {"do": "take"})
    for place in ("/", "/waiting/"):
        text = browser.get(place, {"on_it": "me"}).content.decode()
        assert f"/tasks/{task.pk}/" in text
        assert f"/tasks/{other.pk}/" not in text
