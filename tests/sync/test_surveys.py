"""Who waits in a state machine in which, by today's definition, nobody can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.models import Execution, Hint, StateMachine, StateMachineVersion
from callbacks.sync.hinted import note_hints
from callbacks.sync.surveys import (
    SURVEY_AGAIN_AFTER,
    SURVEY_CHANGED_EVERY,
    SURVEY_EVERY,
    SURVEY_VERSIONED_EVERY,
    first_that_waits,
)
from tests.sync.test_versions import FIRST, OWN, SECOND, Versioned
from tests.sync.world import World, machine, task

pytestmark = pytest.mark.django_db

LISTS = "ListExecutions"
PATIENT = machine(Ask=task(TimeoutSeconds=36_000))
QUIET = machine(Done={"Type": "Wait", "Seconds": 36_000, "End": True})
QUIET_TOO = machine(Finish={"Type": "Wait", "Seconds": 36_000, "End": True})


def test_who_waits_in_a_version_is_found_where_today_nobody_can_wait(world: World) -> None:
    quiet = Versioned(world, today=QUIET)
    arn = world.simulator.start(quiet.alias)
    world.sync()
    assert world.task(arn).is_waiting
    assert StateMachine.objects.get().versions_wait


def test_from_then_on_such_a_machine_is_looked_at_like_others(world: World) -> None:
    quiet = Versioned(world, today=QUIET)
    world.succeed(world.simulator.start(quiet.alias))
    first = world.simulator.start(quiet.alias)
    world.sync()
    world.succeed(first)
    world.simulator.advance(61)
    second = world.simulator.start(quiet.alias)
    world.sync()
    assert world.task(first).status == "answered"
    assert world.task(second).is_waiting


def test_a_machine_without_such_versions_is_asked_seldom(world: World) -> None:
    arn = world.simulator.create("quiet", QUIET)
    world.simulator.start(world.simulator.publish(arn))
    world.sync()
    world.simulator.advance(61)
    world.sync()
    assert len(world.simulator.calls("ListExecutions")) == 1
    world.simulator.advance(SURVEY_EVERY.total_seconds())
    world.sync()
    assert len(world.simulator.calls("ListExecutions")) == 2
    assert not StateMachine.objects.get().versions_wait
    assert StateMachineVersion.objects.get().definition.can_wait is False


def test_a_machine_in_which_nobody_can_wait_any_more_is_asked_once_more(world: World) -> None:
    arn = world.simulator.create("orders", FIRST)
    version = world.simulator.publish(arn)
    world.sync()
    world.simulator.update(arn, QUIET)
    started = world.simulator.start(version)
    world.simulator.advance(61)
    world.sync()
    assert world.task(started).is_waiting


def passing(world: World, seconds: float, *, every: float = 5.0) -> None:
    for _ in range(int(seconds / every)):
        world.simulator.advance(every)
        world.sync()


def changed_away(world: World) -> Versioned:
    """Mirrored while somebody could wait, and surveyed after nobody could any more."""
    quiet = Versioned(world, today=SECOND, first=PATIENT)
    world.sync()
    world.simulator.update(quiet.arn, QUIET)
    world.simulator.advance(61)
    world.sync()
    world.simulator.advance(30)
    world.sync()
    assert StateMachine.objects.get(arn=quiet.arn).surveyed_at is not None
    return quiet


def test_who_begins_to_wait_in_a_version_of_other_times_is_shown_within_minutes(
    world: World,
) -> None:
    quiet = changed_away(world)
    arn = world.simulator.start(quiet.alias)
    passing(world, SURVEY_VERSIONED_EVERY.total_seconds() + 30, every=30)
    assert world.task(arn).is_waiting


def test_also_where_the_lists_of_others_take_all_calls(
    world: World, settings: Any, instant: None
) -> None:
    for number in range(38):
        world.simulator.create(f"busy-{number}", FIRST)
    quiet = changed_away(world)
    settings.SYNC_QUOTA_SHARE = 0.2  # a list a second
    passing(world, 60)
    arn = world.simulator.start(quiet.alias)
    passing(world, SURVEY_VERSIONED_EVERY.total_seconds() + 30)
    assert world.task(arn).is_waiting


def surveyed(world: World) -> int:
    """How many lists were read of machines in which nobody can wait."""
    calls = world.simulator.calls("ListExecutions")
    return sum(":quiet-" in call["params"]["stateMachineArn"] for call in calls)


def test_surveys_take_a_small_part_of_the_calls_for_lists(
    world: World, settings: Any, instant: None
) -> None:
    for number in range(30):
        arn = world.simulator.create(f"quiet-{number}", QUIET)
        world.simulator.update(arn, machine(Done={"Type": "Pass", "End": True}))
    for number in range(38):
        world.simulator.create(f"busy-{number}", FIRST)
    settings.SYNC_QUOTA_SHARE = 0.2  # a list a second, and forty of them at once
    passing(world, 30)
    before = surveyed(world)
    passing(world, 60)
    assert 5 <= surveyed(world) - before <= 7


# --- what began before an update ---------------------------------------------------------------
def test_who_began_to_wait_just_before_an_update_that_took_the_wait_away_is_found(
    world: World,
) -> None:
    arn = world.simulator.create("orders", PATIENT)
    world.sync()
    world.simulator.advance(61)
    started = world.simulator.start(arn)
    world.simulator.update(arn, QUIET)
    world.sync()
    assert world.task(started).is_waiting


def test_and_who_was_answered_by_then_is_in_the_history(world: World) -> None:
    arn = world.simulator.create("orders", PATIENT)
    world.sync()
    world.simulator.advance(61)
    started = world.simulator.start(arn)
    world.succeed(started)
    world.simulator.update(arn, QUIET)
    world.sync()
    assert world.task(started).status == "answered"


def test_after_that_look_such_a_machine_is_listed_no_more(world: World) -> None:
    arn = world.simulator.create("orders", PATIENT)
    world.sync()
    world.simulator.update(arn, QUIET)
    passing(world, 200, every=50)
    before = len(world.simulator.calls(LISTS))
    world.simulator.advance(5)
    world.sync()
    assert len(world.simulator.calls(LISTS)) == before


@pytest.mark.parametrize("updates", [[QUIET], [QUIET, PATIENT, QUIET], [QUIET, QUIET_TOO]])
def test_who_waits_since_before_updates_that_nobody_saw_is_found(
    world: World, updates: list[Any]
) -> None:
    """Also where the definition of before was put back since."""
    arn = world.simulator.create("orders", PATIENT)
    started = world.simulator.start(arn)
    for definition in updates:
        world.simulator.update(arn, definition)
        for _ in range(3):
            world.simulator.start(arn)
        world.simulator.advance(60)
    world.sync()
    assert world.task(started).is_waiting


def test_a_machine_that_was_never_updated_costs_no_calls_for_definitions(world: World) -> None:
    arn = world.simulator.create("quiet", QUIET)
    world.simulator.start(arn)
    world.sync()
    assert len(world.simulator.calls(LISTS)) == 1
    assert world.simulator.calls(OWN) == []


def test_what_is_known_to_wait_for_nobody_is_not_asked_about_again(world: World) -> None:
    arn = world.simulator.create("quiet", QUIET)
    for _ in range(5):
        world.simulator.start(arn)
    world.simulator.update(arn, QUIET_TOO)
    world.simulator.advance(120)
    world.sync()
    asked = len(world.simulator.calls(OWN))
    world.simulator.advance(SURVEY_CHANGED_EVERY.total_seconds() + 60)
    world.sync()
    assert len(world.simulator.calls(LISTS)) == 2
    assert len(world.simulator.calls(OWN)) == asked == 2


# --- long lists, deleted versions, refusals ----------------------------------------------------
def test_who_waits_behind_thousands_of_others_is_found(world: World) -> None:
    quiet = Versioned(world, today=QUIET, first=PATIENT)
    started = world.simulator.start(quiet.alias)
    world.simulator.advance(60)
    world.simulator.start_many(quiet.arn, 2_100)
    world.sync()
    assert world.task(started).is_waiting


def test_a_survey_goes_on_where_it_stopped(world: World, settings: Any, instant: None) -> None:
    quiet = Versioned(world, today=QUIET, first=PATIENT)
    started = world.simulator.start(quiet.alias)
    world.simulator.advance(60)
    world.simulator.start_many(quiet.arn, 2_100)
    settings.SYNC_QUOTA_SHARE = 0.04  # a list in five seconds
    world.sync()
    pages = [call["params"].get("nextToken") for call in world.simulator.calls(LISTS)]
    passing(world, 60)
    assert world.task(started).is_waiting
    pages = [call["params"].get("nextToken") for call in world.simulator.calls(LISTS)][:3]
    assert pages[0] is None
    assert None not in pages[1:]


def test_a_survey_begins_anew_where_aws_forgot_its_page(
    world: World, settings: Any, instant: None
) -> None:
    quiet = Versioned(world, today=QUIET, first=PATIENT)
    started = world.simulator.start(quiet.alias)
    world.simulator.advance(60)
    world.simulator.start_many(quiet.arn, 2_100)
    world.sync()
    StateMachine.objects.update(survey_token="gone", versions_wait=False, survey_next_at=None)
    StateMachineVersion.objects.all().delete()
    Execution.objects.all().delete()
    world.simulator.advance(5)
    world.sync()
    assert world.task(started).is_waiting


@pytest.mark.parametrize("by_hint", [True, False])
def test_who_waits_in_a_version_that_was_deleted_since_is_found(
    world: World, by_hint: bool
) -> None:
    quiet = Versioned(world, today=QUIET, first=PATIENT)
    if by_hint:
        # Surveyed already, and so not soon again.
        world.sync()
    started = world.simulator.start(quiet.version)
    world.simulator.alias("PROD", world.simulator.publish(quiet.arn))
    world.simulator.call("DeleteStateMachineVersion", stateMachineVersionArn=quiet.version)
    if by_hint:
        note_hints(connection=world.connection, arns=[started], now=world.now)
    world.sync()
    assert world.task(started).is_waiting
    assert not Hint.objects.exists()


@pytest.mark.parametrize("operation", [LISTS, "DescribeStateMachine"])
def test_what_aws_throttles_is_surveyed_again_soon(world: World, operation: str) -> None:
    quiet = Versioned(world, today=machine(Done={"Type": "Pass", "End": True}), first=QUIET)
    world.sync()
    world.simulator.advance(SURVEY_CHANGED_EVERY.total_seconds())
    world.simulator.update(quiet.arn, PATIENT)
    version = world.simulator.publish(quiet.arn)
    world.simulator.update(quiet.arn, QUIET)
    started = world.simulator.start(version)
    world.simulator.fault(operation, "throttle", times=None)
    world.simulator.fault(OWN, "throttle", times=None)
    world.sync()
    world.simulator.clear_faults()
    passing(world, 2 * SURVEY_AGAIN_AFTER.total_seconds(), every=20)
    assert world.task(started).is_waiting


def test_that_a_list_was_denied_is_forgotten_with_the_denial(world: World) -> None:
    arn = world.simulator.create("quiet", QUIET)
    world.simulator.start(world.simulator.publish(arn))
    world.simulator.fault(LISTS, "deny", times=None)
    world.sync()
    assert "ListExecutions" in world.health.error_message
    world.simulator.clear_faults()
    passing(world, SURVEY_AGAIN_AFTER.total_seconds() + 10, every=10)
    assert StateMachine.objects.get().problem == ""
    assert world.health.error_message == ""


def test_a_hint_finds_who_waits_on_a_definition_of_other_times(world: World) -> None:
    arn = world.simulator.create("orders", PATIENT)
    started = world.simulator.start(arn)
    world.simulator.update(arn, QUIET)
    world.simulator.fault(LISTS, "throttle", times=None)
    world.sync()
    assert not Execution.objects.exists()
    note_hints(connection=world.connection, arns=[started], now=world.now)
    world.sync()
    assert world.task(started).is_waiting


def test_hints_of_a_busy_machine_leave_room_for_those_of_others(world: World) -> None:
    busy = Versioned(world, today=QUIET)
    arn = world.simulator.create("refunds", PATIENT)
    version = world.simulator.publish(arn)
    world.simulator.update(arn, QUIET)
    world.sync()
    started = world.simulator.start(version)
    crowd = [world.simulator.start(busy.arn) for _ in range(30)]
    note_hints(connection=world.connection, arns=[*crowd, started], now=world.now)
    world.sync()
    assert world.task(started).is_waiting


# --- with as few calls as it takes -------------------------------------------------------------
@given(
    revisions=st.lists(
        st.tuples(st.booleans(), st.integers(min_value=1, max_value=40)), min_size=1, max_size=6
    )
)
def test_one_that_waits_is_found_among_many_revisions(
    revisions: list[tuple[bool, int]],
) -> None:
    """Each revision: whether somebody can wait in it, and how many executions began on it."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    runs = [
        SimpleNamespace(started_at=began + timedelta(seconds=number), revision=f"r{place}", waits=w)
        for number, (place, w) in enumerate(
            (place, w) for place, (w, count) in enumerate(revisions) for _ in range(count)
        )
    ]
    asked: list[Any] = []

    def own(run: Any) -> Any:
        asked.append(run)
        text = '{"StartAt": "A", "States": {"A": %s}}' % (
            '{"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", '
            '"End": true}'
            if run.waits
            else '{"Type": "Pass", "End": true}'
        )
        return SimpleNamespace(revision_id=run.revision, definition=text)

    found: Any = first_that_waits(runs[::-1], own=own)  # type: ignore[arg-type]
    assert (found is not None and found.waits) == any(waits for waits, _ in revisions)
    # Two ends for one revision, and a search for each border between two.
    assert len(asked) <= 2 + 8 * (len(revisions) - 1)
