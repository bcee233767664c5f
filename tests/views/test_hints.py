"""Opening a request hints a worker to read it: the page itself never waits for AWS."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from tests import making


@pytest.fixture
def hints(monkeypatch):
    sent = []
    monkeypatch.setattr(
        "celery.Celery.send_task", lambda _app, name, **options: sent.append((name, options))
    )
    return sent


def stale_task(**fields):
    read_at = timezone.now() - timedelta(minutes=1)
    return making.make_task(execution=making.make_execution(read_at=read_at), **fields)


def test_what_was_read_a_while_ago_is_asked_for(people, page_of, hints):
    task = stale_task()
    page_of(people.approver, f"/tasks/{task.pk}/")
    [(name, options)] = hints
    assert name == "callbacks.tasks.read_opened"
    assert options["kwargs"] == {"execution_id": str(task.execution_id)}


def test_what_was_just_read_is_not(people, page_of, hints):
    page_of(people.approver, f"/tasks/{making.make_task().pk}/")
    assert hints == []


def test_what_is_over_is_not(people, page_of, hints):
    task = stale_task(status="stopped", closed_at=timezone.now())
    page_of(people.approver, f"/tasks/{task.pk}/")
    assert hints == []


def test_the_page_comes_also_where_no_broker_does(people, page_of, monkeypatch):
    def fail(*_arguments, **_options):
        raise OperationalError

    monkeypatch.setattr("celery.Celery.send_task", fail)
    assert page_of(people.approver, f"/tasks/{stale_task().pk}/").status_code == 200
