"""Celery doors: each loads by id and calls one function."""

import uuid
from typing import Any

from celery import shared_task
from django.utils import timezone

from callbacks.decisions.deliver import deliver
from callbacks.decisions.settle import settle
from callbacks.decisions.sweep import sweep
from callbacks.models import Connection
from callbacks.sync import starting


@shared_task
def deliver_decision(*, decision_id: str, **_later: Any) -> None:
    """Send a decision, and look at once what the history says of it."""
    deliver(decision_id=uuid.UUID(decision_id), now=timezone.now())
    settle(decision_id=uuid.UUID(decision_id), now=timezone.now())


@shared_task
def settle_decision(*, decision_id: str, **_later: Any) -> None:
    settle(decision_id=uuid.UUID(decision_id), now=timezone.now())


@shared_task
def sweep_decisions(**_later: Any) -> None:
    sweep(now=timezone.now())


@shared_task
def start_passes(**_later: Any) -> None:
    starting.start_passes(now=timezone.now())


@shared_task
def sync_connection(*, connection_id: str, **_later: Any) -> None:
    connection = Connection.objects.get(pk=uuid.UUID(connection_id))
    starting.sync_in_turn(connection=connection, now=timezone.now())
