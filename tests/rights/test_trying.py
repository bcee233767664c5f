"""Trying the rights of reading: short calls, counted, judged by what AWS says, nothing sent."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import timezone

from callbacks.models import CallbackTask, CallBudget, CallCount, Connection
from callbacks.queries.rights import Place, Verdict, rights_seen
from callbacks.rights import Hindrance, Trial, try_reading
from callbacks.stepfunctions import Refused, RefusedKind
from callbacks.stepfunctions.rights import KEY_DENIED, RIGHTS, IamRole
from callbacks.sync.budget import quota_of
from callbacks.sync.trouble import describe_trouble
from tests import making
from tests.sync.test_distributed_map import spread
from tests.sync.world import World

READS = {one.operation for one in RIGHTS if one.role is IamRole.READ}
ON_A_MACHINE = {"DescribeStateMachine", "ListExecutions", "ListTagsForResource"}


def tried(world: World) -> Trial:
    return try_reading(connection=world.connection, now=world.now)


def verdicts(trial: Trial) -> dict[str, Verdict]:
    return {operation: one.verdict for operation, one in trial.tried.items()}


def calls_since(world: World, seq: int) -> list[str]:
    return [call["operation"] for call in world.simulator.calls(after=seq)]


def last_call(world: World) -> int:
    return max((call["seq"] for call in world.simulator.calls()), default=0)


def test_each_right_of_reading_is_tried_once_and_no_other(world: World) -> None:
    world.start()
    world.sync()
    before = last_call(world)
    trial = tried(world)
    assert verdicts(trial) == dict.fromkeys(READS, Verdict.ALLOWED)
    assert sorted(calls_since(world, before)) == sorted(READS)


def test_a_trial_says_what_it_was_made_on(world: World) -> None:
    arn = world.start(name="orders")
    world.sync()
    trial = tried(world)
    assert (trial.state_machine, trial.execution) == ("orders", arn.rpartition(":")[2])


def test_it_is_made_on_a_state_machine_also_where_the_newest_run_is_of_a_map_run(
    world: World,
) -> None:
    parent = world.start(spread(), {"photos": ["a"]}, name="orders")
    world.simulator.advance(5)
    world.sync()
    assert CallbackTask.objects.waiting().exists()
    trial = tried(world)
    assert (trial.state_machine, trial.execution) == ("orders", parent.rpartition(":")[2])


def test_lists_are_asked_for_one_item(world: World) -> None:
    world.start()
    world.sync()
    before = last_call(world)
    tried(world)
    sizes = {
        call["operation"]: call["params"].get("maxResults")
        for call in world.simulator.calls(after=before)
        if "maxResults" in call["params"]
    }
    assert sizes == {"ListStateMachines": 1, "ListExecutions": 1, "GetExecutionHistory": 1}


def test_what_the_lists_show_serves_where_the_mirror_is_empty(world: World) -> None:
    world.start()
    assert verdicts(tried(world)) == dict.fromkeys(READS, Verdict.ALLOWED)


def test_an_empty_account_leaves_the_rest_untried(world: World) -> None:
    trial = tried(world)
    assert trial.tried["ListStateMachines"].verdict is Verdict.ALLOWED
    others = {one.hindrance for name, one in trial.tried.items() if name != "ListStateMachines"}
    assert others == {Hindrance.NOTHING_THERE}
    assert {*trial.tried} == READS


@pytest.mark.parametrize("operation", sorted(READS))
def test_a_denial_names_what_is_missing_and_hinders_no_other(world: World, operation: str) -> None:
    arn = world.start()
    world.sync()
    action = f"states:{operation}"
    said = f"User: arn:aws:iam::1:user/u is not authorized to perform: {action} on resource: {arn}"
    world.simulator.fault(operation, "deny", times=1, message=said)
    trial = tried(world)
    denied = trial.tried.pop(operation)
    assert (denied.verdict, denied.action, denied.resource) == (Verdict.DENIED, action, arn)
    assert denied.sentence == said
    assert set(verdicts(trial).values()) == {Verdict.ALLOWED}


def test_calls_and_denials_are_counted(world: World) -> None:
    world.start()
    world.simulator.fault("DescribeExecution", "deny", times=1)
    tried(world)
    rows = CallCount.objects.values_list("operation", "calls", "denials")
    assert {(name, 1, int(name == "DescribeExecution")) for name in READS} == {*rows}


def test_a_key_that_is_denied_is_no_right_of_step_functions(world: World) -> None:
    world.start()
    world.simulator.fault("GetExecutionHistory", "refuse", code="KmsAccessDeniedException", times=1)
    trial = tried(world)
    assert trial.tried["GetExecutionHistory"].hindrance is Hindrance.KEY
    assert trial.key_denied == "AWS denied kms:Decrypt on the key of the state machine."


@pytest.mark.parametrize(
    ("kind", "hindrance"), [("throttle", Hindrance.THROTTLED), ("error", Hindrance.OTHER)]
)
def test_an_answer_that_tells_nothing_is_no_verdict(
    world: World, kind: str, hindrance: Hindrance
) -> None:
    world.start()
    world.simulator.fault("ListTagsForResource", kind, times=1)
    trial = tried(world)
    told = trial.tried.pop("ListTagsForResource")
    assert (told.verdict, told.hindrance) == (Verdict.UNKNOWN, hindrance)
    assert set(verdicts(trial).values()) == {Verdict.ALLOWED}


def test_a_run_that_aws_has_forgotten_is_no_verdict(world: World) -> None:
    arn = world.simulator.create("orders", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    machine = making.make_machine(world.connection, "orders")
    machine.arn = arn
    machine.save()
    making.make_execution(machine)
    trial = tried(world)
    assert {verdicts(trial)[name] for name in ON_A_MACHINE} == {Verdict.ALLOWED}
    assert trial.tried["GetExecutionHistory"].hindrance is Hindrance.GONE


def test_where_our_share_is_used_aws_is_not_asked(world: World) -> None:
    world.start()
    world.sync()
    CallBudget.objects.filter(operation="ListExecutions").update(level=0, at=world.now)
    before = last_call(world)
    trial = tried(world)
    assert trial.tried["ListExecutions"].hindrance is Hindrance.OWN_SHARE
    assert "ListExecutions" not in calls_since(world, before)


def test_a_trial_is_paid_from_the_budget_of_all_workers(world: World) -> None:
    world.start()
    world.simulator.fault("ListTagsForResource", "throttle", times=1)
    tried(world)
    rows = {row.operation: row for row in CallBudget.objects.all()}
    assert {*rows} == READS
    full = quota_of(region="eu-west-1", operation="ListExecutions").bucket
    assert rows["ListExecutions"].level == full * settings.SYNC_QUOTA_SHARE - 1
    lowered = {name for name, row in rows.items() if row.throttled_at}
    assert lowered == {"ListTagsForResource"}


@pytest.mark.django_db
def test_an_account_that_cannot_be_reached_is_asked_once() -> None:
    connection: Connection = making.make_connection()
    making.make_execution(making.make_machine(connection))
    trial = try_reading(connection=connection, now=timezone.now())
    assert trial.trouble == "Step Functions cannot be reached."
    hindrances = [one.hindrance for one in trial.tried.values()]
    assert hindrances == [Hindrance.OTHER, *[Hindrance.NOT_ASKED] * 6]


def test_a_trial_ends_where_answers_take_too_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start()
    world.sync()
    seconds = iter(range(0, 1000, 6))
    monkeypatch.setattr("callbacks.rights.monotonic", lambda: float(next(seconds)))
    trial = tried(world)
    assert trial.trouble == "Step Functions answers too slowly."
    told = [one.hindrance for one in trial.tried.values()]
    assert told == [None, None, *[Hindrance.NOT_ASKED] * 5]


def test_what_a_pass_was_denied_is_seen_on_record(world: World) -> None:
    world.start()
    world.simulator.fault("GetExecutionHistory", "deny", times=None)
    world.sync()
    seen = rights_seen(place=Place(world.connection, world.health, ()), now=world.now)
    by_operation = {one.right.operation: one for one in seen.reading}
    assert by_operation["ListExecutions"].verdict is Verdict.ALLOWED
    denied = by_operation["GetExecutionHistory"]
    assert denied.verdict is Verdict.DENIED
    assert denied.sentence == "1 run cannot be read: AWS denied states:GetExecutionHistory."
    world.simulator.clear_faults()


def test_a_denied_key_is_known_by_the_words_of_sync() -> None:
    denied = Refused(kind=RefusedKind.KMS, operation="GetExecutionHistory", code="K")
    assert describe_trouble(denied).message.startswith(KEY_DENIED)
