"""The rights on a connection's page: as seen in real calls, and the policies to copy."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.utils import timezone

from callbacks.models import (
    CallCount,
    ConnectionHealth,
    DecisionStatus,
    RescueKind,
    RescueStatus,
)
from callbacks.queries.rights import Hour, Verdict, judge_answer, judge_read
from callbacks.queries.spoken import Spoken
from callbacks.rights import Hindrance, Trial, Tried
from callbacks.stepfunctions.rights import RIGHTS, IamRole, policy, scope_of
from tests import making
from tests.views.conftest import text_of

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
BY_OPERATION = {one.operation: one for one in RIGHTS}
HISTORY, SUCCESS = BY_OPERATION["GetExecutionHistory"], BY_OPERATION["SendTaskSuccess"]
KEY_DENIED = "AWS denied kms:Decrypt on arn:aws:kms:e:1:key/1, which encrypts the state machine."
DENIAL = "AWS denied states:GetExecutionHistory on arn:aws:states:e:1:execution:pay:7."


# --- judging -------------------------------------------------------------------------------------
def hour(calls: int, denials: int = 0, *, ago: int = 0) -> Hour:
    return Hour("GetExecutionHistory", NOON - timedelta(hours=ago), calls, denials)


@pytest.mark.parametrize(
    ("hours", "sentences", "verdict"),
    [
        ([], [], Verdict.UNKNOWN),
        ([hour(7)], [], Verdict.ALLOWED),
        ([hour(7, 7)], [], Verdict.DENIED),
        ([hour(7, 2)], [], Verdict.PARTLY),
        ([hour(7, 7, ago=1), hour(3)], [], Verdict.ALLOWED),
        ([hour(3, 3), hour(7, ago=1)], [], Verdict.DENIED),
        # All of the hour's calls were throttled, which tells nothing.
        ([hour(0)], [], Verdict.UNKNOWN),
        ([hour(7)], [DENIAL], Verdict.PARTLY),
        ([], [DENIAL], Verdict.DENIED),
        ([hour(7)], ["AWS denied states:GetExecutionHistoryLater."], Verdict.ALLOWED),
        # Denied for the sake of a key.
        ([hour(7, 7)], [KEY_DENIED], Verdict.UNKNOWN),
        ([hour(7, 2)], [KEY_DENIED], Verdict.ALLOWED),
        ([hour(7, 7)], [KEY_DENIED, DENIAL], Verdict.DENIED),
    ],
)
def test_a_right_of_reading_is_judged_by_the_newest_calls(hours, sentences, verdict):
    assert judge_read(right=HISTORY, hours=hours, sentences=sentences).verdict is verdict


@pytest.mark.parametrize(
    ("taken", "denied", "verdict"),
    [
        (None, None, Verdict.UNKNOWN),
        (1, None, Verdict.ALLOWED),
        (None, 1, Verdict.DENIED),
        (1, 2, Verdict.ALLOWED),
        (2, 1, Verdict.DENIED),
    ],
)
def test_a_right_of_answering_is_judged_by_what_aws_said_last(taken, denied, verdict):
    spoken = Spoken(
        taken and NOON - timedelta(hours=taken), denied and NOON - timedelta(hours=denied)
    )
    assert judge_answer(right=SUCCESS, spoken=spoken).verdict is verdict


# --- the page ------------------------------------------------------------------------------------
def count(connection, operation, **counts):
    at = timezone.now().replace(minute=0, second=0, microsecond=0)
    CallCount.objects.create(connection=connection, operation=operation, hour=at, **counts)


def words_of(response):
    """The words; an action may break after its service and is one word all the same."""
    return re.sub(r"\b(states|kms): ", r"\1:", text_of(response))


def shown(people, page_of, connection, who="operator"):
    return words_of(page_of(people[who], f"/connections/{connection.pk}/"))


def test_what_nobody_called_is_not_claimed(people, page_of):
    page = shown(people, page_of, making.make_connection())
    assert "0 of 12 rights seen at work" in page
    assert page.count("Not tried yet") == 13
    assert "states:SendTaskSuccess Not tried yet known once it is used" in page


def test_a_denied_read_names_action_resource_and_aws_words(people, page_of):
    one = making.make_connection("prod", account="210987654321", region="eu-west-1")
    count(one, "ListExecutions", calls=40)
    count(one, "GetExecutionHistory", calls=12, denials=12)
    ConnectionHealth.objects.create(connection=one, error_code="denied", error_message=DENIAL)
    page = shown(people, page_of, one)
    assert "One right is missing" in page
    assert "12 of 12 calls since" in page
    needed = "arn:aws:states:eu-west-1:210987654321:execution:*:*"
    assert f"needs states:GetExecutionHistory on {needed}" in page
    assert f"AWS: {DENIAL}" in page
    assert "states:ListExecutions Allowed 40 calls since" in page


def test_a_read_that_is_denied_now_and_then_says_why_that_may_be(people, page_of):
    one = making.make_connection()
    count(one, "GetExecutionHistory", calls=34, denials=9)
    page = shown(people, page_of, one)
    assert "One right is partly denied" in page
    assert "9 of 34 calls since" in page
    assert "denied: some resources only, or before the right was given" in page


def test_calls_that_got_no_answer_are_no_right(people, page_of):
    one = making.make_connection()
    count(one, "ListExecutions", calls=40)
    ConnectionHealth.objects.create(
        connection=one, error_code="unreachable", failing_since=timezone.now()
    )
    assert "0 of 12 rights" in shown(people, page_of, one)


def test_answers_and_refusals_on_record_tell_the_rights_of_answering(people, page_of):
    task = making.make_task()
    now = timezone.now()
    sent = {"status": DecisionStatus.CONFIRMED, "aws_request_id": "r-1", "first_sent_at": now}
    making.make_decision(task, people.approver, **sent)
    making.make_decision(
        making.make_task(execution=task.execution, scheduled_event_id=9),
        people.approver,
        output=None,
        status=DecisionStatus.REFUSED,
        outcome="access_denied",
        answer_code="AccessDeniedException",
        answer_message="not authorized to perform: states:SendTaskFailure on resource: arn:x",
    )
    making.make_rescue(
        task.execution,
        people.operator,
        kind=RescueKind.STOP,
        status=RescueStatus.DONE,
        aws_request_id="r-2",
        first_sent_at=now,
    )
    page = shown(people, page_of, task.connection)
    assert "One right is missing" in page
    assert "states:SendTaskSuccess Allowed last used" in page
    assert "states:StopExecution Allowed last used" in page
    assert "states:SendTaskFailure Denied AWS denied it" in page
    assert "AWS: not authorized to perform: states:SendTaskFailure on resource: arn:x" in page
    assert "states:RedriveExecution Not tried yet known once it is used" in page


def test_answers_of_another_connection_tell_nothing(people, page_of):
    sent = {"aws_request_id": "r-1", "first_sent_at": timezone.now()}
    making.make_decision(making.make_task(), people.approver, **sent)
    assert "0 of 12 rights" in shown(people, page_of, making.make_connection())


def test_a_denied_key_is_the_one_right_that_is_missing(people, page_of):
    one = making.make_connection()
    making.make_machine(one, problem=KEY_DENIED)
    making.make_machine(one, problem=KEY_DENIED.replace("key/1", "key/2"))
    count(one, "GetExecutionHistory", calls=3, denials=3)
    page = shown(people, page_of, one)
    assert "One right is missing" in page
    assert "3 of 3 calls since" in page
    assert "denied: for a key, see kms:Decrypt" in page
    assert f"kms:Decrypt Denied {KEY_DENIED}" in page
    assert "key/1" in page
    assert "key/2" in page


def test_every_right_seen_is_said_in_green(people, page_of):
    task = making.make_task()
    for right in RIGHTS:
        if right.role is IamRole.READ:
            count(task.connection, right.operation, calls=1)
    sent = {"aws_request_id": "r-1", "first_sent_at": timezone.now()}
    making.make_decision(task, people.approver, status=DecisionStatus.CONFIRMED, **sent)
    other = making.make_task(execution=task.execution, scheduled_event_id=9)
    making.make_decision(other, people.approver, output=None, **sent)
    for kind in RescueKind.values:
        done = {"kind": kind, "status": RescueStatus.DONE, **sent}
        making.make_rescue(task.execution, people.operator, **done)
    page = page_of(people.auditor, f"/connections/{task.connection_id}/")
    assert "Every right was seen at work" in text_of(page)
    assert 'class="panel pass"' in page.content.decode()


# --- policies ------------------------------------------------------------------------------------
def test_the_policies_to_copy_are_those_of_the_command(people, page_of):
    one = making.make_connection(region="cn-north-1")
    page = unescape(page_of(people.auditor, f"/connections/{one.pk}/").content.decode())
    for role in IamRole:
        document = policy(roles=[role], scope=scope_of(region=one.region, account=one.account))
        assert f'data-copy="{json.dumps(document, indent=2)}"' in page


def test_the_line_of_what_is_denied_is_marked_and_its_policy_open(people, page_of):
    one = making.make_connection()
    count(one, "DescribeStateMachine", calls=1, denials=1)
    page = page_of(people.auditor, f"/connections/{one.pk}/").content.decode()
    assert page.count('<details class="fold" open>') == 1
    (marked,) = [line for line in page.split("<span class=") if line.startswith('"l add"')]
    assert marked == '"l add">        '
    after = page.split('class="l add"', 1)[1]
    assert after.index("states:DescribeStateMachine&quot;") < after.index('class="l"')


# --- trying --------------------------------------------------------------------------------------
def made(monkeypatch, **outcomes):
    """A trial with this outcome instead of calls."""
    tried = {name: Tried(verdict=Verdict.ALLOWED) for name in ("ListExecutions",)} | outcomes
    asked = []

    def instead(*, connection, now):
        asked.append(connection.pk)
        return Trial(at=now, tried=tried, state_machine="pay", execution="run-7")

    monkeypatch.setattr("callbacks.views.rights.try_reading", instead)
    return asked


@pytest.mark.parametrize(
    ("who", "status"), [("operator", 200), ("admin", 200), ("auditor", 403), ("approver", 403)]
)
def test_operators_and_admins_may_try(people, browser_of, monkeypatch, who, status):
    one, asked = making.make_connection(), made(monkeypatch)
    answer = browser_of(people[who]).post(f"/connections/{one.pk}/rights/")
    assert answer.status_code == status
    assert asked == ([one.pk] if status == 200 else [])


@pytest.mark.parametrize(("who", "there"), [("operator", True), ("auditor", False)])
def test_the_button_is_there_for_who_may_press_it(people, page_of, who, there):
    page = shown(people, page_of, making.make_connection(), who)
    assert ("Try reading now" in page) is there


def test_what_was_tried_is_said_in_words(people, browser_of, monkeypatch):
    one = making.make_connection()
    arn = "arn:aws:states:e:1:execution:pay:run-7"
    made(
        monkeypatch,
        GetExecutionHistory=Tried(
            verdict=Verdict.DENIED,
            sentence="You may not.",
            action="states:GetExecutionHistory",
            resource=arn,
        ),
        ListTagsForResource=Tried(verdict=Verdict.UNKNOWN, hindrance=Hindrance.THROTTLED),
    )
    page = words_of(browser_of(people.operator).post(f"/connections/{one.pk}/rights/"))
    assert "1 allowed, 1 denied, 1 told nothing. On workflow pay and run run-7." in page
    assert "One right is missing" in page
    assert f"missing: states:GetExecutionHistory on {arn} AWS: You may not." in page
    assert "tried: AWS slowed it down, which tells nothing" in page
    assert "states:ListExecutions Allowed AWS allowed it now" in page


@pytest.mark.parametrize(("machine", "words"), [("pay", "Allowed"), ("pay-2", "Partly denied")])
def test_a_denial_elsewhere_outlives_a_try_that_went_well(
    people, browser_of, monkeypatch, machine, words
):
    one = making.make_connection()
    arn = f"arn:aws:states:e:1:stateMachine:{machine}"
    making.make_machine(one, problem=f"AWS denied states:ListExecutions on {arn}.")
    made(monkeypatch)
    page = words_of(browser_of(people.operator).post(f"/connections/{one.pk}/rights/"))
    row = page.split("states:ListExecutions", 1)[1].split("states:ListTags")[0]
    assert words in row


def test_one_that_is_switched_off_is_not_called(people, browser_of, page_of, monkeypatch):
    one, asked = making.make_connection(is_enabled=False), made(monkeypatch)
    assert browser_of(people.admin).post(f"/connections/{one.pk}/rights/").status_code == 404
    assert asked == []
    assert "Try reading now" not in shown(people, page_of, one, "admin")


def test_the_address_of_a_trial_leads_back_to_the_page(people, page_of):
    one = making.make_connection()
    answer = page_of(people.operator, f"/connections/{one.pk}/rights/")
    assert (answer.status_code, answer["Location"]) == (302, f"/connections/{one.pk}/#rights")


def test_hostile_words_of_aws_stay_text(people, page_of):
    one = making.make_connection()
    said = "AWS denied states:ListExecutions on <script>alert(1)</script>."
    ConnectionHealth.objects.create(connection=one, error_code="denied", error_message=said)
    page = page_of(people.operator, f"/connections/{one.pk}/").content.decode()
    assert "<script>alert" not in page


def test_the_keys_that_are_known_stand_in_the_policy_to_copy(people, page_of):
    one = making.make_connection()
    making.make_machine(one, kms_key="arn:aws:kms:e:1:key/1")
    page = unescape(page_of(people.auditor, f"/connections/{one.pk}/").content.decode())
    assert "arn:aws:kms:e:1:key/1" in page
    assert "KEY-ID" not in page
