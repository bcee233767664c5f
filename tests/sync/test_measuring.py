"""How many wait in each workflow and how long that takes, measured now and then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from callbacks.models import Measurement, WorkflowFigures
from callbacks.sync import measuring
from callbacks.sync.measuring import KEPT, measure
from tests import making

pytestmark = pytest.mark.django_db


def waits(machine, **fields):
    return making.make_task(execution=making.make_execution(machine), **fields)


def figures(machine):
    return WorkflowFigures.objects.get(state_machine=machine)


def test_within_an_hour_the_last_measurement_stands():
    machine = making.make_machine()
    now = timezone.now().replace(minute=10)
    measure(now=now)
    waits(machine)
    measure(now=now.replace(minute=40))
    hour = now.replace(minute=0, second=0, microsecond=0)
    assert figures(machine).waiting == [[int(hour.timestamp()), 1]]
    assert list(Measurement.objects.values_list("hour", "waiting")) == [(hour, 1)]


def test_what_is_older_than_two_weeks_is_let_go():
    machine = making.make_machine()
    now = timezone.now()
    for days in (15, 13, 0):
        measure(now=now - timedelta(days=days))
    assert len(figures(machine).waiting) == 2
    assert Measurement.objects.filter(hour__lt=now - KEPT).count() == 0


def test_what_waits_in_a_map_run_counts_for_its_state_machine():
    machine = making.make_machine()
    run = making.make_map_run(making.make_execution(machine))
    waits(machine)
    waits(run, state_machine_name=machine.name)
    measure(now=timezone.now())
    assert figures(machine).waiting[-1][1] == 2
    assert not WorkflowFigures.objects.filter(state_machine=run).exists()


def test_each_workflow_has_its_own_figures(monkeypatch):
    monkeypatch.setattr(measuring, "_BATCH", 2)
    now = timezone.now()
    machines = [making.make_machine() for _ in range(5)]
    for number, machine in enumerate(machines):
        for _ in range(number):
            waits(
                machine,
                status="timed_out",
                waiting_since=now - timedelta(minutes=number),
                closed_at=now,
                changed_at=now,
            )
    measure(now=now)
    found = [figures(machine) for machine in machines]
    assert [one.ended for one in found] == [0, 1, 2, 3, 4]
    assert [one.ran_out for one in found] == [0, 1, 2, 3, 4]
    assert [one.median for one in found] == [None, 60, 120, 180, 240]


def test_how_waits_were_is_looked_at_once_an_hour():
    machine = making.make_machine()
    now = timezone.now().replace(minute=10)
    waits(machine, status="timed_out", closed_at=now, changed_at=now)
    measure(now=now)
    waits(machine, status="timed_out", closed_at=now, changed_at=now)
    waits(machine)
    measure(now=now.replace(minute=40))
    assert (figures(machine).ended, figures(machine).waiting[-1][1]) == (1, 1)
    measure(now=now + timedelta(hours=1))
    assert figures(machine).ended == 2


def test_one_that_is_removed_meanwhile_keeps_no_other_from_being_measured(monkeypatch):
    monkeypatch.setattr(measuring, "_BATCH", 1)
    machines = [making.make_machine() for _ in range(3)]
    create = WorkflowFigures.objects.bulk_create

    def refused_for_the_first(figures, **options):
        if figures[0].state_machine_id == machines[0].pk:
            raise IntegrityError
        return create(figures, **options)

    monkeypatch.setattr(WorkflowFigures.objects, "bulk_create", refused_for_the_first)
    measure(now=timezone.now())
    assert WorkflowFigures.objects.count() == 2


def test_what_cannot_wait_or_is_gone_is_not_measured():
    gone = making.make_machine(gone_at=timezone.now())
    plain = making.make_machine()
    plain.definition.can_wait = False
    plain.definition.save()
    measure(now=timezone.now())
    assert not WorkflowFigures.objects.filter(state_machine__in=[gone, plain]).exists()
