"""The frame of every page: navigation, ages, banners, toasts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import ConnectionHealth, Pulse
from callbacks.queries.frame import ConnectionFacts
from callbacks.views.ages import Freshness, freshness
from callbacks.views.frame import initials
from tests import making
from tests.views.conftest import text_of


@pytest.mark.parametrize(
    ("who", "places"),
    [
        ("approver", ["inbox", "waiting", "history", "workflows"]),
        ("operator", ["inbox", "waiting", "history", "workflows", "connections"]),
        ("auditor", ["inbox", "waiting", "history", "audit", "workflows", "connections"]),
        ("admin", ["inbox", "waiting", "history", "audit", "workflows", "connections"]),
    ],
)
def test_the_navigation_shows_what_the_role_may_open(people, page_of, who, places):
    page = page_of(people[who], "/").content.decode()
    shown = [
        key
        for key in ("inbox", "waiting", "history", "audit", "workflows", "connections", "stuck")
        if f'id="nav-{key}"' in page
    ]
    assert shown == places


def test_no_entry_of_the_navigation_is_a_dead_link(people, page_of):
    for path in (
        "/",
        "/waiting/",
        "/history/",
        "/audit/",
        "/workflows/",
        "/connections/",
        "/settings/",
    ):
        assert page_of(people.admin, path).status_code == 200


def test_the_age_of_each_connection_stands_in_the_frame(people, page_of):
    health(making.make_connection("prod"), read_ok_at=timezone.now() - timedelta(minutes=7))
    assert "prod · eu-central-1 7 min" in text_of(page_of(people.approver, "/"))


def test_a_connection_that_fails_is_told_with_its_cause(people, page_of):
    now = timezone.now()
    health(
        making.make_connection("prod"),
        read_ok_at=now - timedelta(minutes=9),
        failing_since=now - timedelta(minutes=9),
        error_code="AccessDeniedException",
        error_message="not authorized to perform states:ListExecutions",
    )
    page = text_of(page_of(people.approver, "/"))
    assert "prod · eu-central-1 cannot be read since" in page
    assert "AccessDeniedException · not authorized to perform states:ListExecutions" in page


ROLE = "arn:aws:iam::1:role/reader"
LIST = "arn:aws:states:eu-west-1:1:stateMachine:orders"


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        (f"AWS denied states:ListExecutions on {LIST}.", "AWS denied states:ListExecutions."),
        (f"AWS denied sts:AssumeRole on {ROLE} to {ROLE}.", "AWS denied sts:AssumeRole."),
        ("AWS denied kms:Decrypt on alias/orders, which encrypts it.", "AWS denied kms:Decrypt."),
        ("Nobody can use the key now (Disabled): alias/orders.", "Nobody can use the key."),
        (
            "1,045 runs cannot be read: AWS denied states:GetExecutionHistory.",
            "1,045 runs cannot be read: AWS denied states:GetExecutionHistory.",
        ),
        ("Step Functions cannot be reached.", "Step Functions cannot be reached."),
        (f"What nobody foresaw of {ROLE}.", "code"),
    ],
)
@pytest.mark.parametrize("failing", [True, False])
def test_only_those_who_may_open_a_connection_read_what_a_denial_is_about(
    people, page_of, told, plain, failing
):
    long_ago = timezone.now() - timedelta(hours=1)
    values = {"failing_since": long_ago if failing else None, "read_ok_at": long_ago}
    health(making.make_connection(), error_code="code", error_message=told, **values)
    assert f"code · {told}" in text_of(page_of(people.operator, "/"))
    page = page_of(people.approver, "/").content.decode()
    assert plain in page
    assert not any(name in page for name in (ROLE, LIST, "alias/orders"))


def test_only_those_who_may_open_a_connection_get_its_address(people, page_of):
    one = making.make_connection("prod")
    health(one, read_ok_at=timezone.now() - timedelta(hours=1))
    address = f"/connections/{one.pk}/"
    assert address in page_of(people.operator, "/").content.decode()
    assert address not in page_of(people.approver, "/").content.decode()


def test_old_data_is_told_with_its_age(people, page_of):
    health(making.make_connection("prod"), read_ok_at=timezone.now() - timedelta(minutes=4))
    assert "prod · eu-central-1 was read 4 min ago." in text_of(page_of(people.approver, "/"))


def test_a_silent_worker_is_told(people, page_of):
    Pulse.objects.create(name="sweep", at=timezone.now() - timedelta(minutes=3))
    assert "Holdpoint's worker has been silent for 3 min" in text_of(page_of(people.approver, "/"))


def test_an_own_answer_on_hold_floats_over_every_page(people, page_of):
    later = timezone.now() + timedelta(seconds=30)
    decision = making.make_decision(making.make_task(), people.approver, send_after=later)
    page = page_of(people.approver, "/settings/").content.decode()
    assert "Approving in" in page
    assert f'action="/decisions/{decision.pk}/withdraw/"' in page


def test_an_answer_of_somebody_else_does_not_float(people, page_of):
    later = timezone.now() + timedelta(seconds=30)
    making.make_decision(making.make_task(), people.approver2, send_after=later)
    assert "Approving in" not in page_of(people.approver, "/").content.decode()


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"read_ok_at": 5}, Freshness.OK),
        ({"read_ok_at": 24}, Freshness.OK),
        ({"read_ok_at": 26}, Freshness.STALE),
        ({"read_ok_at": 5, "failing_since": 3}, Freshness.DOWN),
        ({}, Freshness.NEW),
        ({"read_ok_at": 5, "is_enabled": False}, Freshness.OFF),
    ],
)
def test_freshness_follows_from_what_the_last_pass_saw(facts, expected, settings):
    settings.SYNC_INTERVAL_SECONDS = 5
    now = timezone.now()
    times = {
        name: now - timedelta(seconds=facts[name]) if name in facts else None
        for name in ("read_ok_at", "failing_since")
    }
    one = facts_with(**times, is_enabled=facts.get("is_enabled", True))
    assert freshness(facts=one, now=now) == expected


@pytest.mark.parametrize(
    ("look_seconds", "age", "expected"),
    [
        (60, 89, Freshness.OK),
        (60, 91, Freshness.STALE),
        (2, 26, Freshness.STALE),
        # More than the scheduler ever aims at: the share is too small, and that is late.
        (3000, 451, Freshness.STALE),
    ],
)
def test_lists_that_wait_for_their_turn_are_not_late(look_seconds, age, expected, settings):
    settings.SYNC_INTERVAL_SECONDS = 5
    now = timezone.now()
    one = facts_with(read_ok_at=now - timedelta(seconds=age), look_seconds=look_seconds)
    assert freshness(facts=one, now=now) == expected


def test_lists_that_have_their_turn_excuse_no_pass_that_does_not_end(people, page_of, settings):
    settings.SYNC_INTERVAL_SECONDS = 5
    ended = timezone.now() - timedelta(seconds=290)
    figures = {"look_seconds": 210.0}
    health(making.make_connection(), read_ok_at=ended, pass_finished_at=ended, figures=figures)
    assert '<li class="stale">' in page_of(people.approver, "/").content.decode()
    page = text_of(page_of(people.operator, "/connections/"))
    assert "Late no pass has ended since" in page
    assert "Up to date" not in page


def test_the_frame_takes_the_turn_of_the_lists_from_the_last_pass(people, page_of):
    read_at = timezone.now() - timedelta(seconds=40)
    health(making.make_connection("prod"), read_ok_at=read_at, figures={"look_seconds": 60.0})
    assert '<li class="ok">' in page_of(people.approver, "/").content.decode()


def test_a_frozen_connection_loses_its_green_tick_before_a_minute(people, page_of):
    health(making.make_connection("prod"), read_ok_at=timezone.now() - timedelta(seconds=40))
    assert '<li class="stale">' in page_of(people.approver, "/").content.decode()


@pytest.mark.parametrize(
    ("name", "letters"), [("Ana Lindqvist", "AL"), ("ana", "AN"), ("Ana M. Ruiz", "AR"), ("", "")]
)
def test_initials_are_of_the_first_and_last_name(name, letters):
    assert initials(name) == letters


def test_a_page_speaks_in_the_zone_of_its_reader(people, page_of):
    making.make_task(
        headline="far",
        dies_earliest=timezone.now().replace(hour=12, minute=0) + timedelta(days=40),
    )
    people.approver.time_zone = "Asia/Kolkata"
    people.approver.save()
    assert ", 17:30" in text_of(page_of(people.approver, "/"))


def facts_with(**fields):
    values = {
        "id": making.uuid.uuid4(),
        "name": "prod",
        "region": "eu-west-1",
        "account": "",
        "is_enabled": True,
        "read_ok_at": None,
        "failing_since": None,
        "error_code": "",
        "error_message": "",
        "throttled_at": None,
    }
    return ConnectionFacts(**{**values, **fields})


def health(connection, **fields):
    return ConnectionHealth.objects.create(connection=connection, **fields)
