"""The page of one workflow: its steps with their numbers, the findings, the definition."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from callbacks.queries import waits
from callbacks.views.console import workflow_console_url
from tests import making
from tests.views.conftest import text_of
from tests.views.flows import definition, ended, page_path, task_in
from tests.views.test_hostile_text import HOSTILE, TAGS, own_markup

PAGE_QUERIES = 13
JOB = "arn:aws:states:::states:startExecution.sync:2"


# --- one workflow -------------------------------------------------------------------------------
def test_each_step_leads_to_its_list(people, page_of):
    machine = making.make_machine(name="orders", definition=definition("Ask", "Sign it"))
    tasks = [task_in(machine, state=state, headline=state) for state in ("Ask", "Sign it")]
    page = page_of(people.approver, page_path(machine)).content.decode()
    links = re.findall(r'href="(/waiting/\?[^"]+)"', page)
    assert len(links) == 2
    for link, task in zip(links, tasks, strict=True):
        path = link.replace("&amp;", "&")
        query = dict(parse_qsl(urlsplit(path).query))
        assert query == {
            "connection": str(machine.connection_id),
            "state_machine": "orders",
            "state": task.state,
        }
        assert f'id="task-{task.pk}"' in page_of(people.approver, path).content.decode()


def test_a_running_job_is_counted_in_its_own_list(people, page_of):
    machine = making.make_machine(name="orders", definition=definition("Run", resource=JOB))
    task_in(machine, state="Run", status="running", early_completion=True)
    page = page_of(people.operator, page_path(machine))
    assert "A job that an answer may end early" in text_of(page)
    assert "0 waiting" in text_of(page)
    assert "/waiting/?kind=jobs&amp;" in page.content.decode()


def test_what_waits_at_a_step_of_an_older_definition_is_shown(people, page_of):
    machine = making.make_machine(name="orders")
    task_in(machine, state="Formerly")
    page = text_of(page_of(people.operator, page_path(machine)))
    assert re.search("Formerly No waiting step of today.s definition 1", page)


def test_without_a_definition_nothing_is_said_of_what_it_has(people, page_of):
    for text in ("", "{not json"):
        machine = making.make_machine(definition=text)
        machine.definition = machine.definition if text else None
        machine.save()
        task_in(machine)
        page = text_of(page_of(people.operator, page_path(machine)))
        assert "Review Not known without the definition 1" in page
        assert "State graph" not in page


def test_median_and_95_of_100_are_of_the_waits_that_ended(people, page_of):
    machine = making.make_machine(name="orders")
    for minutes in range(1, 21):
        ended(machine, minutes=minutes)
    ended(machine, minutes=9_999, days_ago=31)
    ended(machine, minutes=9_999, status="closed", early_completion=True)
    task_in(machine)
    page = text_of(page_of(people.operator, page_path(machine)))
    assert "usual waits: 20 that ended within 30 days" in page
    assert "none 20 10 min 19 min 0" in page


def test_waits_that_ran_out_are_counted(people, page_of):
    machine = making.make_machine(name="orders")
    ended(machine, minutes=60, status="timed_out")
    ended(machine, minutes=120, status="stopped")
    page = text_of(page_of(people.operator, page_path(machine)))
    assert "none 2 1 h 30 min 2 h 1" in page


def test_waits_in_the_children_of_a_distributed_map_count_too(people, page_of):
    parent = making.make_execution(making.make_machine(name="orders"))
    ended(making.make_map_run(parent), minutes=30)
    page = text_of(page_of(people.operator, page_path(parent.state_machine)))
    assert "none 1 30 min 30 min 0" in page


def test_a_sample_says_that_it_is_one(people, page_of, monkeypatch):
    monkeypatch.setattr(waits, "SAMPLE", 2)
    machine = making.make_machine(name="orders")
    for days_ago in (1, 2, 3):
        ended(machine, minutes=10 * days_ago, days_ago=days_ago)
    page = text_of(page_of(people.operator, page_path(machine)))
    assert "the newest 2 that ended within 30 days" in page
    assert "none 2 15 min 20 min 0" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"TimeoutSeconds": 3600}, "1 h"),
        ({"TimeoutSecondsPath": "$.limit"}, "set by the run"),
        ({"TimeoutSeconds": 3600, "HeartbeatSeconds": 300}, "1 h · a heartbeat every 5 min"),
        ({}, "none"),
    ],
)
def test_the_time_limit_of_a_step_is_told(people, page_of, fields, words):
    machine = making.make_machine(definition=definition("Ask", **fields))
    page = text_of(page_of(people.operator, page_path(machine)))
    assert f"lambda:invoke.waitForTaskToken 0 {words} 0" in page


def test_a_step_inside_others_says_in_which(people, page_of):
    inner = json.loads(definition("Ask"))
    outer = {"Type": "Map", "ItemProcessor": inner, "End": True}
    machine = making.make_machine(
        definition=json.dumps({"StartAt": "Each", "States": {"Each": outer}})
    )
    page = text_of(page_of(people.operator, page_path(machine)))
    assert "Ask in Each What answers hold Waits" in page


def test_findings_have_severity_step_code_and_mend(people, page_of):
    machine = making.make_machine()
    page = text_of(page_of(people.operator, page_path(machine)))
    assert "Error Review : Can hang for a year no_deadline It has neither" in page
    assert "To mend it: Give it a TimeoutSeconds" in page
    assert "Note Tokens stand in the history token_in_history" in page


def test_a_sound_workflow_says_that_nothing_was_found(people, page_of):
    machine = making.make_machine(definition='{"States": {"A": {"Type": "Pass", "End": true}}}')
    assert "Nothing was found" in text_of(page_of(people.operator, page_path(machine)))


def test_a_definition_that_nobody_can_read_is_a_finding_too(people, page_of):
    machine = making.make_machine(definition="{")
    page = text_of(page_of(people.operator, page_path(machine)))
    assert "Error Cannot be read unreadable" in page


def test_many_findings_and_steps_are_shown_to_a_bound(people, page_of):
    names = [f"S{number}" for number in range(500)]
    machine = making.make_machine(definition=definition(*names))
    page = page_of(people.operator, page_path(machine))
    assert "801 more, shown by the command" in text_of(page)
    assert len(page.content) < 1_000_000


def test_the_definition_is_folded_and_there_as_text(people, page_of):
    machine = making.make_machine()
    page = page_of(people.operator, page_path(machine)).content.decode()
    assert '<details class="fold">' in page
    assert '<span class="k">&quot;StartAt&quot;</span>' in page
    raw = page_of(people.operator, page_path(machine), raw="definition")
    assert raw["Content-Type"].startswith("text/plain")
    assert raw.content.decode() == making.DEFINITION


def test_there_is_a_way_to_the_aws_console(people, page_of):
    machine = making.make_machine(name="orders")
    url = workflow_console_url(machine.arn)
    assert url == (
        "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1"
        f"#/statemachines/view/{machine.arn}"
    )
    assert f'href="{url}"' in page_of(people.operator, page_path(machine)).content.decode()
    assert workflow_console_url(machine.arn.replace("arn:aws:", "arn:aws-us-gov:")).startswith(
        "https://console.amazonaws-us-gov.com/"
    )
    assert workflow_console_url(machine.arn.replace("arn:aws:", "arn:aws-iso:")) == ""
    assert workflow_console_url("arn:aws:states:x:1:execution:a:b") == ""


# --- text that wants to be more -----------------------------------------------------------------
@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_a_definition_stays_text(people, page_of, text):
    fields = {"OutputPath": f"$['{text}']", "TimeoutSecondsPath": text, "QueryLanguage": text}
    machine = making.make_machine(
        name=text[:80], definition=definition(text, **fields), problem=text
    )
    task_in(machine, state=text[:80])
    for path in ("/workflows/", page_path(machine), f"/workflows/?q={text}"):
        page = page_of(people.admin, path)
        assert page.status_code == 200
        assert not TAGS.search(own_markup(page)), path
    assert re.sub(r"\s+", " ", text) in text_of(page_of(people.admin, page_path(machine)))


def test_letters_that_cannot_be_seen_are_chips(people, page_of):
    name = "pay\u202eme\u200b"
    machine = making.make_machine(name=name, definition=definition(name, "\ud800"))
    task_in(machine, state=name)
    for path in ("/workflows/", page_path(machine)):
        body = own_markup(page_of(people.admin, path))
        assert "\u202e" not in body
        assert '<span class="odd" title="U+202E">' in body


# --- cost --------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [1, 20])
def test_a_page_asks_the_same_number_of_queries_however_much_there_is(
    people, browser_of, django_assert_num_queries, number
):
    names = [f"S{count}" for count in range(number)]
    machine = making.make_machine(definition=definition(*names))
    for name in names:
        task_in(machine, state=name)
        ended(machine, minutes=1, state=name)
    browser = browser_of(people.operator)
    with django_assert_num_queries(PAGE_QUERIES):
        browser.get(page_path(machine))


def test_a_rejection_that_was_a_success_counts_as_none(people, page_of, monkeypatch):
    monkeypatch.setattr("callbacks.views.charts._ENOUGH", 2)
    machine = making.make_machine(name="orders")
    yes, no = (
        ended(machine, minutes=3, status="answered", closed_kind="succeeded") for _ in range(2)
    )
    making.make_decision(yes, people.approver, status="confirmed")
    making.make_decision(no, people.approver, direction="reject", status="confirmed")
    page = text_of(page_of(people.admin, page_path(machine)))
    assert "50 of 100 are approved" in page


def test_a_chart_of_the_newest_says_that_it_is(people, page_of, monkeypatch):
    monkeypatch.setattr(waits, "SAMPLE", 3)
    machine = making.make_machine(name="orders")
    for _ in range(5):
        ended(machine, minutes=3)
    page = text_of(page_of(people.admin, page_path(machine)))
    assert "the newest 3 answers within 30 days" in page
