"""Note that a person opened a request; the one thing that a GET writes.

A table of its own, not the chain: reading must work where recording fails.
"""

import logging
import uuid
from datetime import datetime

from django.db import Error, transaction

from callbacks.models import Reading, User

logger = logging.getLogger(__name__)


def record_reading(*, user: User, task_id: uuid.UUID, view: str, now: datetime) -> None:
    """Keep one row per person, attempt and hour. A failure is logged; the page is still served.

    Not for polls and prefetches: nobody reads those.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    try:
        # Asked first, so that a page read again takes no write lock.
        if not Reading.objects.filter(user=user, task_id=task_id, hour=hour).exists():
            _insert(Reading(user=user, task_id=task_id, hour=hour, first_at=now, view=view))
    except Error:
        logger.exception("The reading of task %s by user %s was not recorded.", task_id, user.pk)


def _insert(reading: Reading) -> None:
    # A savepoint where a transaction is open: a failure here must not spoil it.
    with transaction.atomic():
        Reading.objects.bulk_create([reading], ignore_conflicts=True)
