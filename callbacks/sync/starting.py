"""Start a pass over every connection, and keep the pulse by which silence can be seen."""

from __future__ import annotations

import logging
from datetime import datetime

from celery import current_app
from kombu.exceptions import OperationalError

from callbacks.models import Connection, Pulse
from callbacks.sync import turns
from callbacks.sync.figures import PassFigures
from callbacks.sync.passes import PassUnderWay, run_pass

logger = logging.getLogger(__name__)

BEAT, SYNC = "beat", "sync"
# Where more is asked for than workers do, no queue grows beyond this; a lost message is made good
# sooner (`turns.LOST_AFTER`). As long as AWS lets a host's clock be off, by which it is told.
MESSAGE_SECONDS = 300.0
# A pass that took so long, most of it in waiting for answers, keeps a worker from the others.
SLOW_PASS_SECONDS, SLOW_CALL_SECONDS = 5.0, 1.0


def start_passes(*, now: datetime) -> None:
    """Send one message per connection whose turn it is, the longest waiting first.

    The next beat makes good what no broker took.
    """
    _keep_pulse(BEAT, now)
    enabled = Connection.objects.enabled().values_list("pk", flat=True)
    for connection_id in turns.ask(connections=list(enabled), now=now):
        try:
            current_app.send_task(
                "callbacks.tasks.sync_connection",
                kwargs={"connection_id": str(connection_id)},
                retry=False,
                expires=MESSAGE_SECONDS,
            )
        except (OperationalError, OSError):
            logger.warning("No broker took the pass over %s.", connection_id)
            turns.give_back(connection=connection_id, now=now)


def sync_in_turn(*, connection: Connection, now: datetime) -> None:
    """Run a pass if it is the connection's turn and none is running: then that one is enough."""
    if not connection.is_enabled or not turns.take(connection=connection.pk, now=now):
        logger.debug("It is not the turn of %s.", connection.name)
        return
    try:
        figures = run_pass(connection=connection, now=now)
    except PassUnderWay:
        logger.debug("A pass over %s is running already.", connection.name)
        return
    _keep_pulse(SYNC, now)
    if _was_slow(figures):
        # As long again, so that what waits for AWS has a worker half of the time at most.
        turns.rest(connection=connection.pk, now=now, seconds=2 * figures.seconds)
    logger.debug("Pass over %s: %s", connection.name, figures)


def _was_slow(figures: PassFigures) -> bool:
    per_call = figures.seconds / max(1, sum(figures.api_calls.values()))
    return figures.seconds > SLOW_PASS_SECONDS and per_call > SLOW_CALL_SECONDS


def _keep_pulse(name: str, now: datetime) -> None:
    Pulse.objects.update_or_create(name=name, defaults={"at": now})
