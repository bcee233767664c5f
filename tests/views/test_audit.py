"""The audit list: every entry, for auditors and administrators only."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.utils import timezone

from callbacks.audit import append, triggers
from callbacks.models import AuditEntry, AuditPersonal
from tests import making
from tests.views.conftest import text_of

QUERIES = 16


@pytest.mark.parametrize(
    ("who", "status"), [("auditor", 200), ("admin", 200), ("operator", 403), ("approver", 403)]
)
def test_only_auditors_and_administrators_read_it(people, page_of, who, status):
    assert page_of(people[who], "/audit/").status_code == status


def test_an_entry_tells_what_who_and_about_what(people, page_of):
    task = making.make_task(headline="Refund 881")
    decision = making.make_decision(task, people.approver)
    entry(people.approver, decision=decision, facts={"direction": "approve"})
    page = page_of(people.auditor, "/audit/")
    words = text_of(page)
    assert "Answer given" in words
    assert "Refund 881" in words
    assert "approver on a page · 192.0.2.7" in words
    assert "direction approve" in words
    assert f'href="/decisions/{decision.pk}/"' in page.content.decode()


def test_a_kind_without_words_is_shown_as_it_is(people, page_of):
    entry(people.admin, kind="moon_landed")
    assert "moon landed" in text_of(page_of(people.auditor, "/audit/"))


def test_an_erased_name_leaves_the_number_of_the_person(people, page_of):
    entry(people.approver)
    AuditPersonal.objects.update(value="", salt="")
    page = text_of(page_of(people.auditor, "/audit/"))
    assert f"person {people.approver.pk} (name erased)" in page


def test_an_entry_that_somebody_else_wrote_is_marked(people, page_of):
    entry(people.approver)
    triggers.drop(connection)
    AuditEntry.objects.filter(kind="answer_decided").update(body='{"forged": true}')
    triggers.create(connection)
    assert "not an entry that Holdpoint wrote" in text_of(page_of(people.auditor, "/audit/"))


def test_the_page_tells_how_far_the_chain_reaches_and_claims_no_check(people, page_of):
    last = entry(people.approver)
    page = text_of(page_of(people.auditor, "/audit/"))
    end = AuditEntry.objects.get(chain_seq=last.chain_seq + 1)  # the reader's own sign-in
    assert f"{end.chain_seq} entries" in page
    assert end.entry_hash[:12] in page
    assert "This page does not check the chain." in page


@pytest.mark.parametrize("number", [3, 30])
def test_the_page_asks_the_same_number_of_queries_at_any_length(
    people, browser_of, django_assert_num_queries, number
):
    for _ in range(number):
        entry(people.approver, decision=making.make_decision(making.make_task()))
    browser = browser_of(people.auditor)
    with django_assert_num_queries(QUERIES):
        browser.get("/audit/")


def test_pages_follow_the_numbers_of_the_chain(people, page_of):
    for _ in range(55):
        entry(people.approver)
    first = page_of(people.auditor, "/audit/")
    second = page_of(
        people.auditor, "/audit/", before=first.context["next_url"].split("before=")[1]
    )
    numbers = [row.seq for page in (first, second) for row in page.context["rows"]]
    assert numbers == sorted(range(1, max(numbers) + 1), reverse=True)


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "1e3", "²"])
def test_a_damaged_place_in_the_list_is_a_bad_request(people, page_of, before):
    assert page_of(people.auditor, "/audit/", before=before).status_code == 400


def test_each_filter_keeps_only_what_it_names(people, page_of):
    decision = making.make_decision(making.make_task())
    one = entry(people.approver, decision=decision)
    two = entry(people.admin, kind="answer_lost")
    assert numbers_of(page_of(people.auditor, "/audit/", kind="answer_lost")) == [two.chain_seq]
    assert numbers_of(page_of(people.auditor, "/audit/", about=str(decision.pk))) == [one.chain_seq]
    assert one.chain_seq in numbers_of(page_of(people.auditor, "/audit/", person="approver"))
    assert two.chain_seq not in numbers_of(page_of(people.auditor, "/audit/", person="approver"))


def test_times_are_utc_whatever_the_reader_has_set(people, page_of):
    people.auditor.time_zone = "Asia/Kolkata"
    people.auditor.save()
    made = entry(people.approver)
    assert f"{made.at:%H:%M:%S}" in text_of(page_of(people.auditor, "/audit/"))


def entry(user, *, kind="answer_decided", decision=None, facts=None):
    with transaction.atomic():
        return append(
            kind=kind,
            now=timezone.now(),
            actor=making.make_actor(user),
            decision_id=decision.pk if decision else None,
            task_id=decision.task_id if decision else None,
            facts=facts or {},
        )


def numbers_of(response):
    return [row.seq for row in response.context["rows"]]
