"""A worker that takes no messages though some wait for it ends itself; its supervisor starts anew.

After resets by Redis a Celery worker may live on, answer pings and never take a message again
(celery #8030, #9054, #10302). From inside it looks idle; what tells is that its queues are not
empty meanwhile. What it had under way is made good like after any other death.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from celery import Celery
from celery.worker import state
from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)

# Looks within the time that a silence may take; each must find messages waiting.
LOOKS = 3
FAILURE = 70  # EX_SOFTWARE


class Watchdog(threading.Thread):
    """Looks whether this process still takes messages. `seconds`: how long a silence may be."""

    def __init__(self, *, app: Celery, room: int, seconds: float) -> None:
        """`room`: how many messages the worker has in hand at most."""
        super().__init__(name="watchdog", daemon=True)
        self._app = app
        self._room = room
        self._pause = seconds / LOOKS
        self._taken = threading.Event()
        self._idle_looks = 0

    @classmethod
    def is_on(cls) -> bool:
        return any(isinstance(thread, cls) for thread in threading.enumerate())

    def note_message(self, **_signal: Any) -> None:
        """Called for each message that the worker takes."""
        self._taken.set()

    def run(self) -> None:
        never = threading.Event()
        while not never.wait(self._pause):
            if self.is_silent():
                logger.critical("Messages wait and none was taken: this worker ends itself.")
                logging.shutdown()
                os._exit(FAILURE)

    def is_silent(self) -> bool:
        """Look once; whether it is time to end it."""
        was_idle = not self._taken.is_set() and len(state.reserved_requests) < self._room
        self._taken.clear()
        self._idle_looks = self._idle_looks + 1 if was_idle and self._has_waiting() else 0
        return self._idle_looks >= LOOKS

    def _has_waiting(self) -> bool:
        """Whether any of its queues has messages; a broker that is away has none."""
        try:
            with self._app.connection_for_read() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
                queues = list(self._app.amqp.queues.consume_from)
                return any(_length(connection, name) for name in queues)
        except (KombuError, OSError):
            return False


def _length(connection: Any, queue: str) -> int:
    try:
        with connection.channel() as channel:
            return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except connection.channel_errors:
        # Redis has no queue that is empty.
        return 0
