"""Celery application: worker and beat. The broker only carries hints; rows are the truth."""

import os
from typing import Any

from celery import Celery
from celery.signals import (
    task_received,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)

from dashboard import broker
from dashboard.watchdog import Watchdog

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

broker.install()
app = Celery("holdpoint")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["callbacks"])


@worker_process_init.connect
@worker_process_shutdown.connect
def close_connections(**_kwargs: Any) -> None:
    """Drop what a forked child inherited: a shared pool hands out broken sockets."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


@worker_ready.connect
def keep_audit_outside(**_kwargs: Any) -> None:
    """Catch up before the first send does, and find a rolled-back database at once.

    In the worker's parent process no connection may stay open: the children would inherit it.
    """
    from callbacks.audit import lookback, sink

    try:
        sink.keep_up()
        lookback.look_back_loudly()
    finally:
        close_connections()


@worker_ready.connect
def watch_over(sender: Any, **_kwargs: Any) -> None:
    """Once for a process, though it is ready anew after each lost connection to the broker."""
    from django.conf import settings

    if not settings.WATCHDOG_SECONDS or Watchdog.is_on():
        return
    room = sender.initial_prefetch_count
    dog = Watchdog(app=app, room=room, seconds=settings.WATCHDOG_SECONDS)
    task_received.connect(dog.note_message, weak=False)
    dog.start()
