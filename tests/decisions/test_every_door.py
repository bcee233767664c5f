"""The same rules behind every door: page, page with htmx, API with a key, API with a session."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

import callbacks
from callbacks.keys import create_key
from callbacks.models import CallbackTask, Decision, Role, Scope, User
from tests import making
from tests.views.answering import INTO_ANSWER, form_fields

pytestmark = pytest.mark.django_db

# Whoever lets somebody answer by another way has to add it to DOORS below.
OPENERS = {"api/deciding.py", "views/answers.py"}
OUTPUT = '{"ok": true}'
Door = Callable[[Any, User, CallbackTask, str], int]


def page(browser_of: Any, user: User, task: CallbackTask, reason: str) -> int:
    fields = form_fields(task, output=OUTPUT, reason=reason)
    return browser_of(user).post(f"/tasks/{task.pk}/answer/", fields).status_code


def fragment(browser_of: Any, user: User, task: CallbackTask, reason: str) -> int:
    fields = form_fields(task, output=OUTPUT, reason=reason)
    browser = browser_of(user)
    return browser.post(f"/tasks/{task.pk}/answer/", fields, headers=INTO_ANSWER).status_code


def key(browser_of: Any, user: User, task: CallbackTask, reason: str) -> int:
    _, text = create_key(
        user=user,
        label="robot",
        scopes=tuple(Scope),
        expires_at=None,
        actor=making.make_actor(user),
        now=timezone.now(),
    )
    return _api(Client(headers={"Authorization": f"Bearer {text}"}), task, reason)


def session(browser_of: Any, user: User, task: CallbackTask, reason: str) -> int:
    return _api(browser_of(user), task, reason)


def _api(client: Any, task: CallbackTask, reason: str) -> int:
    body = {"output_text": OUTPUT, "reason": reason}
    url = f"/api/v1/tasks/{task.pk}/approve"
    return client.post(url, body, content_type="application/json").status_code


DOORS = pytest.mark.parametrize("door", [page, fragment, key, session])
TAKEN = {200, 201, 303}


def test_no_other_code_lets_anybody_answer() -> None:
    root = Path(callbacks.__file__).parent
    asks = re.compile(r"^from callbacks\.decisions\.decide import .*\bdecide\b", re.MULTILINE)
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if asks.search(path.read_text())
    }
    assert found == OPENERS


@DOORS
def test_an_approver_is_let_in(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    assert door(browser_of, ana, making.make_task(), "Fits.") in TAKEN
    assert Decision.objects.count() == 1


@DOORS
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.ADMIN])
def test_no_other_role_answers(door: Door, role: Role, browser_of: Any) -> None:
    person = making.make_person("eve", role)
    assert door(browser_of, person, making.make_task(), "Fits.") == 403
    assert not Decision.objects.exists()


@DOORS
def test_nobody_answers_their_own_request(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    task = making.make_task(asked_by="ana", input='{"requestedBy": "ana"}')
    assert door(browser_of, ana, task, "Mine.") == 403
    assert not Decision.objects.exists()


@DOORS
def test_another_teams_request_is_not_there(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    task = making.make_task(policy=making.make_policy(team="legal"))
    assert door(browser_of, ana, task, "Fits.") == 404
    assert not Decision.objects.exists()


@DOORS
def test_who_left_the_team_since_the_page_was_opened_is_refused(
    door: Door, browser_of: Any
) -> None:
    ana = making.make_person("ana", Role.APPROVER, Role.OPERATOR, teams=["legal"])
    task = making.make_task(policy=making.make_policy(team="legal"))
    ana.groups.clear()
    assert door(browser_of, ana, task, "Fits.") == 403
    assert not Decision.objects.exists()


@DOORS
def test_a_reason_is_asked_for(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    task = making.make_task(policy=making.make_policy(reason_rule="both"))
    assert door(browser_of, ana, task, " ") == 422
    assert not Decision.objects.exists()


@DOORS
def test_a_quorum_holds(door: Door, browser_of: Any) -> None:
    policy = making.make_policy(approvals_needed=2)
    task = making.make_task(policy=policy)
    states = []
    for name in ("ana", "kofi"):
        person = making.make_person(name, Role.APPROVER)
        assert door(browser_of, person, task, "Fits.") in TAKEN
        states.append(Decision.objects.get().status)
    assert states == ["collecting", "held"]


@DOORS
def test_a_policy_of_today_counts(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER, Role.OPERATOR)
    task = making.make_task()
    making.make_policy("New", team="legal")
    # On a page it is another rule than was shown, so that it is read again first.
    status = door(browser_of, ana, task, "Fits.")
    assert status in (403, 409)
    assert not Decision.objects.exists()


# A key of theirs stops at once too: tests/api/test_keys.py.
@pytest.mark.parametrize("door", [page, fragment, session])
def test_a_deactivated_person_does_not_get_in(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    task = making.make_task()
    browser_of(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    ana.refresh_from_db()
    assert door(lambda user: browser_of(ana), ana, task, "Fits.") not in TAKEN
    assert not Decision.objects.exists()


def test_there_is_no_admin_site_that_would_be_another_door() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:index")
