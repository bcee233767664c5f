"""Put open tasks under the policies of today, after these have changed.

decide() matches again under its lock, so nothing is ever answered under a rule of yesterday; until
this has run, lists show a task to those whom the older rule named.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet

from callbacks.models import CallbackTask, Execution, Policy, Pulse
from callbacks.sync.policies import CHANGES, change_policy, current_policies, subjects_of

BATCH = 500
PULSE = "policies"
# Each wish is a row of its own: what was wished for during a run stands after it.
WISH = "policies-wish:"
# A task that was opened while the rules changed may have slipped past: look once more.
AGAIN_AFTER = timedelta(seconds=30)


def is_due(*, now: datetime) -> bool:
    """Whether somebody asked, or a policy or its place has changed since the last run began."""
    if Pulse.objects.filter(name__startswith=WISH).exists():
        return True
    newest = Policy.objects.aggregate(
        made=Max("created_at"), retired=Max("retired_at"), moved=Max("moved_at")
    )
    changed_at = max((at for at in newest.values() if at is not None), default=None)
    if changed_at is None:
        return False
    begun = Pulse.objects.filter(name=PULSE).values_list("at", flat=True).first()
    return begun is None or begun < changed_at or begun < changed_at + AGAIN_AFTER <= now


def ask_for_rematch(*, now: datetime) -> None:
    """What policies look at has changed, though no policy has.

    To be called in the transaction that writes the change, so that a run sees both or neither.
    """
    Pulse.objects.create(name=f"{WISH}{uuid.uuid4().hex}", at=now)


def rematch(*, now: datetime) -> int:
    """Match everything that is open; return how many tasks another policy covers now.

    Killed anywhere and begun again it does no harm: only a whole run counts as done.
    """
    wishes = list(Pulse.objects.filter(name__startswith=WISH).values_list("pk", flat=True))
    policies = current_policies()
    changed = sum(_match(keys, policies) for keys in _batches())
    Pulse.objects.update_or_create(name=PULSE, defaults={"at": now})
    Pulse.objects.filter(pk__in=wishes).delete()
    return changed


def _batches() -> Iterator[list[uuid.UUID]]:
    last: uuid.UUID | None = None
    while True:
        rows = CallbackTask.objects.unfinished().order_by("id")
        keys = list(
            (rows.filter(id__gt=last) if last else rows).values_list("pk", flat=True)[:BATCH]
        )
        if not keys:
            return
        yield keys
        last = keys[-1]


def _match(keys: list[uuid.UUID], policies: list[Policy]) -> int:
    rows = CallbackTask.objects.unfinished().filter(pk__in=keys)
    with transaction.atomic():
        # The executions first, as apply does: it closes their tasks in the order of the history,
        # and two that hold what the other wants next would wait for ever.
        _lock_executions(rows)
        tasks = subjects_of(rows).order_by("id")
        moved = [
            task
            for task in tasks.select_for_update(of=("self",))
            if change_policy(task, policies=policies)
        ]
        CallbackTask.objects.bulk_update(moved, CHANGES)
    return len(moved)


def _lock_executions(tasks: QuerySet[CallbackTask]) -> None:
    rows = Execution.objects.filter(pk__in=tasks.values("execution_id")).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
