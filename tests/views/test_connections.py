"""Connections: ages and counted figures; what nobody measured is absent."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import CallBudget, CallCount, ConnectionHealth, RescueKind
from callbacks.stepfunctions.rights import RIGHTS, IamRole
from tests import making
from tests.views.conftest import text_of

LIST_QUERIES = 17
PAGE_QUERIES = 22


@pytest.mark.parametrize(
    ("who", "status"), [("operator", 200), ("auditor", 200), ("admin", 200), ("approver", 403)]
)
def test_approvers_do_not_open_connections(people, page_of, who, status):
    one = making.make_connection()
    assert page_of(people[who], "/connections/").status_code == status
    assert page_of(people[who], f"/connections/{one.pk}/").status_code == status


def test_an_unknown_connection_is_not_found(people, page_of):
    assert page_of(people.admin, f"/connections/{uuid.uuid4()}/").status_code == 404


def test_what_was_not_measured_is_absent_and_not_zero(people, page_of):
    one = making.make_connection("fresh")
    page = text_of(page_of(people.admin, f"/connections/{one.pk}/"))
    assert "Not read yet" in page
    assert "No call has been counted yet." in page
    assert "Histories read" not in page


def test_map_runs_are_no_workflows_but_have_problems_of_their_own(people, page_of):
    parent = making.make_execution()
    making.make_map_run(parent, problem="AWS denied states:ListExecutions.")
    page = text_of(page_of(people.admin, f"/connections/{parent.connection_id}/"))
    assert "1, of which 1 can wait for an answer" in page
    assert "AWS denied states:ListExecutions." in page


def test_figures_of_the_last_pass_are_shown_as_counted(people, page_of):
    one = making.make_connection("prod")
    read(one, figures={"executions_listed": 31, "histories_read": 1842, "seconds": 1.25})
    page = text_of(page_of(people.admin, f"/connections/{one.pk}/"))
    assert "Runs listed 31" in page
    assert "Histories read 1,842" in page
    assert "Requests found" not in page


def test_calls_throttles_and_denials_are_summed_by_operation(people, page_of):
    one = making.make_connection("prod")
    for hours in (0, 1):
        count(one, "GetExecutionHistory", hours=hours, calls=700, throttles=3)
    count(one, "DescribeExecution", calls=4, denials=4)
    count(one, "ListExecutions", hours=30, calls=999)
    page = text_of(page_of(people.admin, f"/connections/{one.pk}/"))
    assert "GetExecutionHistory 1,400 6 0" in page
    assert "DescribeExecution 4 0 4" in page
    assert "999" not in page


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"read": 4}, "Up to date"),
        ({"read": 400}, "Late"),
        ({"read": 4, "throttled": 4}, "Slowed by AWS"),
        ({"read": 400, "throttled": 4}, "Slowed by AWS"),
        ({"read": 400, "throttled": 4000}, "Late"),
        ({"read": 400, "failing": 300}, "Cannot be read"),
        ({}, "Not read yet"),
    ],
)
def test_the_state_is_judged_by_what_was_seen(people, page_of, fields, word):
    now = timezone.now()
    ago = {name: now - timedelta(seconds=seconds) for name, seconds in fields.items()}
    read(
        making.make_connection(),
        read_ok_at=ago.get("read"),
        failing_since=ago.get("failing"),
        throttled_at=ago.get("throttled"),
    )
    assert word in text_of(page_of(people.operator, "/connections/"))


DENIED = "45 runs cannot be read: AWS denied states:GetExecutionHistory."


def test_one_that_has_an_error_is_not_called_up_to_date(people, page_of):
    one = making.make_connection("prod")
    read(one, read_ok_at=timezone.now(), error_code="denied", error_message=DENIED)
    page = text_of(page_of(people.operator, f"/connections/{one.pk}/"))
    assert f"Not up to date: {DENIED}" in page
    assert f"Not up to date {DENIED}" in text_of(page_of(people.operator, "/connections/"))


def test_every_page_says_why_a_connection_that_is_denied_is_late(people, page_of):
    old = timezone.now() - timedelta(seconds=400)
    read(making.make_connection("prod"), read_ok_at=old, error_code="denied", error_message=DENIED)
    assert DENIED in text_of(page_of(people.approver, "/"))


def test_the_cause_of_a_failure_is_shown_in_aws_words(people, page_of):
    one = making.make_connection("prod")
    read(one, failing_since=timezone.now(), error_code="ExpiredToken", error_message="It ended.")
    assert "Cannot be read It ended." in text_of(page_of(people.operator, "/connections/"))
    page = text_of(page_of(people.operator, f"/connections/{one.pk}/"))
    assert "ExpiredToken · It ended." in page


def test_a_connection_that_is_denied_says_so_and_how_many_rights_are_missing(people, page_of):
    one = making.make_connection("prod")
    count(one, "ListStateMachines", calls=3, denials=3)
    read(
        one,
        failing_since=timezone.now(),
        error_code="denied",
        error_message="AWS denied states:ListStateMachines.",
    )
    page = text_of(page_of(people.operator, "/connections/"))
    assert "Denied by AWS AWS denied states:ListStateMachines." in page
    assert "1 missing" in page


def test_a_role_that_is_denied_is_a_denial(people, page_of):
    told = "AWS denied sts:AssumeRole on arn:aws:iam::1:role/reader: check the role's trust policy."
    one = making.make_connection("prod")
    read(one, failing_since=timezone.now(), error_code="role_denied", error_message=told)
    page = text_of(page_of(people.operator, f"/connections/{one.pk}/"))
    assert "Denied by AWS" in page
    assert told in page


def test_while_the_role_is_denied_no_right_is_called_not_tried(people, page_of):
    one = making.make_connection("prod")
    read(
        one, failing_since=timezone.now(), error_code="role_denied", error_message="AWS denied it."
    )
    count(one, "ListExecutions", calls=400)
    assert "not now: the role cannot be assumed" in text_of(
        page_of(people.operator, "/connections/")
    )
    page = text_of(page_of(people.operator, f"/connections/{one.pk}/"))
    assert "None can be used now: the role cannot be assumed" in page
    assert "ListExecutions Not now" in page


def test_one_that_is_switched_off_says_what_that_means(people, page_of):
    read(making.make_connection(is_enabled=False))
    page = text_of(page_of(people.operator, "/connections/"))
    assert "Switched off nothing is read, no answer is taken" in page


def test_one_whose_passes_take_longer_than_their_interval_is_slow(people, page_of, settings):
    settings.SYNC_INTERVAL_SECONDS = 10
    now = timezone.now()
    took = [[round(now.timestamp()), seconds, ""] for seconds in (1, 1, 1, 17, 16, 18, 2, 19)]
    read(making.make_connection("slow"), passes=took, pass_finished_at=now)
    read(making.make_connection("quick"), passes=took[:5], pass_finished_at=now)
    page = text_of(page_of(people.operator, "/connections/"))
    assert "Slow a pass takes 17 s" in page
    assert page.count("Up to date") == 1


def test_one_whose_passes_have_stopped_says_since_when(people, page_of):
    ended = timezone.now() - timedelta(minutes=20)
    read(making.make_connection(), read_ok_at=ended, pass_finished_at=ended)
    page = text_of(page_of(people.operator, "/connections/"))
    assert "Late no pass has ended since" in page


def test_what_waits_for_aws_says_that_aws_answers_slowly(people, page_of):
    ended = timezone.now() - timedelta(minutes=20)
    figures = {"slowest_answer": 20.1}
    one = making.make_connection()
    read(one, read_ok_at=ended, pass_finished_at=ended, figures=figures)
    read(making.make_connection(), read_ok_at=None, pass_finished_at=None, figures=figures)
    page = text_of(page_of(people.operator, "/connections/"))
    slowly = "AWS answers slowly, a call has waited 20 s"
    assert f"the first pass is under way: {slowly}" in page
    page = text_of(page_of(people.operator, f"/connections/{one.pk}/"))
    assert re.search(rf"Late: no pass has ended since [^:]*:?[^:]*: {slowly}", page)


def test_a_connection_that_aws_slows_down_says_which_api(people, page_of):
    one, now = making.make_connection(), timezone.now()
    read(one, throttled_at=now, pass_finished_at=now)
    values = {"connection": one, "level": 0, "at": now}
    CallBudget.objects.create(operation="ListExecutions", throttled_at=now, **values)
    CallBudget.objects.create(operation="GetExecutionHistory", **values)
    long_ago = now - timedelta(hours=1)
    CallBudget.objects.create(operation="DescribeExecution", throttled_at=long_ago, **values)
    page = text_of(page_of(people.operator, f"/connections/{one.pk}/"))
    assert "Slowed by AWS: ListExecutions, last at" in page


def test_many_lists_say_why_each_is_looked_at_seldom_and_what_helps(people, page_of, settings):
    settings.SYNC_INTERVAL_SECONDS, settings.SYNC_QUOTA_SHARE = 5, 0.5
    one = making.make_connection(region="eu-central-2")
    figures = {"lists": 45, "look_seconds": 60.0}
    now = timezone.now()
    seen = read(one, read_ok_at=now - timedelta(seconds=80), pass_finished_at=now, figures=figures)
    said = (
        "45 lists share 0.75 calls a second for looks: the quietest are looked at about every "
        "1 min. A larger SYNC_QUOTA_SHARE makes that shorter"
    )
    page = text_of(page_of(people.operator, f"/connections/{one.pk}/"))
    assert f"Up to date: {said}" in page
    assert "late from 1 min on" in page
    seen.figures = {"lists": 45, "look_seconds": 600.0}
    seen.read_ok_at = now - timedelta(seconds=500)
    seen.save()
    said = said.replace("1 min", "10 min")
    assert f"Late: {said}" in text_of(page_of(people.operator, f"/connections/{one.pk}/"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "Late passes end, but what has changed is not all read"),
        ({"machines_behind": 3}, "Late 3 workflows not looked at for minutes"),
    ],
)
def test_data_that_is_older_than_any_turn_of_the_lists_is_not_explained_by_it(
    people, page_of, settings, more, said
):
    settings.SYNC_INTERVAL_SECONDS = 5
    now = timezone.now()
    figures = {"lists": 45, "look_seconds": 16.0, **more}
    old = now - timedelta(minutes=40)
    read(making.make_connection(), read_ok_at=old, pass_finished_at=now, figures=figures)
    page = text_of(page_of(people.operator, "/connections/"))
    assert said in page
    assert "calls a second" not in page


@pytest.mark.parametrize(("turn", "state"), [(304.0, "Up to date"), (10_000.0, "Late")])
def test_much_that_waits_says_how_seldom_it_is_read_again(people, page_of, settings, turn, state):
    """The age is stated, and no banner warns of it on every page for as long as so much waits."""
    settings.SYNC_INTERVAL_SECONDS, settings.SYNC_QUOTA_SHARE = 5, 0.5
    now = timezone.now()
    figures = {"lists": 13, "look_seconds": 6.9, "reread_seconds": turn}
    one = making.make_connection(region="us-east-1")
    read(one, read_ok_at=now - timedelta(seconds=turn), pass_finished_at=now, figures=figures)
    page = text_of(page_of(people.operator, "/connections/"))
    assert f"{state} What waits is read again in turn, at 10 calls a second" in page
    assert "may be answered already" not in page


def test_a_turn_excuses_no_data_that_is_older(people, page_of, settings):
    settings.SYNC_INTERVAL_SECONDS = 5
    now = timezone.now()
    old = now - timedelta(minutes=40)
    one = making.make_connection()
    read(one, read_ok_at=old, pass_finished_at=now, figures={"reread_seconds": 304.0})
    page = text_of(page_of(people.operator, "/connections/"))
    assert "Late passes end, but what has changed is not all read" in page
    assert "may be answered already" in page


def test_a_few_lists_need_no_word(people, page_of, settings):
    settings.SYNC_INTERVAL_SECONDS = 5
    figures = {"lists": 10, "look_seconds": 5.3}
    read(making.make_connection(), pass_finished_at=timezone.now(), figures=figures)
    assert "calls a second" not in text_of(page_of(people.operator, "/connections/"))


def test_a_late_one_whose_passes_end_says_that_something_is_not_read(people, page_of):
    now = timezone.now()
    read(making.make_connection(), read_ok_at=now - timedelta(minutes=9), pass_finished_at=now)
    page = text_of(page_of(people.operator, "/connections/"))
    assert "Late passes end, but what has changed is not all read" in page


def test_the_list_counts_the_rights_that_were_seen(people, page_of):
    """As the connection's own page does, for each connection alone."""
    used, other = making.make_connection("used"), making.make_connection("other")
    machine = making.make_machine(other, problem="AWS denied states:ListExecutions.")
    count(used, "ListExecutions", calls=4)
    count(other, "GetExecutionHistory", calls=4, denials=1)
    task = making.make_task(execution=making.make_execution(making.make_machine(used)))
    sent = {"status": "confirmed", "first_sent_at": timezone.now(), "aws_request_id": "r-1"}
    making.make_decision(task, **sent)
    page = text_of(page_of(people.operator, "/connections/"))
    assert "2 of 12 seen" in page
    assert "1 missing" in page
    machine.problem = ""
    machine.save()
    assert "1 partly denied" in text_of(page_of(people.operator, "/connections/"))


def test_every_right_seen_is_green(people, page_of):
    one = making.make_connection()
    for right in RIGHTS:
        if right.role is IamRole.READ:
            count(one, right.operation, calls=1)
    task = making.make_task(execution=making.make_execution(making.make_machine(one)))
    sent = {"first_sent_at": timezone.now(), "aws_request_id": "r-1"}
    making.make_decision(task, status="confirmed", **sent)
    making.make_decision(task, status="lost", output=None, **sent)
    for kind in RescueKind:
        making.make_rescue(task.execution, people.operator, kind=kind, status="done", **sent)
    assert "12 of 12 seen" in text_of(page_of(people.operator, "/connections/"))


def test_secrets_of_the_way_in_are_not_shown(people, page_of):
    one = making.make_connection(role_arn="arn:aws:iam::1:role/reader", external_id="hush-hush")
    for path in ("/connections/", f"/connections/{one.pk}/"):
        page = page_of(people.admin, path).content.decode()
        assert "role reader" in page
        assert "hush-hush" not in page


@pytest.mark.parametrize("number", [3, 30])
def test_the_list_asks_the_same_number_of_queries_at_any_length(
    people, browser_of, django_assert_num_queries, number
):
    for _ in range(number):
        task = making.make_task()
        one = task.connection
        making.make_decision(task, answer_code="AccessDenied", status="refused")
        making.make_machine(one, problem="AWS denied states:ListExecutions.")
        read(one)
        count(one, "ListExecutions", calls=1)
    browser = browser_of(people.operator)
    with django_assert_num_queries(LIST_QUERIES):
        browser.get("/connections/")


def test_a_page_asks_a_fixed_number_of_queries(people, browser_of, django_assert_num_queries):
    one = making.make_task().connection
    browser = browser_of(people.operator)
    with django_assert_num_queries(PAGE_QUERIES):
        browser.get(f"/connections/{one.pk}/")


def test_the_budget_says_what_is_left_and_where_aws_slowed_us_down(people, page_of, settings):
    settings.SYNC_QUOTA_SHARE = 0.5
    one = making.make_connection(region="us-east-1")
    now = timezone.now()
    values = {"connection": one, "at": now + timedelta(minutes=1)}
    CallBudget.objects.create(operation="ListExecutions", level=25, **values)
    CallBudget.objects.create(
        operation="GetExecutionHistory", level=0, throttled_at=now, lowered_to=0.25, **values
    )
    page = text_of(page_of(people.operator, f"/connections/{one.pk}/"))
    assert "ListExecutions 25 of 100 2.5" in page
    assert "AWS slowed it at" in page
    assert "now 25 %" in page


@pytest.mark.parametrize(
    ("unread", "words"),
    [
        (0, None),
        (1, "1 run is still to be read; it takes one call. At this rate that is done in less"),
        (700, "700 runs are still to be read; each takes a call. At this rate that takes about 2"),
    ],
)
def test_why_the_picture_is_late_is_said(people, page_of, settings, unread, words):
    settings.SYNC_QUOTA_SHARE = 0.5
    machine = making.make_machine()
    now = timezone.now()
    for _ in range(unread):
        making.make_execution(machine, read_at=None, read_next_at=now)
    page = text_of(page_of(people.operator, f"/connections/{machine.connection.pk}/"))
    assert ("Why it is late" in page) == bool(words)
    assert (words or "") in page


def test_there_is_no_form_that_takes_an_endpoint(people, page_of):
    assert "endpoint_url" not in page_of(people.admin, "/connections/").content.decode()


def read(connection, **fields):
    values = {"read_ok_at": timezone.now(), **fields}
    return ConnectionHealth.objects.create(connection=connection, **values)


def count(connection, operation, *, hours=0, **counts):
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
    CallCount.objects.create(connection=connection, operation=operation, hour=hour, **counts)
