"""What a task that waits looks like in the mirror."""

from __future__ import annotations

import json
from datetime import timedelta

from callbacks.asl.masking import MARKER
from callbacks.models.secret import decrypt_token
from tests.sync.world import FOUNDING_CASE, World, machine, task


def test_the_founding_case_waits_in_the_mirror_after_one_pass(world: World) -> None:
    arn = world.start(input={"order": "A-1", "amount": 120.00})

    figures = world.sync()

    task = world.task(arn)
    assert (task.status, task.state, task.attempt) == ("waiting", "Approve", 1)
    assert (figures.executions_listed, figures.tasks_opened, figures.tasks_closed) == (1, 1, 0)


def test_the_token_is_kept_for_this_row_alone_and_is_the_right_one(world: World) -> None:
    arn = world.start()

    world.sync()

    task = world.task(arn)
    plain = decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)
    assert plain == world.token(arn)
    assert task.token_length == len(plain)


def test_the_context_is_what_the_worker_got_with_the_token_masked(world: World) -> None:
    arn = world.start(input={"order": "A-1"})

    world.sync()

    context = json.loads(world.task(arn).context)
    assert context["Execution"]["Id"] == arn
    assert context["Execution"]["Input"] == {"order": "A-1"}
    assert MARKER.fullmatch(context["Task"]["Token"])


def test_a_context_that_the_worker_did_not_get_is_rebuilt(world: World) -> None:
    arn = world.start(machine(Wait=task()), '{"amount": 120.00}')

    world.sync()

    text = world.task(arn).context
    context = json.loads(text)
    assert '"Input": {"amount": 120.00}' in text
    assert context["Execution"]["Id"] == arn
    assert context["StateMachine"]["Name"] == "orders"
    assert (context["State"]["Name"], context["State"]["RetryCount"]) == ("Wait", 0)
    assert context["State"]["EnteredTime"].endswith("Z")
    assert MARKER.fullmatch(context["Task"]["Token"])


def test_a_list_shows_workflow_state_and_the_first_values_as_they_were_written(
    world: World,
) -> None:
    arn = world.start(
        machine(Release=task()),
        '{"orderId": "A-1", "amount": 120.00, "requestedBy": "Ines", "items": [1], "note": ""}',
        name="order-release",
    )

    world.sync()

    row = world.task(arn)
    assert row.headline == "order-release: Release"
    assert row.key_fields == [["Order id", "A-1"], ["Amount", "120.00"]]
    assert row.asked_by == "Ines"


def test_the_deadline_is_that_of_the_state_and_else_one_year(world: World) -> None:
    timed = world.start(machine(Wait=task(TimeoutSeconds=3600)), name="timed")
    endless = world.start(machine(Wait=task()), name="endless")

    world.sync()

    one, two = world.task(timed), world.task(endless)
    assert (one.deadline_kind, one.timeout_seconds) == ("exact", 3600)
    assert timedelta(seconds=3599) < one.dies_latest - one.waiting_since <= timedelta(seconds=3601)
    assert (two.deadline_kind, two.deadline_reason) == ("none", "one_year")
    assert two.dies_latest - two.waiting_since > timedelta(days=364)


def test_a_heartbeat_makes_the_deadline_a_range(world: World) -> None:
    arn = world.start(machine(Wait=task(TimeoutSeconds=3600, HeartbeatSeconds=60)))

    world.sync()

    row = world.task(arn)
    assert (row.deadline_kind, row.deadline_reason) == ("range", "heartbeat")
    assert row.dies_latest - row.dies_earliest == timedelta(seconds=3540)


def test_a_task_whose_token_nobody_got_waits_and_says_so(world: World) -> None:
    silent = task()
    silent["Parameters"] = {"QueueUrl": "q", "MessageBody": "no token in here"}
    arn = world.start(machine(Wait=silent))

    world.sync()

    row = world.task(arn)
    assert (row.status, row.token_state, row.token_ciphertext) == ("waiting", "missing", None)
    assert not row.can_be_answered


def test_the_parents_token_in_a_childs_input_is_masked_and_never_taken(world: World) -> None:
    parent = world.start(machine(Wait=task()), name="parent")
    foreign = world.token(parent)
    child = world.start(name="child", input={"answer_to": foreign})

    world.sync()

    row = world.task(child)
    own = decrypt_token(ciphertext=bytes(row.token_ciphertext), task_id=row.pk)
    assert own == world.token(child)
    assert own != foreign
    assert foreign not in row.input + row.context + row.parameters


def test_machines_that_cannot_wait_cost_one_page_and_no_more_lists(world: World) -> None:
    world.simulator.create("quick", machine(Done={"Type": "Pass", "End": True}))
    assert world.sync().api_calls["ListExecutions"] == 1

    world.simulator.advance(61)
    figures = world.sync()

    assert "ListExecutions" not in figures.api_calls


def test_express_machines_cost_no_listing(world: World) -> None:
    done = machine(Done={"Type": "Pass", "End": True})
    world.simulator.create("quick", done, type="EXPRESS")
    assert "ListExecutions" not in world.sync().api_calls


def test_an_execution_keeps_the_definition_that_it_started_on(world: World) -> None:
    arn = world.start()
    machine_arn = arn.rsplit(":", 1)[0].replace(":execution:", ":stateMachine:")
    world.simulator.update(machine_arn, machine(Approve=task(TimeoutSeconds=5)))

    world.sync()

    execution = world.execution(arn)
    assert execution.definition is not None
    assert "OutputPath" in execution.definition.text
    assert execution.definition_id != execution.state_machine.definition_id


def test_a_revision_seen_before_and_after_the_start_needs_no_call_of_its_own(
    world: World,
) -> None:
    machine_arn = world.simulator.create("orders", FOUNDING_CASE)
    world.sync()
    world.simulator.advance(30)
    arn = world.simulator.start(machine_arn, {})
    world.simulator.advance(1)

    figures = world.sync()

    assert "DescribeStateMachineForExecution" not in figures.api_calls
    assert world.execution(arn).definition_id == world.execution(arn).state_machine.definition_id


def test_a_text_that_a_database_refuses_is_kept_without_what_it_refuses(world: World) -> None:
    arn = world.start(machine(Wait=task()), '{"a": "x\\u0000y \\ud800", "b": "ok"}')

    world.sync()

    assert world.task(arn).key_fields == [["A", "x y"], ["B", "ok"]]
