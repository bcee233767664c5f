"""Start a pass over every connection, and keep the pulse by which silence can be seen."""

from __future__ import annotations

import logging
from datetime import datetime

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from callbacks.models import Connection, Pulse
from callbacks.sync.passes import PassUnderWay, run_pass

logger = logging.getLogger(__name__)

BEAT, SYNC = "beat", "sync"
# Long enough for the clocks of two hosts to differ; the lease sees to it that one pass runs.
MESSAGE_SECONDS = 30.0


def start_passes(*, now: datetime) -> None:
    """Send one message per connection; the next beat makes good what no broker took."""
    _keep_pulse(BEAT, now)
    for connection_id in Connection.objects.enabled().values_list("pk", flat=True):
        try:
            current_app.send_task(
                "callbacks.tasks.sync_connection",
                kwargs={"connection_id": str(connection_id)},
                retry=False,
                expires=max(settings.SYNC_INTERVAL_SECONDS, MESSAGE_SECONDS),
            )
        except (OperationalError, OSError):
            logger.warning("No broker took the pass over %s.", connection_id)


def sync_in_turn(*, connection: Connection, now: datetime) -> None:
    """Run a pass unless one is running: then that one is enough."""
    try:
        figures = run_pass(connection=connection, now=now)
    except PassUnderWay:
        logger.debug("A pass over %s is running already.", connection.name)
        return
    _keep_pulse(SYNC, now)
    logger.debug("Pass over %s: %s", connection.name, figures)


def _keep_pulse(name: str, now: datetime) -> None:
    Pulse.objects.update_or_create(name=name, defaults={"at": now})
