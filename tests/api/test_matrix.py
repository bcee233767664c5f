"""Every address of the API with every role and somebody else's things: made from the routes."""

from __future__ import annotations

import pytest

from callbacks.models import AuditEntry, Decision, Role
from tests.api.conftest import ROOT
from tests.making import make_decision, make_policy, make_task
from tests.views.test_routes import GUARDED, SAMPLES, Route

ROUTES = [route for route in GUARDED if route.is_api]
# Who else may use a route sees everything.
SINGLE = [r for r in ROUTES if SAMPLES["uuid"] in r.path and Role.APPROVER in r.roles]
ANSWER = {"output": 1}
BODIES = {
    "comments": {"text": "Hm."},
    "stop": {"reason": "Why."},
    "redrive": {"reason": "Why."},
    "heartbeat": {},
    "approve": ANSWER,
    "preflight": ANSWER,
    "reject": {"reason": "No."},
}


def call(program, path):
    """Both methods; one of them is 405 where the route has only the other."""
    body = BODIES.get(path.rsplit("/", 1)[-1])
    return [program.get(path.removeprefix(ROOT)), program.post(path.removeprefix(ROOT), body)]


@pytest.mark.parametrize("route", ROUTES, ids=[route.path for route in ROUTES])
def test_a_key_opens_no_more_than_its_persons_roles(route: Route, people, program_of):
    for person in people.values():
        found = {answer.status_code for answer in call(program_of(person), route.path)}
        if person.roles & route.roles:
            assert found.isdisjoint({401, 500}), person
        else:
            assert 403 in found, person
            assert found <= {403, 405}, person


@pytest.mark.parametrize("route", SINGLE, ids=[route.path for route in SINGLE])
def test_what_is_another_teams_is_as_if_it_were_not_there(route: Route, people, program_of):
    task = make_task(policy=make_policy(team="legal"))
    decision = make_decision(task)
    theirs = {
        "tasks": task.pk,
        "decisions": decision.pk,
        "executions": task.execution_id,
        "requests": task.request_id,
    }
    kind = route.path.removeprefix(f"{ROOT}/").split("/")[0]
    program = program_of(people.approver)
    entries = AuditEntry.objects.count()
    foreign = call(program, route.path.replace(SAMPLES["uuid"], str(theirs[kind])))
    nothing = call(program, route.path)
    assert [(a.status_code, a.content) for a in foreign] == [
        (a.status_code, a.content) for a in nothing
    ]
    assert 404 in {answer.status_code for answer in foreign}
    assert (Decision.objects.count(), AuditEntry.objects.count()) == (1, entries)
