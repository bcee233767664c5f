"""When AWS does not answer, or not well: it is recorded, and nothing is closed by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callbacks.models import CallCount, ConnectionHealth, Execution, StateMachine
from callbacks.stepfunctions import ExecutionPage, Reader, Refused, RefusedKind, Throttled
from callbacks.sync import health, read_execution, run_pass
from tests import making
from tests.sync.world import FOUNDING_CASE, World


def closed_by_somebody(world: World) -> str:
    """One task in the mirror, answered behind our back."""
    arn = world.start()
    world.sync()
    world.succeed(arn)
    return arn


@pytest.mark.parametrize("kind", ["throttle", "deny", "error", "html", "omit_key", "cut_body"])
def test_from_a_listing_that_fails_nothing_follows(world: World, kind: str) -> None:
    arn = world.start()
    world.sync()
    world.simulator.fault("ListExecutions", kind, times=None)

    figures = world.sync()

    # Had it been taken for an empty list, the execution would be looked up as one that has left.
    assert "DescribeExecution" not in figures.api_calls
    assert (world.task(arn).is_waiting, figures.tasks_closed) == (True, 0)


@pytest.mark.parametrize("kind", ["throttle", "deny", "error", "omit_key"])
def test_without_the_list_of_machines_the_known_ones_are_followed(world: World, kind: str) -> None:
    arn = closed_by_somebody(world)
    world.simulator.fault("ListStateMachines", kind, times=None)

    world.sync()

    assert world.task(arn).status == "answered"
    assert world.execution(arn).state_machine.gone_at is None


def test_what_failed_is_made_good_by_the_next_pass(world: World) -> None:
    arn = closed_by_somebody(world)
    world.simulator.fault("ListExecutions", "error", times=3)
    world.sync()

    figures = world.sync()

    assert world.task(arn).status == "answered"
    assert (figures.error, world.health.error_code, world.health.failing_since) == ("", "", None)


def test_out_of_reach_is_said_since_when(world: World) -> None:
    lonely = making.make_connection(endpoint_url="http://127.0.0.1:9")

    figures = run_pass(connection=lonely, now=world.now)

    health = ConnectionHealth.objects.get(connection=lonely)
    assert (figures.error, health.error_code) == ("unreachable", "unreachable")
    assert health.failing_since is not None
    assert health.read_ok_at is None


def test_a_role_that_is_denied_is_said_as_such(world: World) -> None:
    role = "arn:aws:iam::210987654321:role/reader"
    world.simulator.separate()
    world.simulator.require_external_id(role, "the-right-one")
    url = world.connection.endpoint_url
    shut = making.make_connection(endpoint_url=url, role_arn=role, external_id="a-wrong-one")

    figures = run_pass(connection=shut, now=world.now)

    said = ConnectionHealth.objects.get(connection=shut).error_message
    assert figures.error == "role_denied"
    assert said.startswith(f"AWS denied sts:AssumeRole on {role} to arn:")
    assert "a-wrong-one" not in said


def test_that_aws_answers_slowly_is_known_before_the_pass_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start()
    world.sync()
    monkeypatch.setattr(health, "SLOW_ANSWER", 0.3)
    world.simulator.fault("ListStateMachines", "delay", seconds=0.4)
    monkeypatch.setattr(health, "finish", lambda **_: None)
    world.simulator.advance(61)

    world.sync()

    figures = world.health.figures
    assert figures["slowest_answer"] >= 0.4
    assert figures["lists"] == 1


def test_how_long_calls_of_the_last_pass_waited_is_not_told_of_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start()
    world.sync()
    figures = {**world.health.figures, "slowest_answer": 20.1}
    ConnectionHealth.objects.update(figures=figures)
    # It never comes to its end.
    monkeypatch.setattr(health, "finish", lambda **_: None)

    world.sync()

    assert world.health.figures == {**figures, "slowest_answer": 0.0}


def test_the_age_of_what_is_shown_does_not_get_younger_while_aws_fails(world: World) -> None:
    world.start()
    world.sync()
    known = world.health.read_ok_at
    world.simulator.fault("ListExecutions", "deny", times=None)
    world.simulator.advance(60)

    world.sync()

    assert known is not None
    assert world.health.read_ok_at == known
    assert world.health.error_message == (
        "AWS denied states:ListExecutions on "
        "arn:aws:states:eu-west-1:123456789012:stateMachine:orders."
    )


def test_a_denial_is_counted_and_told_at_its_machine(world: World) -> None:
    arn = world.start()
    world.sync()
    world.simulator.fault("ListExecutions", "deny", times=None)

    world.sync()

    assert "denied" in world.execution(arn).state_machine.problem
    count = CallCount.objects.get(connection=world.connection, operation="ListExecutions")
    assert (count.calls, count.denials) == (2, 1)


def test_throttling_ends_the_reading_and_is_counted(world: World) -> None:
    machine_arn = world.start().rsplit(":", 1)[0].replace(":execution:", ":stateMachine:")
    world.simulator.start_many(machine_arn, 5)
    world.simulator.fault("GetExecutionHistory", "throttle", times=None)

    figures = world.sync()

    # Once: the SDK's repeats would only take from whoever has used the quota.
    assert figures.throttles == figures.api_calls["GetExecutionHistory"] == 1
    assert world.health.throttled_at is not None
    assert (world.health.failing_since, figures.tasks_opened) == (None, 0)


@pytest.mark.parametrize("kind", ["omit_key", "event_hole", "html", "cut_body", "cut_headers"])
def test_a_history_that_is_not_whole_changes_nothing_and_is_left_alone_for_a_while(
    world: World, kind: str
) -> None:
    arn = closed_by_somebody(world)
    world.simulator.fault("GetExecutionHistory", kind, times=None)

    figures = world.sync()

    execution = world.execution(arn)
    assert world.task(arn).status in ("waiting", "closed")
    assert world.task(arn).closed_kind in ("", "not_read")
    assert execution.problem
    assert execution.read_next_at is not None
    assert execution.read_next_at > world.now
    assert figures.problems == 1


def test_a_history_that_comes_whole_the_second_time_is_no_problem(world: World) -> None:
    arn = world.start()
    world.simulator.fault("GetExecutionHistory", "event_hole", times=1)

    figures = world.sync()

    assert world.task(arn).is_waiting
    assert (figures.problems, world.execution(arn).problem) == (0, "")


def test_one_bad_history_stops_no_other(world: World) -> None:
    machine_arn = world.start().rsplit(":", 1)[0].replace(":execution:", ":stateMachine:")
    bad = world.simulator.start(machine_arn, {})
    others = [world.simulator.start(machine_arn, {}) for _ in range(3)]
    world.simulator.fault("GetExecutionHistory", "event_hole", execution=bad, times=None)

    world.sync()

    assert all(world.task(arn).is_waiting for arn in others)
    assert world.tasks(bad) == []
    assert "not whole" in world.execution(bad).problem


def test_a_bad_history_is_tried_again_when_its_time_has_come(world: World, settings: Any) -> None:
    settings.QUARANTINE_SECONDS = 100
    arn = world.start()
    fault = world.simulator.fault("GetExecutionHistory", "event_hole", times=2)
    world.sync()
    world.simulator.advance(50)
    assert fault
    assert world.sync().histories_read == 0

    world.simulator.advance(60)
    world.sync()

    assert world.task(arn).is_waiting
    assert (world.execution(arn).problem, world.execution(arn).problem_since) == ("", None)


def test_over_but_unread_is_said_so_and_the_cause_comes_later(world: World, settings: Any) -> None:
    settings.QUARANTINE_SECONDS = 10
    arn = closed_by_somebody(world)
    world.simulator.fault("GetExecutionHistory", "event_hole", times=2)
    world.sync()
    assert (world.task(arn).status, world.task(arn).closed_kind) == ("closed", "not_read")
    assert world.execution(arn).status == "SUCCEEDED"
    world.simulator.advance(11)

    world.sync()

    assert (world.task(arn).status, world.task(arn).closed_kind) == ("answered", "succeeded")
    assert world.execution(arn).read_next_at is None


def test_only_aws_says_that_an_execution_is_forgotten(world: World) -> None:
    arn = world.start()
    world.sync()
    hidden = making.make_execution(
        world.execution(arn).state_machine, name="not-there", last_event_id=0
    )
    making.make_task(execution=hidden)

    world.sync()

    hidden.refresh_from_db()
    assert hidden.status == "FORGOTTEN"
    assert world.task(arn).is_waiting


def test_a_history_shorter_than_before_is_refused(world: World) -> None:
    arn = world.start()
    world.sync()
    Execution.objects.filter(arn=arn).update(last_event_id=50)

    world.sync()

    assert world.task(arn).is_waiting
    assert "event 50 was there before" in world.execution(arn).problem


def test_reading_one_execution_raises_what_aws_said_and_counts_it(world: World) -> None:
    arn = world.start()
    world.sync()
    world.simulator.fault("GetExecutionHistory", "throttle", times=None)

    with pytest.raises(Throttled):
        read_execution(execution=world.execution(arn), now=world.now)

    count = CallCount.objects.get(operation="GetExecutionHistory")
    # That of the pass, and one attempt.
    assert (count.calls, count.throttles) == (2, 1)


def test_what_was_throttled_leaves_the_age_as_it_was(world: World) -> None:
    world.start()
    world.simulator.fault("GetExecutionHistory", "throttle", times=None)

    world.sync()

    assert world.health.read_ok_at is None


def test_an_end_that_aws_lets_nobody_read_keeps_no_other_back(world: World) -> None:
    """As with a key that was disabled: neither history nor description is given."""
    orders = world.start()
    world.sync()
    denied = closed_by_somebody(world)
    for operation in ("GetExecutionHistory", "DescribeExecution"):
        world.simulator.fault(operation, "deny", execution=denied, times=None)
    machine_arn = orders.rsplit(":", 1)[0].replace(":execution:", ":stateMachine:")
    fresh = world.simulator.start(machine_arn, {})

    for _ in range(2):
        world.sync()

    assert world.task(fresh).is_waiting
    assert (world.task(denied).status, world.task(denied).closed_kind) == ("closed", "not_read")
    assert "denied" in world.execution(denied).problem


def test_machines_whose_lists_are_denied_do_not_keep_the_others_back(
    world: World, settings: Any, instant: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = world.simulator.create("good", FOUNDING_CASE)
    world.sync()
    for number in range(12):
        world.simulator.create(f"denied-{number}", FOUNDING_CASE)
    page = Reader.execution_page

    def denied(reader: Reader, **given: Any) -> ExecutionPage:
        answer = page(reader, **given)
        if any(":denied-" in str(value) for value in given.values()):
            raise Refused(
                kind=RefusedKind.ACCESS_DENIED, operation="ListExecutions", code="AccessDenied"
            )
        return answer

    monkeypatch.setattr(Reader, "execution_page", denied)
    settings.SYNC_QUOTA_SHARE = 0.1  # a list in two seconds
    world.simulator.advance(120)
    for _ in range(12):
        world.simulator.advance(5)
        world.sync()
    arn = world.simulator.start(good, {})

    for _ in range(6):
        world.simulator.advance(5)
        world.sync()

    assert world.task(arn).is_waiting


# --- a right that is missing -------------------------------------------------------------------
def deny_lists_of(monkeypatch: pytest.MonkeyPatch, name: str, *operations: str) -> None:
    """AWS denies what is asked about the state machines whose names begin so."""
    methods = {"ListExecutions": "execution_page", "DescribeStateMachine": "describe_state_machine"}
    for operation in operations or ("ListExecutions",):
        method = getattr(Reader, methods[operation])

        def denied(
            reader: Reader, *, _as: str = operation, _call: Any = method, **given: Any
        ) -> Any:
            if any(f":{name}" in str(value) for value in given.values()):
                raise Refused(
                    kind=RefusedKind.ACCESS_DENIED, operation=_as, code="AccessDeniedException"
                )
            return _call(reader, **given)

        monkeypatch.setattr(Reader, methods[operation], denied)


@pytest.mark.parametrize(
    "operations", [("ListExecutions",), ("ListExecutions", "DescribeStateMachine")]
)
def test_what_is_shown_ages_while_aws_denies_one_of_two_lists(
    world: World, monkeypatch: pytest.MonkeyPatch, operations: tuple[str, ...]
) -> None:
    world.start(name="good")
    world.start(name="shut")
    world.sync()
    known = world.health.read_ok_at
    with monkeypatch.context() as denying:
        deny_lists_of(denying, "shut", *operations)
        for _ in range(20):
            world.simulator.advance(5)
            world.sync()
        health = world.health
        assert health.error_code == "denied"
        assert (health.failing_since, health.read_ok_at) == (None, known)

    for _ in range(30):
        world.simulator.advance(5)
        world.sync()

    assert world.health.error_code == ""
    assert world.now - (world.health.read_ok_at or world.now) < timedelta(seconds=10)


def test_a_list_that_was_never_given_ages_a_connection_that_is_new(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = world.now
    world.start(name="good")
    world.start(name="shut")
    deny_lists_of(monkeypatch, "shut")
    for _ in range(8):
        world.sync()
        world.simulator.advance(5)

    assert world.health.read_ok_at is not None
    assert world.health.read_ok_at - began < timedelta(seconds=5)


def test_state_machines_that_a_narrow_policy_leaves_out_make_nothing_late(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start(name="good")
    world.start(name="others")
    deny_lists_of(monkeypatch, "others", "ListExecutions", "DescribeStateMachine")
    for _ in range(40):
        world.sync()
        world.simulator.advance(5)

    assert world.now - (world.health.read_ok_at or world.now) < timedelta(seconds=10)


def crowd(world: World, number: int) -> list[str]:
    machine_arn = world.simulator.create("orders", FOUNDING_CASE)
    return [world.simulator.start(machine_arn, {}) for _ in range(number)]


def test_runs_whose_histories_aws_denies_are_counted_as_the_connections_error(
    world: World,
) -> None:
    crowd(world, 45)
    world.simulator.fault("GetExecutionHistory", "deny", times=None)

    for _ in range(3):
        world.sync()
        world.simulator.advance(5)

    health = world.health
    assert (health.error_code, health.error_message) == (
        "denied",
        "45 runs cannot be read: AWS denied states:GetExecutionHistory.",
    )
    # Thirty tell what the others would.
    assert len(world.simulator.calls("GetExecutionHistory")) == 30


def test_what_is_shown_ages_while_aws_denies_histories(world: World) -> None:
    first = world.start()
    world.sync()
    known = world.health.read_ok_at
    world.simulator.fault("GetExecutionHistory", "deny", times=None)
    for _ in range(8):
        world.simulator.advance(5)
        world.sync()

    assert world.task(first).is_waiting
    assert known is not None
    assert world.health.read_ok_at is not None
    assert world.health.read_ok_at - known < timedelta(seconds=10)


def test_a_right_that_is_given_back_shows_all_within_half_a_minute(world: World) -> None:
    arns = crowd(world, 45)
    world.simulator.fault("GetExecutionHistory", "deny", times=None)
    world.sync()
    world.simulator.clear_faults()
    for _ in range(5):
        world.simulator.advance(5)
        world.sync()

    assert {world.task(arn).status for arn in arns} == {"waiting"}
    assert (world.health.error_code, world.health.error_message) == ("", "")


def test_one_that_is_given_brings_back_what_was_denied_later(world: World) -> None:
    first, second = crowd(world, 2)
    fault = world.simulator.fault("GetExecutionHistory", "deny", times=None)
    assert fault
    world.sync()
    Execution.objects.filter(arn=second).update(read_next_at=world.now + timedelta(hours=1))
    world.simulator.clear_faults()
    world.simulator.advance(21)
    world.sync()
    assert world.task(first).is_waiting
    world.simulator.advance(1)
    world.sync()
    assert world.task(second).is_waiting


def test_denied_histories_of_one_machine_keep_no_other_back(
    world: World, settings: Any, instant: None
) -> None:
    denied = crowd(world, 60)
    other = world.simulator.create("other", FOUNDING_CASE)
    for arn in denied:
        world.simulator.fault("GetExecutionHistory", "deny", execution=arn, times=None)
    settings.SYNC_QUOTA_SHARE = 0.05  # a history a second
    for _ in range(12):
        world.sync()
        world.simulator.advance(5)
    arns = [world.simulator.start(other, {}) for _ in range(3)]
    for _ in range(6):
        world.sync()
        world.simulator.advance(5)
    assert {world.task(arn).status for arn in arns} == {"waiting"}


def test_a_run_that_aws_allows_is_read_beside_others_that_it_denies(world: World) -> None:
    denied = crowd(world, 5)
    for arn in denied:
        world.simulator.fault("GetExecutionHistory", "deny", execution=arn, times=None)
    world.sync()
    world.simulator.advance(21)
    (allowed,) = crowd(world, 1)
    world.sync()
    assert world.task(allowed).is_waiting
    assert world.health.error_message.startswith("5 runs cannot be read")


def rows_of(world: World) -> dict[str, tuple[Any, ...]]:
    rows = Execution.objects.filter(connection=world.connection)
    return {arn: rest for arn, *rest in rows.values_list("arn", "problem", "read_next_at")}


def test_a_crowd_that_stays_denied_is_not_written_again_each_time(
    world: World, instant: None
) -> None:
    crowd(world, 45)
    world.simulator.fault("GetExecutionHistory", "deny", times=None)
    world.sync()
    asked = len(world.simulator.calls("GetExecutionHistory"))
    before = rows_of(world)
    for _ in range(3):
        world.simulator.advance(21)
        world.sync()
        after = rows_of(world)
        changed = {arn for arn, row in after.items() if row != before[arn]}
        # Three tell what the others would.
        assert len(changed) == 3
        before = after
    assert len(world.simulator.calls("GetExecutionHistory")) == asked + 9
    assert world.health.error_message.startswith("45 runs cannot be read")


def test_one_that_is_given_brings_back_a_whole_crowd_at_once(world: World, instant: None) -> None:
    arns = crowd(world, 45)
    world.simulator.fault("GetExecutionHistory", "deny", times=None)
    world.sync()
    world.simulator.clear_faults()
    world.simulator.advance(21)
    world.sync()
    world.simulator.advance(1)
    world.sync()
    assert {world.task(arn).status for arn in arns} == {"waiting"}
    assert not StateMachine.objects.exclude(histories_denied_until=None).exists()


def test_a_denial_is_no_reason_for_what_was_set_aside_for_another(world: World) -> None:
    arns = crowd(world, 45)
    set_aside = {"problem": "The history is not whole.", "problem_since": world.now}
    world.sync()
    late = Execution.objects.filter(arn__in=arns[30:])
    late.update(**set_aside, read_next_at=world.now + timedelta(seconds=10))
    early = Execution.objects.filter(arn__in=arns[:30])
    early.update(read_next_at=world.now)
    world.simulator.advance(21)
    world.simulator.fault("GetExecutionHistory", "deny", times=None)
    world.sync()
    told = {row.problem for row in late.all()}
    assert told == {"The history is not whole."}


def test_denied_runs_are_told_again_once_other_trouble_is_over(world: World) -> None:
    crowd(world, 5)
    world.sync()
    world.simulator.fault("GetExecutionHistory", "deny", times=None)
    Execution.objects.update(read_next_at=world.now)
    world.sync()
    listing = world.simulator.fault("ListExecutions", "error", times=3)
    assert listing
    codes = [world.health.error_code]
    known = world.health.read_ok_at
    for _ in range(3):
        world.simulator.advance(5)
        world.sync()
        codes.append(world.health.error_code)
    assert codes == ["denied", "unanswered", "denied", "denied"]
    assert world.health.read_ok_at == known


def test_the_action_that_is_denied_is_named_as_the_runs_have_it(world: World) -> None:
    arns = crowd(world, 4)
    world.simulator.fault("GetExecutionHistory", "deny", times=None)
    world.sync()
    said = "AWS denied states:DescribeExecution on arn:aws:states:eu-west-1:1:execution:a:b."
    Execution.objects.filter(arn__in=arns[:2]).update(problem=said)
    world.sync()
    assert world.health.error_message == (
        "4 runs cannot be read: AWS denied states:DescribeExecution and states:GetExecutionHistory."
    )
    Execution.objects.update(problem=said)
    world.sync()
    assert world.health.error_message == (
        "4 runs cannot be read: AWS denied states:DescribeExecution."
    )


def test_lists_that_aws_gives_again_are_read_within_half_a_minute(world: World) -> None:
    machines = [world.simulator.create(f"orders-{n}", FOUNDING_CASE) for n in range(5)]
    world.sync()
    world.simulator.fault("ListExecutions", "deny", times=None)
    for _ in range(6):
        world.simulator.advance(5)
        world.sync()
        assert world.health.error_message.startswith("AWS denied states:ListExecutions")
    arns = [world.simulator.start(one, {}) for one in machines]
    world.simulator.clear_faults()
    for _ in range(6):
        world.simulator.advance(5)
        world.sync()

    assert {world.task(arn).status for arn in arns} == {"waiting"}
    assert world.health.error_code == ""
