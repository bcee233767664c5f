"""Comments, claims and hand-overs on the pages of a request."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.conversation.presence import FRESH_FOR
from callbacks.models import CallbackTask, Claim, Comment, Presence, Role, User
from callbacks.queries import conversation
from callbacks.views.conversation_words import presence_words
from tests import making
from tests.views.answering import INTO_ANSWER, hidden

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


def test_a_hand_over_to_who_may_not_answer_is_refused_in_its_form_with_what_was_typed(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    form = {"to": people.auditor.username, "note": "Please look."}
    response = browser_of(people.approver).post(f"/tasks/{task.pk}/hand-over/", form)
    text = response.content.decode()
    assert response.status_code == 422
    assert f'name="to" list="hand-over-names" value="{people.auditor.username}"' in text
    assert 'name="note" value="Please look."' in text
    assert 'id="hand-over-to_error"' in text


def test_what_is_wrong_with_a_note_stands_at_the_note(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    form = {"to": people.approver2.username, "note": "long " * 201}
    response = browser_of(people.approver).post(f"/tasks/{task.pk}/hand-over/", form)
    text = response.content.decode()
    assert response.status_code == 422
    assert 'id="hand-over-note_error"' in text
    assert "long long" in text


def called(person: User, first: str, last: str) -> User:
    person.first_name, person.last_name = first, last
    person.save()
    return person


def test_the_request_leads_to_a_form_that_offers_who_may_answer(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    called(people.approver2, "Zoë", "Ng")
    making.make_person("fin", Role.APPROVER, teams=["finance"])
    browser = browser_of(people.approver)
    assert f'href="/tasks/{task.pk}/hand-over/"' in page(browser, task)
    text = browser.get(f"/tasks/{task.pk}/hand-over/").content.decode()
    assert '<option value="approver2">Zoë Ng</option>' in text
    assert '<option value="finance">Team</option>' in text
    assert 'value="auditor"' not in text


def test_the_form_offers_nobody_whom_the_policy_does_not_name(people: Any, browser_of: Any) -> None:
    task = making.make_task(policy=making.make_policy(team="legal"))
    giver = making.make_person("giver", Role.APPROVER, teams=["legal"])
    making.make_person("fin", Role.APPROVER, teams=["legal"])
    text = browser_of(giver).get(f"/tasks/{task.pk}/hand-over/").content.decode()
    assert '<option value="fin">' in text
    assert 'value="approver2"' not in text


def test_the_form_asks_as_often_for_sixty_people_as_for_three(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    browser, counts = browser_of(people.approver), []
    for most in (3, 60):
        for number in range(len(counts) * 3, most):
            making.make_person(f"p{number}", Role.APPROVER, teams=[f"team {number}"])
        with CaptureQueriesContext(connection) as queries:
            text = browser.get(f"/tasks/{task.pk}/hand-over/").content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert text.count("<option") == 100
    assert "And others, by their names." in text


@pytest.mark.parametrize("to", ["approver2", "APPROVER2", "Zoë Ng", "zoË nG", " Zoë Ng "])
def test_a_request_is_handed_to_a_person_by_any_name_that_pages_show(
    people: Any, browser_of: Any, task: CallbackTask, to: str
) -> None:
    called(people.approver2, "Zoë", "Ng")
    browser_of(people.approver).post(f"/tasks/{task.pk}/hand-over/", {"to": to, "note": ""})
    assert Claim.objects.get().user == people.approver2


@pytest.mark.parametrize("to", ["finance", "Finance"])
def test_a_request_is_handed_to_a_team_whatever_its_case(
    people: Any, browser_of: Any, task: CallbackTask, to: str
) -> None:
    making.make_person("fin", Role.APPROVER, teams=["finance"])
    browser_of(people.approver).post(f"/tasks/{task.pk}/hand-over/", {"to": to, "note": ""})
    assert Claim.objects.get().team.name == "finance"


def test_of_two_people_of_one_name_the_username_is_asked_for(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    called(people.approver2, "Zoë", "Ng")
    called(making.make_person("zoe", Role.APPROVER), "Zoë", "Ng")
    form = {"to": "Zoë Ng", "note": ""}
    response = browser_of(people.approver).post(f"/tasks/{task.pk}/hand-over/", form)
    assert response.status_code == 422
    assert "Several people are called" in response.content.decode()
    assert not Claim.objects.exists()


def test_a_username_never_means_somebody_else_who_is_called_so(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    called(people.approver2, "auditor", "")
    form = {"to": "auditor", "note": ""}
    response = browser_of(people.approver).post(f"/tasks/{task.pk}/hand-over/", form)
    assert response.status_code == 422
    assert not Claim.objects.exists()


def test_nobody_hands_over_what_waits_no_more_or_what_they_may_not_see(
    people: Any, browser_of: Any
) -> None:
    over = making.make_task(status="closed", closed_at=timezone.now())
    hidden_one = making.make_task(policy=making.make_policy(team="legal"))
    browser = browser_of(people.approver)
    text = browser.get(f"/tasks/{over.pk}/hand-over/").content.decode()
    assert "does not wait any more" in text
    assert 'name="to"' not in text
    assert browser.get(f"/tasks/{hidden_one.pk}/hand-over/").status_code == 404


def test_a_recipient_that_no_name_can_be_is_refused(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    form = {"to": "a\0b", "note": "Please look."}
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


def test_what_was_said_stays_when_an_answer_settles_beside_it(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    browser = browser_of(people.approver)
    write(browser, task, "Call me first.")
    decision = making.make_decision(task, people.approver, status="confirmed")
    url = f"/decisions/{decision.pk}/?since=sent.0.0."
    text = browser.get(url, headers=INTO_ANSWER).content.decode()
    assert 'id="request-facts"' in text
    assert "Nobody has written anything yet." not in text


# --- who else reads it -------------------------------------------------------------------------
def ping(browser: Any, task: CallbackTask, known: str = "") -> Any:
    return browser.post(f"/tasks/{task.pk}/presence/", {"known": known})


def test_people_with_a_request_open_see_who_else_reads_it(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    assert ping(browser_of(people.approver), task).status_code == 204
    response = ping(browser_of(people.approver2), task)
    assert "approver is reading this." in response.content.decode()


def test_a_ping_that_brings_no_news_is_204(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    ping(browser_of(people.approver), task)
    known = hidden(ping(browser_of(people.approver2), task), "known")
    assert ping(browser_of(people.approver2), task, known).status_code == 204


def test_who_has_left_is_not_named_for_long(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    ping(browser_of(people.approver), task)
    Presence.objects.update(at=timezone.now() - FRESH_FOR - timedelta(seconds=1))
    response = ping(browser_of(people.approver2), task, "approver is reading this.")
    assert "is reading this" not in response.content.decode()


def test_opening_the_page_alone_tells_nobody(
    people: Any, browser_of: Any, task: CallbackTask
) -> None:
    text = page(browser_of(people.approver), task)
    assert f'hx-post="/tasks/{task.pk}/presence/"' in text
    assert not Presence.objects.exists()


def test_who_may_not_see_a_request_learns_nothing_of_its_readers(
    people: Any, browser_of: Any
) -> None:
    task = making.make_task(policy=making.make_policy(users=[people.approver2]))
    assert ping(browser_of(people.approver), task).status_code == 404
    assert ping(browser_of(people.auditor), task).status_code == 403


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), ""),
        (("Ana",), "Ana is reading this."),
        (("Ana", "Ben", "Kofi"), "Ana, Ben and Kofi are reading this."),
        (("Ana", "Ben", "Kofi", "Lin"), "4 others are reading this."),
    ],
)
def test_readers_are_named_as_people_would(names: tuple[str, ...], words: str) -> None:
    assert presence_words(names) == words


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
