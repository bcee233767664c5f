"""Callback tasks that wait in the children of a distributed Map are mirrored like all others."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import (
    CallbackTask,
    Execution,
    Lease,
    Request,
    StateMachine,
)
from callbacks.queries.ended_around import ended_around
from callbacks.sync.asking import Asking
from callbacks.sync.hinted import look_up_hints, note_hints
from callbacks.sync.lines import LAG
from callbacks.sync.schedule import LONGEST_UNSEEN
from tests import making
from tests.simulator.control import Control
from tests.sync.killing import Killed, killed_at
from tests.sync.world import World, machine, task

LISTS = "ListExecutions"
DEFINITIONS = "DescribeStateMachineForExecution"
PHOTOS = {"photos": ["a", "b", "c"]}
PASS = {"Type": "Pass", "End": True}
NAP = {"Type": "Wait", "Seconds": 100_000, "End": True}


def spread(body: Any = None, *, child_type: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    """A distributed Map over $.photos whose children wait, or do what the body says."""
    config = {"Mode": "DISTRIBUTED", "ExecutionType": child_type}
    processor = {"ProcessorConfig": config, **(body or machine(Review=task()))}
    after = {} if "Next" in fields else {"End": True}
    each = {"Type": "Map", "ItemsPath": "$.photos", "ItemProcessor": processor, "Label": "each"}
    return machine(Each={**each, **after, **fields})


def twice_spread() -> dict[str, Any]:
    """A distributed Map inside a distributed Map."""
    inner = spread()["States"]["Each"] | {"Label": "inner"}
    return spread(machine(Inner=inner))


def run_arn(world: World, parent: str) -> str:
    (run,) = world.simulator.call("ListMapRuns", executionArn=parent)["mapRuns"]
    return str(run["mapRunArn"])


def children(world: World, parent: str) -> list[str]:
    """The oldest first."""
    listed = world.simulator.call("ListExecutions", mapRunArn=run_arn(world, parent))
    return [str(line["executionArn"]) for line in listed["executions"]][::-1]


def waiting() -> set[str]:
    return set(CallbackTask.objects.waiting().values_list("execution__arn", flat=True))


def ends(world: World, parent: str) -> dict[str, tuple[str, str]]:
    """How the tasks of each child ended, by its ARN."""
    rows = CallbackTask.objects.filter(execution__arn__in=children(world, parent))
    return {row.execution.arn: (row.status, row.closed_kind) for row in rows}


def listed_runs() -> list[StateMachine]:
    return list(StateMachine.objects.filter(parent__isnull=False, gone_at=None))


def pass_by(world: World, times: int = 3) -> None:
    for _ in range(times):
        world.simulator.advance(LAG.total_seconds() + LONGEST_UNSEEN.total_seconds())
        world.sync()


@pytest.fixture
def parent(world: World) -> str:
    """An execution whose three children wait, as the mirror shows it; its ARN."""
    arn = world.start(spread(), PHOTOS)
    world.sync()
    return arn


def test_children_that_wait_are_shown_with_their_parent(world: World, parent: str) -> None:
    assert waiting() == set(children(world, parent))
    assert world.execution(parent).status == "RUNNING"
    assert world.tasks(parent) == []


def test_a_child_goes_by_the_name_of_its_parents_machine(world: World, parent: str) -> None:
    row = world.task(children(world, parent)[0])

    assert (row.state_machine_name, row.state, row.token_state) == ("orders", "Review", "held")
    assert row.execution.state_machine.parent == world.execution(parent)
    assert row.execution.state_machine.state_machine_arn.endswith(":stateMachine:orders/each")


def test_children_of_one_map_are_told_apart_by_their_items(world: World, parent: str) -> None:
    rows = [world.task(child) for child in children(world, parent)]

    assert [row.key_fields for row in rows] == [[["Input", item]] for item in PHOTOS["photos"]]
    assert all(item in row.search_text for row, item in zip(rows, PHOTOS["photos"], strict=True))


@pytest.mark.parametrize("inner", [{}, {"TimeoutSeconds": 90_000}])
def test_a_child_ends_when_its_parents_time_is_over(world: World, inner: dict[str, Any]) -> None:
    limited = spread(machine(Review=task(**inner))) | {"TimeoutSeconds": 3600}
    parent = world.start(limited, PHOTOS)
    world.sync()

    row = world.task(children(world, parent)[0])
    end = world.execution(parent).started_at + timedelta(seconds=3600)
    assert (row.deadline_kind, row.deadline_reason) == ("exact", "parent_timeout")
    assert row.dies_latest == end

    world.simulator.advance((end - timezone.now()).total_seconds() + 1)
    pass_by(world)
    assert waiting() == set()


def test_a_child_of_a_child_ends_when_the_time_of_the_first_is_over(world: World) -> None:
    parent = world.start(twice_spread() | {"TimeoutSeconds": 3600}, {"photos": [PHOTOS]})
    pass_by(world, 2)

    assert waiting().isdisjoint(children(world, parent))
    end = world.execution(parent).started_at + timedelta(seconds=3600)
    assert {row.dies_latest for row in CallbackTask.objects.waiting()} == {end}


def test_a_policy_of_the_machine_covers_its_children(world: World) -> None:
    policy = making.make_policy(name="orders", state_machine="orders")
    parent = world.start(spread(), PHOTOS)
    world.sync()

    assert {world.task(arn).policy_id for arn in children(world, parent)} == {policy.pk}


def test_what_children_run_on_is_not_asked_for(world: World) -> None:
    arn = world.simulator.create("orders", spread())
    world.sync()
    world.simulator.advance(60)
    parent = world.simulator.start(arn, PHOTOS)
    world.simulator.advance(1)

    figures = world.sync()

    definitions = {world.execution(child).definition_id for child in children(world, parent)}
    assert (len(definitions), None in definitions) == (1, False)
    assert DEFINITIONS not in figures.api_calls


def test_an_uncertain_definition_shows_them_and_is_corrected(
    world: World, simulator: Control
) -> None:
    simulator.fault(DEFINITIONS, "deny", times=1)
    parent = world.start(spread(), PHOTOS)
    world.sync()
    assert world.execution(parent).definition is None
    assert waiting() == set(children(world, parent))

    pass_by(world, 1)

    (run,) = listed_runs()
    assert run.revision_since is not None
    assert world.task(children(world, parent)[0]).token_state == "held"


def test_parents_that_were_read_before_runs_were_mirrored_are_read_again(
    world: World, parent: str
) -> None:
    StateMachine.objects.filter(parent__isnull=False).delete()
    pass_by(world, 1)
    assert waiting() == set()
    migration = import_module("callbacks.migrations.0028_read_parents_again")
    migration.read_parents_again(apps, SimpleNamespace(connection=database))

    world.sync()

    assert waiting() == set(children(world, parent))


def test_children_that_begin_later_are_found(world: World) -> None:
    parent = world.start(spread(MaxConcurrency=1), PHOTOS)
    world.sync()
    (first,) = children(world, parent)
    world.succeed(first, "{}")

    world.sync()

    _, second = children(world, parent)
    assert waiting() == {second}
    assert ends(world, parent)[first] == ("answered", "succeeded")


def test_a_child_that_came_and_went_between_two_passes_is_in_the_history(world: World) -> None:
    parent = world.start(spread(MaxConcurrency=1), PHOTOS)
    world.sync()
    for _ in range(2):
        world.succeed(children(world, parent)[-1], "{}")

    world.sync()

    assert [end for end, _ in ends(world, parent).values()].count("answered") == 2


def test_one_that_fails_within_the_tolerance_ends_alone(world: World) -> None:
    parent = world.start(spread(ToleratedFailureCount=1), PHOTOS)
    world.sync()
    failed, *others = children(world, parent)
    world.fail(failed, error="Bad")

    world.sync()

    assert waiting() == set(others)
    assert (world.execution(failed).status, world.task(failed).closed_error) == ("FAILED", "Bad")
    assert world.execution(parent).status == "RUNNING"


def test_one_failure_too_many_stops_the_others(world: World, parent: str) -> None:
    failed, *others = children(world, parent)
    world.fail(failed)

    world.sync()

    assert waiting() == set()
    assert {end for arn, end in ends(world, parent).items() if arn in others} == {
        ("stopped", "stopped")
    }
    assert world.execution(parent).status == "FAILED"


def test_the_parents_stop_closes_all_with_the_reason(world: World, parent: str) -> None:
    world.simulator.call("StopExecution", executionArn=parent, error="E", cause="No longer")

    world.sync()

    assert waiting() == set()
    assert set(ends(world, parent).values()) == {("stopped", "stopped")}
    assert world.execution(parent).status == "ABORTED"


def test_a_list_that_lags_behind_the_parents_end_hides_no_end(world: World, parent: str) -> None:
    arns = children(world, parent)
    world.simulator.lag(30)
    world.simulator.advance(30)
    world.sync()
    world.simulator.call("StopExecution", executionArn=parent)
    world.sync()

    pass_by(world)

    assert waiting() == set()
    assert {world.task(arn).closed_kind for arn in arns} == {"stopped"}


def test_a_run_that_is_over_is_looked_at_once_more_and_listed_no_longer(
    world: World, parent: str
) -> None:
    for arn in children(world, parent):
        world.succeed(arn, "{}")
    world.sync()
    pass_by(world)
    assert listed_runs() == []

    run = run_arn(world, parent)
    before = len(world.simulator.calls(LISTS))
    pass_by(world)

    asked = [call for call in world.simulator.calls(LISTS)[before:] if run in json.dumps(call)]
    assert asked == []
    assert set(ends(world, parent).values()) == {("answered", "succeeded")}


def test_a_run_that_nobody_may_list_is_not_asked_for_ever(world: World, parent: str) -> None:
    arns = children(world, parent)
    world.simulator.call("StopExecution", executionArn=parent)
    world.sync()
    StateMachine.objects.filter(parent__isnull=False).update(problem="AWS denied it.")

    world.sync()

    assert listed_runs() == []
    assert {world.task(arn).closed_kind for arn in arns} == {"stopped"}


def test_a_run_that_came_and_went_with_its_parent_is_in_the_history(world: World) -> None:
    arn = world.simulator.create("orders", spread())
    world.sync()
    parent = world.simulator.start(arn, PHOTOS)
    for child in children(world, parent):
        world.succeed(child, "{}")

    world.sync()

    assert set(ends(world, parent).values()) == {("answered", "succeeded")}


def test_a_redrive_goes_on_with_the_same_requests(world: World, parent: str) -> None:
    done, *others = children(world, parent)
    world.succeed(done, "{}")
    world.simulator.call("StopExecution", executionArn=parent)
    world.sync()
    pass_by(world)
    requests = set(Request.objects.values_list("pk", flat=True))
    world.simulator.call("RedriveExecution", executionArn=parent)

    world.sync()

    assert waiting() == set(others)
    again = CallbackTask.objects.waiting()
    assert {row.redrive_count for row in again} == {1}
    assert set(Request.objects.values_list("pk", flat=True)) == requests
    assert len(listed_runs()) == 1


def test_a_redriven_run_is_let_go_too(world: World, parent: str) -> None:
    world.simulator.call("StopExecution", executionArn=parent)
    world.sync()
    pass_by(world)
    world.simulator.call("RedriveExecution", executionArn=parent)
    world.sync()
    for arn in children(world, parent):
        world.succeed(arn, "{}")
    world.sync()

    pass_by(world)

    assert listed_runs() == []
    assert world.execution(parent).status == "SUCCEEDED"


def test_what_came_and_went_in_a_redriven_run_between_two_readings_is_found(
    world: World, parent: str
) -> None:
    world.simulator.call("StopExecution", executionArn=parent)
    world.sync()
    pass_by(world)
    world.simulator.call("RedriveExecution", executionArn=parent)
    world.simulator.advance(5)
    for arn in children(world, parent):
        world.succeed(arn, "{}")
    world.simulator.advance(5)

    world.sync()

    assert {world.execution(arn).status for arn in children(world, parent)} == {"SUCCEEDED"}
    again = CallbackTask.objects.filter(redrive_count=1)
    assert {(row.status, row.closed_kind) for row in again} == {("answered", "succeeded")}
    pass_by(world)
    assert listed_runs() == []


def test_children_over_pages_are_all_found(world: World, settings: Any) -> None:
    settings.SYNC_QUOTA_SHARE = 1.0
    arn = world.simulator.create("orders", spread())
    parent = world.simulator.start(arn, {"photos": list(range(1_050))})

    figures = world.sync(full=True)

    assert CallbackTask.objects.waiting().count() == 1_050
    # Two pages for the sweep and two for the look; one of each for the machine.
    assert figures.api_calls[LISTS] <= 6
    assert world.execution(parent).status == "RUNNING"


@pytest.mark.parametrize(
    ("body", "child_type"), [(machine(Done=PASS), "EXPRESS"), (machine(Nap=NAP), "STANDARD")]
)
def test_runs_whose_children_cannot_wait_cost_nothing(
    world: World, body: Any, child_type: str
) -> None:
    both = [machine(Approve=task()), spread(body, child_type=child_type)]
    parent = world.start(machine(Both={"Type": "Parallel", "Branches": both, "End": True}), PHOTOS)

    world.sync()
    pass_by(world)

    assert waiting() == {parent}
    assert not StateMachine.objects.filter(parent__isnull=False).exists()
    run = run_arn(world, parent)
    ours = [call for call in world.simulator.calls(LISTS) if run in json.dumps(call)]
    assert ours == []


def test_a_map_that_todays_definition_does_not_know_is_followed_in_doubt(
    world: World, simulator: Control
) -> None:
    arn = simulator.create("orders", spread())
    parent = simulator.start(arn, PHOTOS)
    renamed = machine(Other=task())
    simulator.call("UpdateStateMachine", stateMachineArn=arn, definition=json.dumps(renamed))
    simulator.fault(DEFINITIONS, "deny", times=1)
    first, *others = children(world, parent)
    world.succeed(first, "{}")

    world.sync()

    (run,) = listed_runs()
    assert run.definition is None
    assert waiting() == set(others)
    assert Execution.objects.filter(state_machine=run).count() == 3


def test_what_an_uncertain_definition_took_for_a_wait_is_dropped(
    world: World, simulator: Control
) -> None:
    arn = simulator.create("orders", spread(machine(Done={"Type": "Pass", "Next": "Nap"}, Nap=NAP)))
    parent = simulator.start(arn, PHOTOS)
    simulator.call("UpdateStateMachine", stateMachineArn=arn, definition=json.dumps(spread()))
    simulator.fault(DEFINITIONS, "deny", times=1)
    world.sync()
    assert len(listed_runs()) == 1

    pass_by(world)

    assert (listed_runs(), world.execution(parent).status) == ([], "RUNNING")


def test_a_map_inside_a_child_of_a_map_is_followed(world: World) -> None:
    parent = world.start(twice_spread(), {"photos": [PHOTOS]})
    world.sync()

    (child,) = children(world, parent)
    assert waiting() == set(children(world, child))
    assert {row.state_machine_name for row in CallbackTask.objects.all()} == {"orders"}


def test_the_next_attempt_of_a_map_is_a_run_of_its_own(world: World) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600, "MaxAttempts": 1}]
    parent = world.start(spread(Retry=retry), PHOTOS)
    world.sync()
    world.fail(children(world, parent)[0])
    world.sync()
    assert waiting() == set()
    world.simulator.advance(601)

    pass_by(world)

    (run,) = listed_runs()
    assert {row.execution.state_machine for row in CallbackTask.objects.waiting()} == {run}
    assert len(waiting()) == 3


def test_a_listing_of_machines_does_not_take_a_run_for_a_deleted_one(
    world: World, parent: str
) -> None:
    figures = [world.sync() for _ in range(2)][-1]

    assert waiting() == set(children(world, parent))
    assert len(listed_runs()) == 1
    assert figures.error == ""
    assert not StateMachine.objects.exclude(problem="").exists()


def test_children_are_followed_though_the_machine_is_deleted(world: World, parent: str) -> None:
    machine_arn = world.simulator.execution(parent)["stateMachineArn"]
    world.simulator.call("DeleteStateMachine", stateMachineArn=machine_arn)
    world.sync()
    first, *others = children(world, parent)
    world.succeed(first, "{}")

    world.sync()

    assert waiting() == set(others)


def test_tags_that_change_reach_the_children(world: World, parent: str) -> None:
    machine_arn = world.simulator.execution(parent)["stateMachineArn"]
    making.make_policy(name="by tag", tags={"team": "photo"})
    tags = [{"key": "team", "value": "photo"}]
    world.simulator.call("TagResource", resourceArn=machine_arn, tags=tags)

    pass_by(world, 1)

    assert {run.tags["team"] for run in listed_runs()} == {"photo"}


def test_a_hint_about_a_child_brings_its_reading_forward(world: World, parent: str) -> None:
    arn = children(world, parent)[0]
    Execution.objects.filter(arn=arn).update(read_next_at=None)

    note_hints(connection=world.connection, arns=[arn], now=world.now)

    assert world.execution(arn).read_next_at is not None


def test_a_hint_about_a_child_that_is_not_known_yet_finds_its_run(world: World) -> None:
    parent = world.start(spread(MaxConcurrency=1), PHOTOS)
    world.sync()
    world.succeed(children(world, parent)[0], "{}")
    arn = children(world, parent)[1]
    note_hints(connection=world.connection, arns=[arn], now=world.now)

    look_up_hints(
        asking=Asking(connection=world.connection, now=world.now),
        connection=world.connection,
        now=world.now,
    )

    assert world.execution(arn).state_machine == listed_runs()[0]


def test_where_nothing_is_new_a_run_costs_what_a_machine_costs(world: World, parent: str) -> None:
    world.sync()

    assert all(world.sync().api_calls[LISTS] <= 4 for _ in range(3))


def test_queries_do_not_grow_with_runs_that_are_over(world: World) -> None:
    arn = world.simulator.create("orders", spread())
    world.sync()

    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            world.sync()
        return len(seen)

    def come_and_go(times: int) -> None:
        for _ in range(times):
            parent = world.simulator.start(arn, {"photos": ["a"]})
            world.succeed(children(world, parent)[0], "{}")
        world.sync()
        pass_by(world)

    come_and_go(1)
    before = queries()
    come_and_go(5)

    assert queries() <= before


DEATHS: tuple[str, ...] = (
    "callbacks.sync.asking.Asking.admit",
    "callbacks.sync.apply.mirror_map_runs",
    "callbacks.sync.apply._write_execution",
    "callbacks.sync.looks.write_news",
    "callbacks.sync.looks._keep",
    "callbacks.sync.sweeps._keep",
)


def _nothing(world: World, parent: str) -> None:
    return


def _stop(world: World, parent: str) -> None:
    world.simulator.call("StopExecution", executionArn=parent)


@pytest.mark.parametrize("where", DEATHS)
@pytest.mark.parametrize("then", [_nothing, _stop])
def test_a_killed_pass_does_no_harm(
    world: World, instant: None, where: str, then: Callable[[World, str], None]
) -> None:
    parent = world.start(spread(), PHOTOS)
    for after in range(4):
        if after == 2:
            then(world, parent)
        try:
            with killed_at(where, after):
                world.sync()
        except Killed:
            Lease.objects.all().delete()

    pass_by(world)

    truth = {one["execution_arn"] for one in world.simulator.tokens()}
    assert waiting() == truth
    statuses = {world.simulator.execution(arn)["status"] for arn in children(world, parent)}
    rows = Execution.objects.filter(arn__in=children(world, parent))
    assert set(rows.values_list("status", flat=True)) == statuses


@pytest.mark.parametrize("end", ["parent_timed_out", "parent_failed", "parent_stopped"])
def test_children_that_end_with_their_parent_are_told_by_how_it_ended(
    world: World, end: str
) -> None:
    parent = world.start(spread() | {"TimeoutSeconds": 3600}, PHOTOS)
    world.sync()
    first, *others = children(world, parent)
    world.simulator.advance(60)
    if end == "parent_failed":
        world.simulator.call(
            "SendTaskFailure", taskToken=world.token(first), error="No", cause="No."
        )
    elif end == "parent_stopped":
        world.simulator.call("StopExecution", executionArn=parent)
    else:
        world.simulator.advance(3600)
    pass_by(world)

    rows = [world.task(child) for child in others]
    found = ended_around(task_ids=[row.pk for row in rows])
    assert {(row.status, found[row.pk].code) for row in rows} == {("stopped", end)}

    world.simulator.call("RedriveExecution", executionArn=parent)
    pass_by(world)
    found = ended_around(task_ids=[row.pk for row in rows])
    assert {found[row.pk].code for row in rows} == {"not_known"}
