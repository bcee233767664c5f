"""Killed anywhere and repeated, a pass does no harm; and no token stands anywhere in plain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection as database
from django.db import models
from django.test.utils import CaptureQueriesContext

from callbacks.models import CallbackTask, Execution, Lease, Request
from callbacks.stepfunctions import Reader
from callbacks.sync import apply, passes
from callbacks.sync.asking import Asking
from callbacks.sync.plan import Target
from callbacks.sync.reading import Reading, read
from tests.sync.killing import Killed
from tests.sync.world import World, machine, task

SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    lambda token: token.replace("/", "\\/"),
    lambda token: token[:200],
    lambda token: token[-200:],
)


def rows() -> list[Any]:
    return [
        *CallbackTask.objects.order_by("pk").values_list("pk", "status", "closed_kind", "input"),
        *Request.objects.order_by("pk").values_list("pk", "state", "iteration"),
        *Execution.objects.order_by("pk").values_list("pk", "status", "last_event_id"),
    ]


def an_eventful_world(world: World) -> list[str]:
    """Something to open, something to close, something that does both."""
    waiting = world.start()
    answered = world.start(machine(One=task(Next="Two"), Two=task()), name="two-steps")
    ended = world.start(name="ends")
    world.sync()
    world.succeed(answered, "{}")
    world.succeed(ended)
    fresh = world.start(machine(Wait=task()), name="fresh")
    return [waiting, answered, ended, fresh]


def test_a_second_pass_writes_nothing_new(world: World) -> None:
    an_eventful_world(world)
    world.sync()
    before = (rows(), list(CallbackTask.objects.order_by("pk").values_list("changed_at")))

    figures = world.sync(full=True)

    after = (rows(), list(CallbackTask.objects.order_by("pk").values_list("changed_at")))
    assert after == before
    assert (figures.tasks_opened, figures.tasks_closed) == (0, 0)


@pytest.mark.parametrize("step", ["_open", "_change", "_close", "_write_execution"])
def test_a_pass_that_is_killed_while_it_writes_is_made_good(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    an_eventful_world(world)
    whole = getattr(apply, step)
    calls = []

    def die(*args: Any) -> Any:
        calls.append(step)
        if len(calls) == 2:
            raise Killed
        return whole(*args)

    with monkeypatch.context() as patch:
        patch.setattr(apply, step, die)
        with pytest.raises(Killed):
            world.sync()
    Lease.objects.all().delete()
    world.sync()
    repaired = rows()

    Execution.objects.all().delete()
    Request.objects.all().delete()
    world.sync(full=True)
    untouched = {row[0] for row in rows()}
    assert untouched <= {row[0] for row in repaired}
    assert CallbackTask.objects.waiting().count() == 3


def test_what_one_transaction_writes_is_all_or_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = world.start()

    def die(*args: Any) -> None:
        raise Killed

    monkeypatch.setattr(apply, "_write_execution", die)
    with pytest.raises(Killed):
        world.sync()

    assert world.tasks(arn) == []
    # Only that it is there and still to be read.
    assert (world.execution(arn).read_at, world.execution(arn).last_event_id) == (None, 0)


def test_an_older_reading_does_not_overwrite_a_newer_one(world: World) -> None:
    arn = world.start()
    world.sync()
    old = reading_of(world, arn)
    world.succeed(arn)
    world.sync()
    before = rows()

    machine_row = world.execution(arn).state_machine
    applied = apply.apply_reading(machine=machine_row, reading=old, now=world.now)

    assert (applied.opened, applied.closed) == (0, 0)
    assert rows() == before


def reading_of(world: World, arn: str) -> Reading:
    execution = world.execution(arn)
    return read(
        reader=Reader(access=world.connection.access),
        target=Target(arn=arn, name=execution.name, started_at=execution.started_at),
        definition=execution.definition,
        is_certain=True,
        now=world.now,
    )


def test_no_token_stands_in_plain_in_any_column_of_the_database(world: World) -> None:
    parent = world.start(machine(Wait=task()), name="parent")
    given = world.token(parent)
    arns = an_eventful_world(world)
    arns.append(world.start(name="child", input={"deep": {"answer": given}, "line": f"x {given}"}))
    tokens = {given} | {world.token(arn) for arn in arns if world.simulator.tokens(arn)}
    world.sync()
    world.succeed(arns[-1], f'{{"Payload": {{"echo": "{given}"}}}}')
    world.fail(parent, error="E", cause=f"because of {given}")

    world.sync()

    found = [
        where for where, text in _texts() for one in tokens for as_ in SPELLINGS if as_(one) in text
    ]
    assert found == []
    assert len(tokens) >= 4


def _texts() -> list[tuple[str, str]]:
    """Every text of every table, with its column's name."""
    kinds = (models.CharField, models.TextField, models.JSONField)
    found = []
    for model in apps.get_app_config("callbacks").get_models():
        for column in model._meta.get_fields():
            if isinstance(column, kinds):
                values = model._default_manager.values_list(column.name, flat=True)
                found += [(f"{model.__name__}.{column.name}", str(value)) for value in values]
    return found


def test_a_pass_over_many_that_wait_costs_a_fixed_number_of_calls_and_queries(
    world: World,
) -> None:
    machine_arn = world.simulator.create("orders", machine(Wait=task()))
    world.simulator.start_many(machine_arn, 30)
    world.sync()

    with CaptureQueriesContext(
        database,
    ) as captured:
        figures = world.sync()

    assert figures.api_calls == {
        "ListStateMachines": 1,
        "ListExecutions": 2,
        "GetExecutionHistory": 30,
    }
    assert len(captured) <= 60 + 2 * 30


def test_opening_one_costs_a_fixed_number_of_queries(world: World) -> None:
    machine_arn = world.simulator.create("orders", machine(Wait=task()))
    world.sync()
    costs = []
    for count in (2, 12):
        for _ in range(count):
            world.simulator.start(machine_arn, {})
        with CaptureQueriesContext(database) as captured:
            world.sync()
        costs.append(len(captured))

    assert (costs[1] - costs[0]) / 10 <= 14


def test_two_passes_over_one_connection_never_run_at_once(world: World) -> None:
    world.start()
    met = []

    def meanwhile(done: int, total: int) -> None:
        with pytest.raises(passes.PassUnderWay):
            world.sync()
        met.append(done)

    world.sync(progress=meanwhile)

    assert met == [1]


def test_the_lease_of_a_killed_pass_runs_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.start()
    Lease.objects.create(name=f"sync:{world.connection.pk}", holder="dead", until=world.now)
    world.simulator.advance(1)

    assert world.sync().tasks_opened == 1
    assert Lease.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_no_call_is_made_while_a_transaction_is_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_eventful_world(world)
    admit = Asking.admit
    inside: list[bool] = []

    def watch(self: Asking, operation: str) -> None:
        inside.append(database.in_atomic_block)
        admit(self, operation)

    monkeypatch.setattr(Asking, "admit", watch)
    world.sync()

    assert len(inside) > 4
    assert not any(inside)


def test_a_long_history_in_which_nothing_happened_costs_one_call(world: World) -> None:
    loop = machine(
        Count={"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
        Enough={
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 300, "Next": "Count"}],
            "Default": "Wait",
        },
        Wait=task(),
    )
    arn = world.start(loop, {"n": 0})
    world.sync()
    assert world.execution(arn).last_event_id > 1000

    figures = world.sync()

    assert figures.api_calls["GetExecutionHistory"] == 1
    world.succeed(arn, "{}")
    world.sync()
    assert world.task(arn).status == "answered"
