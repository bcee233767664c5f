"""The inbox: whose it shows, in which order, what its polls tell."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import CallbackTask, ConnectionHealth, DecisionStatus, TaskStatus
from tests import making
from tests.views.conftest import elements, poll_query, text_of

PAGE_QUERIES = 13
POLL_QUERIES = 13


def test_an_approver_sees_what_waits_for_them_and_their_teams(people, page_of):
    making.make_task(headline="for everybody")
    making.make_task(headline="for finance", policy=making.make_policy(team="finance"))
    making.make_task(headline="for legal", policy=making.make_policy("Legal", team="legal"))
    page = text_of(page_of(people.approver2, "/"))
    assert "for everybody" in page
    assert "for finance" in page
    assert "for legal" not in page


def test_nothing_waits_for_somebody_who_may_not_answer(people, page_of):
    making.make_task(headline="Refund 881")
    page = text_of(page_of(people.operator, "/"))
    assert "Refund 881" not in page
    assert "answered by people with the role approver" in page


def test_what_dies_soonest_stands_first(people, page_of):
    later, sooner = task_in(hours=5), task_in(hours=2)
    assert rows(page_of(people.approver, "/")) == [sooner, later]


def test_the_longest_waiting_can_stand_first(people, page_of):
    young, old = task_in(hours=1, waited=1), task_in(hours=2, waited=50)
    assert rows(page_of(people.approver, "/", order="oldest")) == [old, young]


@pytest.mark.parametrize("number", [3, 30])
def test_the_page_asks_the_same_number_of_queries_at_any_length(
    people, browser_of, django_assert_num_queries, number
):
    for count in range(number):
        making.make_decision(task_in(hours=2 + count), people.approver2)
    browser = browser_of(people.approver)
    with django_assert_num_queries(PAGE_QUERIES):
        browser.get("/")


def test_fifty_policies_cost_no_query_more(people, browser_of, django_assert_num_queries):
    team = making.make_team("finance")
    people.approver.groups.add(team)
    for number in range(50):
        making.make_task(policy=making.make_policy(f"Rule {number}", team="finance"))
    browser = browser_of(people.approver)
    with django_assert_num_queries(PAGE_QUERIES):
        browser.get("/")


@pytest.mark.parametrize("number", [1, 8])
def test_what_was_handed_over_costs_one_query_more_however_much_it_is(
    people, browser_of, django_assert_num_queries, number
):
    for count in range(number):
        making.make_claim(task_in(hours=2 + count), people.approver, by=people.approver2)
    browser = browser_of(people.approver)
    with django_assert_num_queries(PAGE_QUERIES + 1):
        browser.get("/")


@pytest.mark.parametrize("number", [3, 30])
def test_a_poll_asks_the_same_number_of_queries_at_any_length(
    people, browser_of, django_assert_num_queries, number
):
    for count in range(number):
        task_in(hours=2 + count)
    browser = browser_of(people.approver)
    query = poll_query(browser.get("/")) | {"since": "old"}
    with django_assert_num_queries(POLL_QUERIES):
        browser.get("/", query, headers={"HX-Request": "true"})


def test_pages_follow_each_other_without_gap_or_repeat(people, page_of):
    moment = timezone.now() + timedelta(hours=3)
    made = {making.make_task(dies_earliest=moment).pk for _ in range(55)}
    first = page_of(people.approver, "/")
    second = page_of(people.approver, "/", cursor=first.context["next_url"].split("cursor=")[1])
    shown = [uuid.UUID(one.id) for page in (first, second) for one in page.context["entries"]]
    assert len(shown) == 55
    assert set(shown) == made
    assert second.context["next_url"] == ""


@pytest.mark.parametrize(
    "cursor", ["x", "1-2", "9" * 18 + "-" + "0" * 32, "9" * 17 + "-" + "0" * 31, "1-" + "0" * 33]
)
def test_a_damaged_place_in_the_list_is_a_bad_request(people, page_of, cursor):
    assert page_of(people.approver, "/", cursor=cursor).status_code == 400


def test_each_filter_keeps_only_what_it_names(people, page_of):
    one = task_in(hours=2, headline="Refund 120 to Ingrid")
    other = task_in(minutes=30, headline="Charge 9")
    assert rows(page_of(people.approver, "/", q="ingrid refund")) == [one]
    assert rows(page_of(people.approver, "/", due="1h")) == [other]
    assert rows(page_of(people.approver, "/", connection=str(one.connection_id))) == [one]
    assert rows(page_of(people.approver, "/", state_machine=other.state_machine_name)) == [other]
    assert rows(page_of(people.approver, "/", state="Review", q="nobody")) == []


@pytest.mark.parametrize(
    "word", ["881-2047", "Grüße", "ünïcode", '"quoted"', "back\\slash", "100%"]
)
def test_words_are_found_in_the_key_fields(people, page_of, word):
    found = task_in(hours=2, key_fields=[["Note", f"a {word} b"]])
    task_in(hours=3)
    assert rows(page_of(people.approver, "/", q=word)) == [found]


def test_a_search_text_that_no_database_takes_harms_nothing(people, page_of):
    assert page_of(people.approver, "/", q="a\0b" + "x" * 5000).status_code == 200


def test_every_applied_filter_is_a_link_to_the_address_without_it(people, page_of):
    page = page_of(people.approver, "/", q="zzz", due="1h")
    assert [chip.url for chip in page.context["chips"]] == ["/?q=zzz", "/?due=1h"]
    assert "No request matches these filters" in text_of(page)


def test_what_nothing_ever_ends_can_be_listed_by_itself(people, page_of):
    making.make_task(headline="Hangs for ever", deadline_kind="none")
    making.make_task(headline="Ends some day")
    page = page_of(people.approver, "/", due="never")
    text = text_of(page)
    assert "Hangs for ever" in text
    assert "Ends some day" not in text
    assert "no time limit" in text


def test_items_of_one_map_stand_under_one_heading_in_their_order(people, page_of):
    execution = making.make_execution()
    for index in (2, 0, 1):
        request = making.make_request(execution, iteration=f"Photos[{index}]")
        making.make_task(request, scheduled_event_id=10 + index, key_fields=[["Id", f"p{index}"]])
    page = page_of(people.approver, "/")
    assert len(elements(page, "batch-")) == 1
    words = text_of(page)
    assert "3 items" in words
    assert words.index("Item 1 · p0") < words.index("Item 2 · p1") < words.index("Item 3 · p2")


def test_an_item_shows_the_value_that_its_neighbours_do_not_have(people, page_of):
    execution = making.make_execution()
    for index, sku in enumerate(("A-7", "B-1")):
        request = making.make_request(execution, iteration=f"Lines[{index}]")
        fields = [["Order", "17"], ["Sku", sku]]
        making.make_task(request, scheduled_event_id=10 + index, key_fields=fields)
    words = text_of(page_of(people.approver, "/"))
    assert "Item 1 · A-7" in words
    assert "Item 2 · B-1" in words


@pytest.mark.parametrize(
    ("left", "badge"),
    [
        (timedelta(minutes=14), "Dies soon"),
        (timedelta(minutes=40), "Due soon"),
        (timedelta(hours=2), "Waiting"),
    ],
)
def test_a_row_says_how_urgent_it_is(people, page_of, left, badge):
    making.make_task(dies_earliest=timezone.now() + left)
    assert badges(page_of(people.approver, "/")) == [badge]


def test_a_row_whose_token_is_missing_says_so(people, page_of):
    making.make_task(token="")
    assert badges(page_of(people.approver, "/")) == ["Cannot be answered"]


def test_a_row_without_deadline_says_how_long_it_can_wait(people, page_of):
    making.make_task(deadline_kind="none")
    page = page_of(people.approver, "/")
    assert badges(page) == ["No deadline"]
    assert "can wait until" in text_of(page)


def test_a_deadline_that_may_move_is_no_certainty(people, page_of):
    making.make_task(deadline_kind="range")
    assert "or later" in text_of(page_of(people.approver, "/"))


@pytest.mark.parametrize(
    ("status", "badge"),
    [
        (DecisionStatus.SENDING, "Sending"),
        (DecisionStatus.SENT, "Sent, being confirmed"),
        (DecisionStatus.UNKNOWN, "Outcome unknown"),
        (DecisionStatus.CONFIRMED, "Approved"),
    ],
)
def test_a_row_shows_how_its_answer_stands(people, page_of, status, badge):
    making.make_decision(making.make_task(), people.approver2, status=status)
    page = page_of(people.approver, "/")
    assert badges(page) == [badge]
    assert "approver2 answered: approve" in text_of(page)


def test_only_the_own_answer_on_hold_can_be_taken_back(people, page_of):
    later = timezone.now() + timedelta(seconds=40)
    own = making.make_decision(making.make_task(), people.approver, send_after=later)
    making.make_decision(making.make_task(), people.approver2, send_after=later)
    page = page_of(people.approver, "/")
    undo = [one.undo_url for one in page.context["entries"] if one.undo_url]
    assert undo == [f"/decisions/{own.pk}/withdraw/"]


# --- polls --------------------------------------------------------------------------------------
def test_a_poll_that_would_change_nothing_is_204(people, page_of):
    task_in(hours=200, waited=3000)
    query = poll_query(page_of(people.approver, "/"))
    assert page_of(people.approver, "/", htmx=True, **query).status_code == 204


def test_a_poll_brings_only_the_rows_that_changed(people, page_of):
    same, changed = task_in(hours=200, waited=3000), task_in(hours=300, waited=3000)
    query = poll_query(page_of(people.approver, "/"))
    close(changed, TaskStatus.ANSWERED)
    answer = page_of(people.approver, "/", htmx=True, **query)
    assert elements(answer, "task-") == [f"task-{changed.pk}"]
    assert badges(answer) == ["Answered elsewhere"]
    assert str(same.pk) not in answer.content.decode().split('id="poll-state"')[0]


def test_after_a_poll_told_a_change_the_next_one_is_204(people, page_of):
    task = task_in(hours=200, waited=3000)
    query = poll_query(page_of(people.approver, "/"))
    close(task, TaskStatus.STOPPED)
    query = poll_query(page_of(people.approver, "/", htmx=True, **query))
    assert page_of(people.approver, "/", htmx=True, **query).status_code == 204


def test_new_requests_wait_behind_a_pill_and_are_never_inserted(people, page_of):
    task_in(hours=200, waited=3000)
    query = poll_query(page_of(people.approver, "/"))
    task_in(hours=1), task_in(hours=2)
    answer = page_of(people.approver, "/", htmx=True, **query)
    assert "2 new requests · show" in text_of(answer)
    assert elements(answer, "task-") == []


def test_what_lies_beyond_an_open_page_is_not_new(people, page_of):
    for count in range(52):
        task_in(hours=100 + count, waited=3000)
    query = poll_query(page_of(people.approver, "/"))
    task_in(hours=900)
    answer = page_of(people.approver, "/", htmx=True, **query)
    assert "new request" not in text_of(answer)


def test_an_answer_of_a_colleague_changes_the_open_row(people, page_of):
    task = task_in(hours=200, waited=3000)
    query = poll_query(page_of(people.approver, "/"))
    making.make_decision(task, people.approver2, status=DecisionStatus.SENDING)
    answer = page_of(people.approver, "/", htmx=True, **query)
    assert "approver2 answered: approve" in text_of(answer)


def test_a_poll_tells_nothing_of_what_one_may_not_see(people, page_of):
    hidden = making.make_task(headline="secret", policy=making.make_policy(team="legal"))
    query = poll_query(page_of(people.approver, "/"))
    query |= {"seen": f"{hidden.pk.hex}~00000000", "since": "old"}
    assert "secret" not in page_of(people.approver, "/", htmx=True, **query).content.decode()


@pytest.mark.parametrize("seen", ["", "x", "~", "0" * 32 + "~zzzzzzzz", "0" * 32 + "~abcdef01"])
def test_a_poll_with_a_damaged_memory_still_answers(people, page_of, seen):
    answer = page_of(people.approver, "/", htmx=True, since="old", seen=seen)
    assert answer.status_code == 200


# --- fragments ----------------------------------------------------------------------------------
def test_htmx_gets_the_list_and_a_browser_the_page(people, page_of):
    whole, part = page_of(people.approver, "/"), page_of(people.approver, "/", htmx=True)
    assert "<html" in whole.content.decode()
    assert part.content.decode().strip().startswith('<section class="list" id="list"')
    assert "HX-Request" in part["Vary"]
    assert "no-store" in part["Cache-Control"]


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_a_boosted_or_restored_page_is_whole(people, browser_of, header):
    answer = browser_of(people.approver).get("/", headers={"HX-Request": "true", header: "true"})
    assert "<html" in answer.content.decode()


def test_the_chosen_request_of_the_address_is_marked_and_loaded(people, page_of):
    task = making.make_task()
    page = page_of(people.approver, "/", selected=str(task.pk)).content.decode()
    assert f'id="detail" hx-get="/tasks/{task.pk}/"' in page
    assert 'data-row aria-current="true"' in page


# --- empty --------------------------------------------------------------------------------------
def test_the_first_run_leads_an_administrator_to_the_first_request(people, page_of):
    page = text_of(page_of(people.admin, "/"))
    assert "Three steps to the first request" in page
    assert "python manage.py add_connection" in page


def test_somebody_else_is_told_that_nothing_is_connected(people, page_of):
    page = text_of(page_of(people.approver, "/"))
    assert "No AWS account is connected yet" in page
    assert "Three steps" not in page


def test_an_empty_inbox_tells_what_was_answered_today(people, page_of):
    task = making.make_task()
    making.make_decision(task, people.approver, status=DecisionStatus.CONFIRMED)
    close(task, TaskStatus.ANSWERED)
    page = text_of(page_of(people.approver, "/"))
    assert "Nothing is waiting for you" in page
    assert "1 answered today, the last one at" in page


def test_a_connection_that_was_never_read_is_named(people, page_of):
    making.make_connection("fresh")
    assert "fresh · eu-central-1 has not been read yet." in text_of(page_of(people.approver, "/"))


def test_what_was_read_stays_readable_while_aws_is_out_of_reach(people, page_of):
    task = making.make_task(headline="Refund 881")
    ConnectionHealth.objects.create(connection=task.connection, failing_since=timezone.now())
    page = text_of(page_of(people.approver, "/"))
    assert "cannot be read since" in page
    assert "Refund 881" in page


# --- hostile text -------------------------------------------------------------------------------
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7|add:7 }} {% csrf_token %}",
    "javascript:alert(1)",
    '" hx-get="/evil" hx-on:click="x()',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_workflow_is_only_text(people, page_of, text):
    making.make_task(headline=text, key_fields=[[text, text]], asked_by=text, iteration=text[:60])
    page = page_of(people.approver, "/")
    assert text in text_of(page)
    assert text not in page.content.decode() or "<" not in text + '"'


def test_characters_that_cannot_be_seen_become_visible(people, page_of):
    making.make_task(headline="pay\u202eexe.fdp", asked_by="a\u200bdmin")
    page = text_of(page_of(people.approver, "/"))
    assert "pay U+202E exe.fdp" in page
    assert "a U+200B dmin" in page


# --- helpers ------------------------------------------------------------------------------------
def task_in(*, hours=0, minutes=0, waited=9, **fields):
    now = timezone.now()
    at = now + timedelta(hours=hours, minutes=minutes)
    values = {"dies_earliest": at, "dies_latest": at, **fields}
    return making.make_task(waiting_since=now - timedelta(minutes=waited), **values)


def close(task, status):
    task.status, task.closed_at = status, timezone.now()
    task.changed_at = task.closed_at
    task.save()


def rows(response):
    made = [uuid.UUID(one.id) for one in response.context["entries"]]
    found = CallbackTask.objects.in_bulk(made)
    return [found[key] for key in made]


def badges(response):
    page = response.content.decode()
    return [
        part.split("</svg>", 1)[1].split("</span>", 1)[0].strip()
        for part in page.split('<span class="badge')[1:]
    ]
