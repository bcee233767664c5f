"""Messages to the workers: hints, of which every one may be lost."""

from __future__ import annotations

import logging
import uuid

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

HINT_SECONDS = 30


def hint(task: str, decision_id: uuid.UUID) -> None:
    """Tell a worker. Where no broker takes the hint, the sweep finds the row.

    By name, as the doors import us and not we them; stale hints are worth nothing.
    """
    try:
        current_app.send_task(
            f"callbacks.tasks.{task}",
            kwargs={"decision_id": str(decision_id)},
            retry=False,
            expires=HINT_SECONDS,
        )
    except (OperationalError, OSError):
        logger.warning("No broker took decision %s; the sweep will find it.", decision_id)
    except Exception:
        # It is decided: no error of a driver may tell the person otherwise.
        logger.exception("No message for decision %s; the sweep will find it.", decision_id)
