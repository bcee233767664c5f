"""The same rules behind every door: page, page with htmx, API with a key, API with a session.

The doors are made from the routes: one that lets people answer and is not listed here fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

import callbacks
from callbacks.decisions.decide import decide
from callbacks.decisions.moves import move
from callbacks.decisions.recording import record
from callbacks.decisions.takeback import send_now, withdraw
from callbacks.decisions.votes import sign, unsign, void
from callbacks.keys import create_key, revoke_key
from callbacks.models import ApiKey, CallbackTask, Decision, Role, Scope, User
from tests import making
from tests.decisions.reaching import reaches
from tests.views.answering import INTO_ANSWER, form_fields
from tests.views.test_routes import ROUTES, SAMPLES

pytestmark = pytest.mark.django_db

# Whoever lets somebody answer by another way has to add it to ANSWERS below.
OPENERS = {"api/deciding.py", "views/answers.py"}
OUTPUT = '{"ok": true}'
ID = SAMPLES["uuid"]
API = "/api/"
Fields = Callable[[CallbackTask, str], dict[str, str]]

# What is posted to each route that takes an answer, by the kinds of answer that it takes.
ANSWERS: dict[str, dict[str, Fields]] = {
    f"/tasks/{ID}/answer/": {
        "approve": lambda task, reason: form_fields(task, output=OUTPUT, reason=reason),
        "reject": lambda task, reason: form_fields(task, direction="reject", reason=reason),
    },
    f"/api/v1/tasks/{ID}/approve": {
        "approve": lambda _task, reason: {"output_text": OUTPUT, "reason": reason},
    },
    f"/api/v1/tasks/{ID}/reject": {"reject": lambda _task, reason: {"reason": reason}},
}
# Each route by which one's own answer is taken back or hurried.
TAKEBACKS = {
    f"/decisions/{ID}/withdraw/",
    f"/decisions/{ID}/send/",
    f"/api/v1/decisions/{ID}/withdraw",
}
CHANGES_ANSWERS = (decide, withdraw, send_now, record, move, sign, unsign, void)
TAKEN = {200, 201, 303}
KEPT_OUT = {302, 401}


@dataclass(frozen=True)
class Door:
    """A route and the way to it: "plain" or "htmx" for pages, "key" or "session" for the API."""

    route: str
    way: str
    answer: str = ""

    def __str__(self) -> str:
        return f"{self.route.replace(ID, 'ID')} {self.way} {self.answer}".strip()

    def client(self, user: User, browser_of: Any) -> Client:
        return client_with(make_key(user)[1]) if self.way == "key" else browser_of(user)

    def post(self, client: Client, pk: object, fields: dict[str, str]) -> HttpResponse:
        url = self.route.replace(ID, str(pk))
        if self.route.startswith(API):
            return client.post(url, fields, content_type="application/json")
        return client.post(url, fields, headers=INTO_ANSWER if self.way == "htmx" else {})

    def give(self, client: Client, task: CallbackTask, reason: str) -> int:
        fields = ANSWERS[self.route][self.answer](task, reason)
        return self.post(client, task.pk, fields).status_code

    def __call__(self, browser_of: Any, user: User, task: CallbackTask, reason: str) -> int:
        return self.give(self.client(user, browser_of), task, reason)


def make_key(user: User) -> tuple[ApiKey, str]:
    return create_key(
        user=user,
        label="robot",
        scopes=tuple(Scope),
        expires_at=None,
        actor=making.make_actor(user),
        now=timezone.now(),
    )


def client_with(key: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {key}"})


def ways_to(route: str) -> tuple[str, str]:
    return ("key", "session") if route.startswith(API) else ("plain", "htmx")


def by_door(doors: list[Door]) -> Any:
    return pytest.mark.parametrize("door", doors, ids=str)


ALL = [
    Door(route, way, answer)
    for route, answers in ANSWERS.items()
    for way in ways_to(route)
    for answer in answers
]
BACK = [Door(route, way) for route in sorted(TAKEBACKS) for way in ways_to(route)]
DOORS = by_door(ALL)


def test_no_other_route_changes_an_answer() -> None:
    found = {route.path for route in ROUTES if reaches(route.view, CHANGES_ANSWERS)}
    assert found == ANSWERS.keys() | TAKEBACKS


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
    policy = making.make_policy(approvals_needed=2, rejections_needed=2)
    task = making.make_task(policy=policy)
    states = []
    for name in ("ana", "kofi"):
        person = making.make_person(name, Role.APPROVER)
        assert door(browser_of, person, task, "Fits.") in TAKEN
        states.append(Decision.objects.get().status)
    assert states == ["collecting", "held"]


@DOORS
def test_nobody_is_two_people(door: Door, browser_of: Any) -> None:
    policy = making.make_policy(approvals_needed=2, rejections_needed=2)
    task = making.make_task(policy=policy)
    ana = making.make_person("ana", Role.APPROVER)
    assert door(browser_of, ana, task, "Fits.") in TAKEN
    assert door(browser_of, ana, task, "Fits.") == 409
    assert Decision.objects.get().status == "collecting"


@DOORS
def test_a_policy_of_today_counts(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER, Role.OPERATOR)
    task = making.make_task()
    making.make_policy("New", team="legal")
    # On a page it is another rule than was shown, so that it is read again first.
    status = door(browser_of, ana, task, "Fits.")
    assert status in (403, 409)
    assert not Decision.objects.exists()


@DOORS
def test_a_deactivated_person_does_not_get_in(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    client, task = door.client(ana, browser_of), making.make_task()
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert door.give(client, task, "Fits.") == 401
    assert not Decision.objects.exists()


@by_door([door for door in ALL if door.way == "key"])
def test_a_revoked_key_opens_nothing(door: Door) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    key, text = make_key(ana)
    revoke_key(key=key, actor=making.make_actor(ana), now=timezone.now())
    assert door.give(client_with(text), making.make_task(), "Fits.") == 401
    assert not Decision.objects.exists()


@by_door(BACK)
def test_ones_own_answer_is_taken_back_or_hurried(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    given = held_by(ana)
    assert door.post(door.client(ana, browser_of), given.pk, {}).status_code in TAKEN
    assert standing(given) != standing_of(given)


@by_door(BACK)
@pytest.mark.parametrize("role", list(Role))
def test_nobody_takes_back_or_hurries_anothers_answer(
    door: Door, role: Role, browser_of: Any
) -> None:
    given = held_by(making.make_person("ana", Role.APPROVER))
    eve = making.make_person("eve", role)
    assert door.post(door.client(eve, browser_of), given.pk, {}).status_code in (403, 404)
    assert standing(given) == standing_of(given)


@by_door(BACK)
def test_a_deactivated_person_takes_nothing_back(door: Door, browser_of: Any) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    client, given = door.client(ana, browser_of), held_by(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert door.post(client, given.pk, {}).status_code in KEPT_OUT
    assert standing(given) == standing_of(given)


@by_door([door for door in BACK if door.way == "key"])
def test_a_revoked_key_takes_nothing_back(door: Door) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    (key, text), given = make_key(ana), held_by(ana)
    revoke_key(key=key, actor=making.make_actor(ana), now=timezone.now())
    assert door.post(client_with(text), given.pk, {}).status_code == 401
    assert standing(given) == standing_of(given)


def held_by(user: User) -> Decision:
    later = timezone.now() + timedelta(minutes=10)
    return making.make_decision(making.make_task(), user, send_after=later)


def standing_of(decision: Decision) -> tuple[str, datetime]:
    return decision.status, decision.send_after


def standing(decision: Decision) -> tuple[str, datetime]:
    """How it stands in the database now."""
    return standing_of(Decision.objects.get(pk=decision.pk))


def test_there_is_no_admin_site_that_would_be_another_door() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:index")
