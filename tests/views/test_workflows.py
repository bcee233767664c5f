"""The list of workflows: who sees which, what waits in them, and the worst that was found."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import Role
from callbacks.sync.measuring import measure
from tests import making
from tests.views.conftest import text_of
from tests.views.flows import definition, ended, page_path, task_in

# An administrator's: the policies and two of the charts; an approver's: which workflows are theirs.
LIST_QUERIES = {"admin": 14, "approver": 11}


# --- who sees what ------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["operator", "auditor", "admin"])
def test_whoever_sees_all_requests_sees_all_workflows(people, page_of, who):
    machine = making.make_machine(name="orders")
    assert "orders" in text_of(page_of(people[who], "/workflows/"))
    assert page_of(people[who], page_path(machine)).status_code == 200


def test_an_approver_sees_the_workflows_of_their_requests_only(people, page_of):
    finance = making.make_policy(team="finance")
    mine, theirs, none = (making.make_machine(name=name) for name in ("mine", "theirs", "none"))
    task_in(mine)
    task_in(theirs, policy=finance)
    page = text_of(page_of(people.approver, "/workflows/"))
    assert "mine" in page
    assert "theirs" not in page
    assert page_of(people.approver, page_path(mine)).status_code == 200
    for hidden in (theirs, none):
        assert page_of(people.approver, page_path(hidden)).status_code == 404
        raw = page_of(people.approver, page_path(hidden), raw="definition")
        assert raw.status_code == 404
    assert page_of(people.approver2, page_path(theirs)).status_code == 200


def test_a_request_that_is_over_still_leads_to_its_workflow(people, page_of):
    machine = making.make_machine(name="orders")
    ended(machine, minutes=5)
    assert "orders" in text_of(page_of(people.approver, "/workflows/"))
    assert page_of(people.approver, page_path(machine)).status_code == 200


def test_an_old_request_leads_to_a_workflow_that_is_not_listed_for_it(people, page_of, monkeypatch):
    monkeypatch.setattr("callbacks.queries.workflows.RECENT", 1)
    task = ended(making.make_machine(name="orders"), minutes=5, days_ago=3)
    ended(making.make_machine(name="refunds"), minutes=5)
    listed = text_of(page_of(people.approver, "/workflows/"))
    assert "refunds" in listed
    assert "orders" not in listed
    run = page_of(people.approver, f"/executions/{task.execution_id}/").content.decode()
    path = page_path(task.execution.state_machine)
    assert f'<a href="{path}"><bdi>orders</bdi></a>' in run
    assert page_of(people.approver, path).status_code == 200


def test_a_workflow_of_the_same_name_in_another_account_is_another_one(people, page_of):
    mine, other = (making.make_machine(name="orders") for _ in range(2))
    task_in(mine)
    assert page_of(people.approver, page_path(other)).status_code == 404


def test_an_approver_counts_only_their_own_requests(people, page_of):
    machine = making.make_machine(name="orders")
    task_in(machine)
    task_in(machine, policy=making.make_policy(team="finance"))
    ended(machine, minutes=5, policy=making.make_policy("Other", team="finance"))
    assert "1 waiting" in text_of(page_of(people.approver, page_path(machine)))
    assert "0 that ended" in text_of(page_of(people.approver, page_path(machine)))
    assert "2 waiting" in text_of(page_of(people.admin, page_path(machine)))
    assert "1 that ended" in text_of(page_of(people.admin, page_path(machine)))


def test_an_unknown_workflow_and_a_map_run_are_not_found(people, page_of):
    run = making.make_map_run(making.make_execution())
    for path in (page_path(run), f"/workflows/{uuid.uuid4()}/"):
        assert page_of(people.admin, path).status_code == 404


def test_the_way_to_a_connection_is_for_those_who_may_open_it(people, page_of):
    machine = task_in(making.make_machine()).execution.state_machine
    address = f'href="/connections/{machine.connection_id}/"'
    assert address in page_of(people.operator, page_path(machine)).content.decode()
    assert address not in page_of(people.approver, page_path(machine)).content.decode()


# --- the list -----------------------------------------------------------------------------------
def test_the_list_tells_what_waits_and_the_worst_that_was_found(people, page_of):
    machine = making.make_machine(name="orders")
    for _ in range(2):
        task_in(machine)
    page = text_of(page_of(people.admin, "/workflows/"))
    assert f"orders {machine.connection.label} 2 – – – – Can hang for a year" in page  # noqa: RUF001
    assert "No Catch for a rejection 1 note" in page


def test_a_finding_of_many_steps_is_one_badge(people, page_of):
    making.make_machine(name="orders", definition=definition("A", "B", "C"))
    page = text_of(page_of(people.admin, "/workflows/"))
    assert page.count("Can hang for a year") == 1
    assert "4 more" in page


def test_those_that_cannot_wait_are_a_click_away(people, page_of):
    plain = making.make_definition('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    plain.can_wait = False
    plain.save()
    machine = making.make_machine(name="report")
    machine.definition = plain
    machine.save()
    assert "report" not in text_of(page_of(people.admin, "/workflows/"))
    page = text_of(page_of(people.admin, "/workflows/", kind="all"))
    assert "0 – – – – None" in page.split("report", 1)[1]  # noqa: RUF001
    assert "No step of it waits" in text_of(page_of(people.admin, page_path(machine)))


def test_what_aws_no_longer_lists_is_not_listed_but_found(people, page_of):
    machine = making.make_machine(name="old-orders", gone_at=timezone.now())
    assert "old-orders" not in text_of(page_of(people.admin, "/workflows/", kind="all"))
    assert "No longer listed by AWS" in text_of(page_of(people.admin, page_path(machine)))


def test_one_whose_definition_is_not_read_says_so(people, page_of):
    machine = making.make_machine(name="orders", problem="AWS denied states:DescribeStateMachine.")
    machine.definition = None
    machine.save()
    assert "not read yet" in text_of(page_of(people.admin, "/workflows/", kind="all"))
    page = text_of(page_of(people.admin, page_path(machine)))
    assert "Its definition has not been read yet." in page
    assert "AWS denied states:DescribeStateMachine." in page
    raw = page_of(people.admin, page_path(machine), raw="definition")
    assert "text/html" in raw["Content-Type"]


def test_names_are_searched(people, page_of):
    for name in ("orders", "refunds"):
        making.make_machine(name=name)
    page = text_of(page_of(people.admin, "/workflows/", q="FUND"))
    assert "refunds" in page
    assert "orders" not in page
    assert "No workflow has this" in text_of(page_of(people.admin, "/workflows/", q="x"))


@pytest.mark.parametrize("who", ["admin", "approver"])
def test_pages_follow_each_other_without_gap_or_repetition(people, page_of, monkeypatch, who):
    monkeypatch.setattr("callbacks.queries.workflows.list_workflows.__kwdefaults__", {"limit": 3})
    connection = making.make_connection()
    for number in range(7):
        task_in(making.make_machine(connection, f"w{number}"))
    # Two of one name, of which a page ends after the first.
    task_in(making.make_machine(name="w2"))
    seen, path = [], "/workflows/"
    while path:
        page = page_of(people[who], path).content.decode()
        seen += re.findall(r"<bdi>(w\d)</bdi>", page)
        found = re.search(r'class="btn small end" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == ["w0", "w1", "w2", "w2", "w3", "w4", "w5", "w6"]


@pytest.mark.parametrize("cursor", ["x", "0-", "zz", "7" * 40, "0" * 32])
def test_a_damaged_place_is_a_bad_request(people, page_of, cursor):
    assert page_of(people.admin, "/workflows/", cursor=cursor).status_code == 400


def test_counts_stop_where_lists_stop(people, page_of, monkeypatch):
    for module in ("workflows", "waits"):
        monkeypatch.setattr(f"callbacks.queries.{module}.COUNT_LIMIT", 2)
    monkeypatch.setattr("callbacks.templatetags.words.COUNT_LIMIT", 2)
    machine = making.make_machine(name="orders", definition=definition("A", "B", "Z"))
    for state in "AAAB":
        task_in(machine, state=state)
    assert f"{machine.connection.label} 2+ " in text_of(page_of(people.admin, "/workflows/"))
    page = text_of(page_of(people.admin, page_path(machine)))
    assert "2+ waiting" in page
    assert re.search(
        r"A What answers hold Waits for an answer lambda:invoke.waitForTaskToken 2\+ none", page
    )
    assert re.search(
        r"B What answers hold Waits for an answer lambda:invoke.waitForTaskToken 1 none", page
    )


# --- figures ------------------------------------------------------------------------------------
def test_the_list_tells_how_waits_were_as_last_measured(people, page_of):
    machine = making.make_machine(name="orders")
    task_in(machine)
    for minutes in (5, 9, 30):
        ended(machine, minutes=minutes)
    now = timezone.now()
    measure(now=now - timedelta(hours=30))
    measure(now=now)
    page = text_of(page_of(people.admin, "/workflows/"))
    assert "between 1 and 1 waited in the last 14 days" in page
    assert "9 min 30 min 0 Can hang" in page


def test_charts_tell_the_same_in_numbers(people, page_of):
    machine = making.make_machine(name="orders")
    for number in range(3):
        task_in(machine)
        ended(machine, minutes=number, closed_kind="succeeded", status="answered")
    ended(machine, minutes=3_000, closed_kind="failed", status="answered")
    ended(machine, minutes=10, status="timed_out")
    measure(now=timezone.now())
    page = text_of(page_of(people.auditor, "/workflows/"))
    assert "Waiting, last 7 days 3" in page
    assert re.search("2 <1 min 1 5 min 0 15 min 0 1 h 0 4 h 0 12 h 0 1 d 1 >1 d", page)
    assert "4 answers within 30 days" in page


def test_before_the_first_measurement_the_page_says_so(people, page_of):
    making.make_machine(name="orders")
    page = text_of(page_of(people.admin, "/workflows/"))
    assert "not yet" in page
    assert "Nothing was answered in the last 30 days." in page


def test_an_approver_is_told_nothing_of_what_others_answer(people, page_of):
    machine = making.make_machine(name="orders")
    task_in(machine)
    ended(machine, minutes=9)
    measure(now=timezone.now())
    page = text_of(page_of(people.approver, "/workflows/"))
    assert "orders" in page
    assert "Median wait" not in page
    assert "Time to an answer" not in page
    assert "Policy" not in page


def test_the_list_names_the_policies_that_may_cover_a_workflow(people, page_of):
    making.default_policy()
    making.make_policy("Large", conditions=[{"path": "$.n", "is": "above", "value": 9}])
    making.make_policy("Orders", state_machine="orders")
    making.make_policy("Never reached", state_machine="orders")
    making.make_machine(name="orders")
    making.make_machine(name="other")
    page = page_of(people.admin, "/workflows/")
    assert re.search(
        r"orders .* Large, v1 Orders, v1 other .* Large, v1 Set a policy", text_of(page)
    )
    assert "Never reached" not in text_of(page)
    assert "Set a policy" not in text_of(page_of(people.auditor, "/workflows/"))


# --- cost ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [1, 20])
@pytest.mark.parametrize("who", ["admin", "approver"])
def test_the_list_asks_the_same_number_of_queries_at_any_length(
    people, browser_of, django_assert_num_queries, number, who
):
    for count in range(number):
        machine = making.make_machine(definition=definition(f"S{count}"))
        task_in(machine)
        ended(machine, minutes=1)
    browser = browser_of(people[who])
    with django_assert_num_queries(LIST_QUERIES[who]):
        browser.get("/workflows/")


def test_a_fragment_is_only_the_list(people, page_of):
    making.make_machine(name="orders")
    page = page_of(people.admin, "/workflows/", htmx=True).content.decode()
    assert page.lstrip().startswith('<div class="page" id="list">')


def test_everybody_with_a_role_has_the_entry_in_the_navigation(people, page_of):
    for role in Role:
        page = page_of(people[role], "/workflows/").content.decode()
        assert re.search(r'id="nav-workflows" href="/workflows/" aria-current="page"', page)
    assert page_of(people.stranger, "/workflows/").status_code == 403


def test_the_graph_shows_where_how_many_wait(people, page_of):
    task = making.make_task()
    making.make_task(making.make_request(task.execution, entry_number=2), scheduled_event_id=9)
    page = page_of(people.operator, f"/workflows/{task.execution.state_machine_id}/")
    assert 'class="graph"' in page.content.decode()
    assert "2 waiting" in text_of(page)
