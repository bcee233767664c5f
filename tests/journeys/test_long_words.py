"""Words without a blank, as long as AWS allows them: no page can be scrolled sideways for one."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from callbacks.models import Role, TaskStatus
from tests import making
from tests.asl.graphs import ask, choice, machine, task
from tests.journeys.conftest import PHONE, WIDE, overflows
from tests.views.flows import ended

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A window of 1280 at 200 %, and where the sidebar begins.
ZOOMED, BESIDE = 640, 1280
# AWS: "State names must be 80 characters or less", and any but a few control letters go.
NAME = "ReviewOfTheRefund" * 4 + "ByOneMemberX"
ENDLESS = "https://example.org/" + "W" * 280
SCHEMA = {
    "type": "object",
    "title": ENDLESS,
    "description": ENDLESS,
    "required": [ENDLESS],
    "properties": {
        ENDLESS: {"type": "string", "description": ENDLESS},
        "titled": {"type": "string", "title": ENDLESS, "enum": [ENDLESS, "b"]},
        "told": {"type": "object", "title": ENDLESS, "properties": {"in": {"type": "boolean"}}},
    },
}


def the_definition():
    caught = [{"ErrorEquals": [NAME], "Next": f"{NAME[:-1]}Y"}]
    return machine(
        {
            NAME: ask(f"{NAME[:-1]}C", OutputPath=f"$.{NAME}", Catch=caught),
            f"{NAME[:-1]}C": choice(f"{NAME[:-1]}Y", **{f"{NAME[:-1]}Z": NAME}),
            f"{NAME[:-1]}Z": task(),
            f"{NAME[:-1]}Y": task(),
        }
    ).text


def the_policy(team):
    return making.make_policy(
        NAME,
        team=team,
        question=ENDLESS,
        note=ENDLESS,
        output_schema=SCHEMA,
        headline=ENDLESS[:200],
        state=NAME,
        approve_label=NAME[:40],
        rejection_errors=[NAME],
    )


def the_words():
    """What a task says of itself, of the longest that the mirror keeps."""
    return {
        "headline": ENDLESS[:300],
        "key_fields": [[NAME, ENDLESS], ["Order", NAME]],
        "asked_by": ENDLESS[:200],
        "input": json.dumps({NAME: ENDLESS, "list": [{ENDLESS: ENDLESS}]}),
        "worker": ENDLESS[:256],
    }


@pytest.fixture
def reader():
    """Somebody with a long name, who may see everything and answer what is asked."""
    return making.make_person(NAME, Role.APPROVER, Role.OPERATOR, Role.ADMIN, teams=[NAME])


@pytest.fixture
def paths(reader):
    """The addresses of pages on which every name is as long as it may be."""
    connection = making.make_connection(NAME)
    workflow = making.make_machine(connection, NAME, definition=the_definition())
    policy = the_policy(NAME)
    execution = making.make_execution(workflow, NAME)
    asked = making.make_task(making.make_request(execution, NAME), policy=policy, **the_words())
    making.make_comment(reader, asked, ENDLESS)
    making.make_claim(asked, reader, note=ENDLESS[:200])
    over = ended(
        workflow,
        minutes=5,
        state=NAME,
        policy=policy,
        closed_kind="failed",
        closed_error=ENDLESS[:256],
        closed_cause=ENDLESS,
        **the_words(),
    )
    failed = making.make_execution(
        workflow, f"{NAME[:-1]}F", status="FAILED", error=ENDLESS[:256], cause=ENDLESS
    )
    making.make_task(making.make_request(failed, NAME), status=TaskStatus.CLOSED, **the_words())
    decision = making.make_decision(
        over,
        reader,
        output=json.dumps({NAME: ENDLESS}).encode(),
        status="confirmed",
        status_at=timezone.now(),
        reason=ENDLESS,
    )
    return [
        "/",
        "/waiting/",
        "/history/",
        "/audit/",
        f"/?q={NAME}&state_machine={NAME}&state={NAME}",
        f"/waiting/?q={NAME}&state_machine={NAME}&connection={connection.pk}&state={NAME}",
        f"/history/?q={NAME}&state_machine={NAME}&team={NAME}",
        "/workflows/",
        "/policies/",
        "/connections/",
        "/settings/",
        f"/tasks/{asked.pk}/",
        f"/tasks/{asked.pk}/?view=technical",
        f"/tasks/{over.pk}/",
        f"/decisions/{decision.pk}/",
        f"/tasks/{asked.pk}/hand-over/",
        f"/executions/{execution.pk}/",
        f"/executions/{execution.pk}/events/",
        f"/executions/{failed.pk}/",
        f"/workflows/{workflow.pk}/",
        f"/workflows/{workflow.pk}/answers/?step={NAME}",
        f"/policies/{policy.pk}/",
        f"/policies/{policy.pk}/edit/",
        f"/connections/{connection.pk}/",
    ]


@pytest.mark.parametrize("width", [PHONE, ZOOMED, BESIDE, WIDE])
def test_no_page_is_wider_than_its_window(reader, open_page, troubles, paths, width):
    page = open_page("/settings/", reader, width=width)
    wide = []
    for path in paths:
        page.goto(path)
        wide += [path] if overflows(page) else []
    assert wide == []
    assert troubles.seen == []


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_what_a_button_says_stays_within_it(reader, open_page, paths, width):
    (path,) = [path for path in paths if path.startswith("/tasks/")][:1]
    page = open_page(path, reader, width=width)
    page.get_by_role("button", name="Reject").first.click()
    for button in page.locator(".ans:visible, .btn:visible").all():
        assert button.evaluate("e => e.scrollWidth <= e.clientWidth"), button.inner_text()
    assert not overflows(page)
