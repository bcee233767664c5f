"""The page of an execution: its requests and payloads, for those who may see them."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from django.utils import timezone

from callbacks.models import Execution, TaskStatus
from tests import making
from tests.asl.graphs import ask
from tests.views.conftest import text_of
from tests.views.test_graph import node


def path_of(execution):
    return f"/executions/{execution.pk}/"


def test_it_lists_every_request_of_the_run(people, page_of):
    execution = making.make_execution(name="order-881")
    first = making.make_task(
        execution=execution,
        status=TaskStatus.ANSWERED,
        closed_at=timezone.now(),
        closed_event_id=6,
        closed_event_type="TaskSucceeded",
    )
    second = making.make_task(making.make_request(execution, "Approve"), scheduled_event_id=9)
    page = page_of(people.approver, path_of(execution))
    assert f'href="/tasks/{first.pk}/"' in page.content.decode()
    assert f'href="/tasks/{second.pk}/"' in page.content.decode()
    assert "6 TaskSucceeded" in text_of(page)


def test_it_says_how_the_run_stands_with_what_it_gave(people, page_of):
    execution = making.make_execution(status="FAILED", error="Denied", cause="No money")
    making.make_task(execution=execution)
    page = text_of(page_of(people.approver, path_of(execution)))
    assert "The run FAILED with Denied: No money" in page
    assert execution.arn in page


def test_who_may_see_none_of_its_requests_may_not_see_it(people, page_of):
    task = making.make_task(policy=making.make_policy(team="finance"))
    assert page_of(people.approver, path_of(task.execution)).status_code == 404
    assert page_of(people.approver2, path_of(task.execution)).status_code == 200
    assert page_of(people.operator, path_of(task.execution)).status_code == 200
    assert page_of(people.operator, f"/executions/{uuid.uuid4()}/").status_code == 404


def test_requests_of_other_teams_are_left_out(people, page_of):
    execution = making.make_execution()
    making.make_task(execution=execution, headline="mine")
    making.make_task(
        making.make_request(execution, "Other"),
        scheduled_event_id=9,
        headline="theirs",
        policy=making.make_policy(team="finance"),
    )
    page = text_of(page_of(people.approver, path_of(execution)))
    assert "mine" in page
    assert "theirs" not in page


def test_the_child_of_a_map_run_leads_to_its_parent(people, page_of):
    parent = making.make_execution()
    run = making.make_map_run(parent)
    task = making.make_task(execution=making.make_execution(run))
    for path in (path_of(task.execution), f"/tasks/{task.pk}/?view=technical"):
        page = page_of(people.operator, path)
        assert f'href="{path_of(parent)}"' in page.content.decode()
        assert run.arn in text_of(page)
        assert run.state_machine_arn in text_of(page)


def test_those_who_may_not_see_its_parent_are_neither_led_there_nor_told_its_name(people, page_of):
    run = making.make_map_run(making.make_execution(name="salary-of-bob"))
    task = making.make_task(execution=making.make_execution(run, input='"photo-7.jpg"'))
    for path in pages_of(task):
        page = page_of(people.approver, path)
        assert page.status_code == 200
        assert path_of(run.parent) not in page.content.decode()
        assert "salary-of-bob" not in page.content.decode()
        assert "Part of a run that you may not see , item photo-7.jpg" in text_of(page)


def pages_of(task):
    return (path_of(task.execution), f"/tasks/{task.pk}/", f"/tasks/{task.pk}/?view=technical")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('"photo-7.jpg"', "album-1 , item photo-7.jpg"),
        ("7", "album-1 , item 7"),
        ('{"photo": 7}', "album-1 , child run-x"),
        ("[7]", "album-1 , child run-x"),
    ],
)
def test_the_child_of_a_map_run_says_which_part_of_it_it_is(people, page_of, given, words):
    run = making.make_map_run(making.make_execution(name="album-1"))
    task = making.make_task(execution=making.make_execution(run, "run-x", input=given))
    for path in pages_of(task):
        assert f"Part of {words}" in text_of(page_of(people.operator, path))


def test_a_run_that_another_one_started_leads_there(people, page_of):
    parent = making.make_execution(name="order-881")
    child = making.make_execution(
        making.make_machine(parent.connection), "payment-1", started_by=parent.arn
    )
    for path in pages_of(making.make_task(execution=child)):
        page = page_of(people.operator, path)
        assert "Part of order-881" in text_of(page)
        assert f'href="{path_of(parent)}"' in page.content.decode()


def test_a_run_that_is_not_mirrored_or_not_to_be_seen_is_only_named(people, page_of):
    hidden = making.make_task(policy=making.make_policy(team="finance")).execution
    gone = hidden.arn.replace(hidden.name, "order-4")
    machine = making.make_machine(hidden.connection)
    for name, arn in ((hidden.name, hidden.arn), ("order-4", gone)):
        child = making.make_execution(machine, started_by=arn)
        for path in pages_of(making.make_task(execution=child)):
            page = page_of(people.approver, path)
            assert f"Part of {name}" in text_of(page)
            assert path_of(hidden) not in page.content.decode()


def test_a_run_is_no_part_of_itself_nor_of_one_in_another_account(people, page_of):
    other = making.make_execution(name="order-4")
    child = making.make_execution(started_by=other.arn)
    page = page_of(people.operator, path_of(child))
    assert path_of(other) not in page.content.decode()
    child.started_by = child.arn
    child.save()
    assert "Part of" not in text_of(page_of(people.operator, path_of(child)))


def test_its_definition_is_shown_as_code(people, page_of):
    task = making.make_task()
    page = page_of(people.approver, path_of(task.execution)).content.decode()
    assert '<span class="k">&quot;StartAt&quot;</span>' in page


def test_the_raw_output_is_plain_text(people, page_of):
    execution = making.make_execution(output='{"a": "<b>"}', status="SUCCEEDED")
    making.make_task(execution=execution)
    raw = page_of(people.approver, path_of(execution), raw="output")
    assert raw["Content-Type"].startswith("text/plain")
    assert raw.content.decode() == '{"a": "<b>"}'


def test_the_run_says_by_which_version_and_alias_it_was_started(people, page_of):
    execution = making.make_execution(version="3", alias="PROD")
    task = making.make_task(execution=execution)
    for path in (f"/executions/{execution.pk}/", f"/tasks/{task.pk}/?view=technical"):
        page = text_of(page_of(people.operator, path))
        assert "Version 3" in page
        assert "Alias PROD" in page


def test_a_run_of_no_version_says_nothing_of_one(people, page_of):
    page = text_of(page_of(people.operator, f"/executions/{making.make_execution().pk}/"))
    assert "Version" not in page
    assert "Alias" not in page


def test_the_technical_view_marks_what_was_found_about_its_step(people, page_of):
    wraps = ask(OutputPath="$.Payload")
    text = json.dumps({"StartAt": "Ask", "States": {"Ask": wraps}})
    execution = making.make_execution(making.make_machine(definition=text))
    task = making.make_task(making.make_request(execution, "Ask"))
    page = page_of(people.operator, f"/tasks/{task.pk}/?view=technical")
    (definition,) = re.findall(r'id="definition".*?</section>', page.content.decode(), re.DOTALL)
    (marked,) = re.findall(r'<span class="l bad">(.*?)</span>\n?', definition)
    assert "OutputPath" in marked
    assert "Answer needs" in definition
    assert "Can hang for a year" in definition
    assert "Tokens stand in the history" not in definition


SPREADS = {
    "Each": {
        "Type": "Map",
        "Label": "each",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Review",
            "States": {"Review": ask()},
        },
        "End": True,
    }
}


SPREAD = {**SPREADS["Each"]}
SPREAD.pop("Label", None)
NAMELESS = json.dumps({"StartAt": "Each", "States": {"Each": SPREAD}})


def spread_run(name="album-1"):
    """A run with a Map Run at work."""
    text = json.dumps({"StartAt": "Each", "States": SPREADS})
    return making.make_map_run(making.make_execution(making.make_machine(definition=text), name))


def test_it_lists_its_map_runs_and_leads_to_what_waits_in_them(people, page_of):
    run = spread_run()
    tasks = [making.make_task(execution=making.make_execution(run)) for _ in range(3)]
    making.make_task()
    page = page_of(people.operator, path_of(run.parent))
    assert "Each 3 requests wait in it at work" in text_of(page)
    (url,) = re.findall(r'href="(/waiting/\?map_run=[^"]+)"', page.content.decode())
    listed = page_of(people.operator, url)
    assert set(re.findall(r'id="open-([^"]+)"', listed.content.decode())) == {
        str(task.pk) for task in tasks
    }
    assert "Map Run Each" in text_of(listed)


def test_a_list_calls_a_map_run_by_its_name_also_where_nothing_matches(people, page_of):
    run = spread_run()
    making.make_task(execution=making.make_execution(run))
    for reader in (people.operator, people.approver):
        path = f"/waiting/?map_run={run.pk}&q=nothing-like-it"
        assert "Map Run Each" in text_of(page_of(reader, path))


def test_a_map_without_a_label_is_called_by_its_name_and_not_by_awss_id(people, page_of):
    run = making.make_map_run(
        making.make_execution(making.make_machine(definition=NAMELESS)), f"{uuid.uuid4()}"
    )
    making.make_task(execution=making.make_execution(run))
    assert "Map Run Each" in text_of(page_of(people.operator, f"/waiting/?map_run={run.pk}"))


def test_what_is_not_known_is_called_so_and_not_by_an_id_of_ours(people, page_of):
    nowhere = uuid.uuid4()
    for name, label in (("map_run", "Map Run"), ("connection", "Connection")):
        listed = text_of(page_of(people.operator, f"/waiting/?{name}={nowhere}"))
        assert f"{label} not known here" in listed
        assert str(nowhere)[:8] not in listed


def test_who_sees_all_is_told_that_nothing_waits_in_a_map_run(people, page_of):
    run = spread_run()
    assert "Each nothing waits in it at work" in text_of(
        page_of(people.operator, path_of(run.parent))
    )


def test_the_graph_of_its_parent_shows_that_a_map_run_holds_requests(people, page_of):
    run = spread_run()
    making.make_task(execution=making.make_execution(run))
    page = page_of(people.operator, path_of(run.parent)).content.decode()
    assert node(page, "Each") == "frame inside"
    assert "1 request waits in it" in page
    # Which of its steps a child has come to, the run's own history does not tell.
    assert node(page, "Review") == "unknown"


def test_the_graph_shows_a_map_run_at_work_in_which_nobody_waits(people, page_of):
    page = page_of(people.operator, path_of(spread_run().parent)).content.decode()
    assert node(page, "Each") == "frame waiting"
    assert "is at work" in page


def test_the_graph_of_a_run_that_is_over_holds_nothing(people, page_of):
    run = spread_run()
    Execution.objects.filter(pk=run.parent_id).update(status="ABORTED")
    page = page_of(people.operator, path_of(run.parent)).content.decode()
    assert node(page, "Each") == "frame unknown"


def test_what_waits_in_a_map_inside_a_map_is_counted_and_listed_with_the_outer_one(people, page_of):
    run = spread_run()
    inner = making.make_map_run(making.make_execution(run), "inner")
    task = making.make_task(execution=making.make_execution(inner))
    assert "1 request waits in it" in text_of(page_of(people.operator, path_of(run.parent)))
    listed = page_of(people.operator, f"/waiting/?map_run={run.pk}").content.decode()
    assert f'id="open-{task.pk}"' in listed


def test_of_a_map_run_only_that_is_counted_and_listed_which_one_may_see(people, page_of):
    run = spread_run()
    making.make_task(execution=run.parent)
    theirs = making.make_task(
        execution=making.make_execution(run), policy=making.make_policy(team="finance")
    )
    page = page_of(people.approver, path_of(run.parent))
    assert "Each nothing that you may see waits in it at work" in text_of(page)
    listed = page_of(people.approver, f"/waiting/?map_run={run.pk}")
    assert str(theirs.pk) not in listed.content.decode()
    assert "Map Run not known here" in text_of(listed)


def test_a_map_run_that_is_over_says_so_and_leads_nowhere(people, page_of):
    run = spread_run()
    run.over_at = timezone.now()
    run.save()
    page = page_of(people.operator, path_of(run.parent))
    assert "Each \N{EN DASH} over since" in text_of(page)
    assert "/waiting/?map_run=" not in page.content.decode()


def test_a_run_without_map_runs_says_nothing_of_them(people, page_of):
    page = page_of(people.operator, path_of(making.make_execution()))
    assert "Map Runs" not in text_of(page)


def test_the_page_asks_as_often_however_many_map_runs_and_children_there_are(
    people, browser_of, django_assert_max_num_queries
):
    browser, counts = browser_of(people.operator), []
    run = spread_run()
    making.make_task(execution=making.make_execution(run))
    for more in (0, 30):
        for _ in range(more):
            run = making.make_map_run(run.parent)
            making.make_task(execution=making.make_execution(run))
        with django_assert_max_num_queries(100) as asked:
            page = browser.get(path_of(run.parent))
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert "Older Map Runs of this run are not listed." in text_of(page)
