"""Put waiting tasks under the policies of today, after these have changed.

decide() matches again under its lock, so nothing is ever answered under a rule of yesterday; until
this has run, lists show a task to those whom the older rule named.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from callbacks.models import CallbackTask, Policy, Pulse
from callbacks.sync.policies import CHANGES, change_policy, current_policies, subjects_of

BATCH = 500
PULSE = "policies"
# A task that was opened while the rules changed may have slipped past: look once more.
AGAIN_AFTER = timedelta(seconds=30)


def is_due(*, now: datetime) -> bool:
    """Whether a policy, or its place, has changed since the last whole run began."""
    newest = Policy.objects.aggregate(
        made=Max("created_at"), retired=Max("retired_at"), moved=Max("moved_at")
    )
    changed_at = max((at for at in newest.values() if at is not None), default=None)
    if changed_at is None:
        return False
    begun = Pulse.objects.filter(name=PULSE).values_list("at", flat=True).first()
    return begun is None or begun < changed_at or begun < changed_at + AGAIN_AFTER <= now


def ask_for_rematch() -> None:
    """What policies look at has changed, though no policy has."""
    Pulse.objects.filter(name=PULSE).delete()


def rematch(*, now: datetime) -> int:
    """Match everything that waits; return how many tasks another policy covers now.

    Killed anywhere and begun again it does no harm: only a whole run counts as done.
    """
    policies = current_policies()
    changed = sum(_match(keys, policies) for keys in _batches())
    Pulse.objects.update_or_create(name=PULSE, defaults={"at": now})
    return changed


def _batches() -> Iterator[list[uuid.UUID]]:
    last: uuid.UUID | None = None
    while True:
        rows = CallbackTask.objects.waiting().order_by("id")
        keys = list(
            (rows.filter(id__gt=last) if last else rows).values_list("pk", flat=True)[:BATCH]
        )
        if not keys:
            return
        yield keys
        last = keys[-1]


def _match(keys: list[uuid.UUID], policies: list[Policy]) -> int:
    with transaction.atomic():
        # Locked as decide() does, in one order.
        tasks = subjects_of(CallbackTask.objects.filter(pk__in=keys)).order_by("id")
        moved = [
            task
            for task in tasks.select_for_update(of=("self",))
            if change_policy(task, policies=policies)
        ]
        CallbackTask.objects.bulk_update(moved, CHANGES)
    return len(moved)
