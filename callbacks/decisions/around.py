"""What a failed item of a distributed Map brings about: in its Map, and in the run around it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property

from django.db import DatabaseError

from callbacks.asl.definition import known_definition, map_labelled
from callbacks.asl.forecast import Forecast, Outcome, forecast_failed_map
from callbacks.asl.tolerance import Tolerance, written_tolerance
from callbacks.models import CallbackTask, Execution, ExecutionStatus, StateMachine, User
from callbacks.queries.map_runs import DEEPEST_MAPS, inside
from callbacks.queries.paging import COUNT_LIMIT, bounded_count

logger = logging.getLogger(__name__)
_FAILED = (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Fate:
    """Of one Map. `tolerance` is None where only its input tells it.

    `failed`: how many of its children are known to have failed already, where that matters.
    `others`: how many other requests wait in it, None where this person may not see them all.
    `then`: what the run around does once too many have failed.
    """

    map: str
    tolerance: Tolerance | None
    then: Forecast
    is_batched: bool = False
    failed: int = 0
    others: int | None = 0
    # No Map is around the run around.
    is_outermost: bool = True

    @property
    def is_sealed(self) -> bool:
        """One more failed item is one too many."""
        if self.tolerance is None:
            return False
        count = self.tolerance.count
        return self.tolerance.is_none or (count is not None and self.failed >= count)


@dataclass(frozen=True)
class Around:
    """Asked only where somebody wants to know, and once; then at most eight queries a Map."""

    task: CallbackTask
    user: User

    @cached_property
    def fates(self) -> tuple[Fate, ...]:
        """The innermost first, as far out as its failing is certain; () where nothing is known."""
        try:
            return tuple(self._fates())
        except DatabaseError:
            raise
        # What goes wrong in foretelling must never keep anybody from answering.
        except Exception:
            logger.exception("What is around task %s could not be told.", self.task.pk)
            return ()

    def _fates(self) -> list[Fate]:
        found: list[Fate] = []
        machine = self.task.execution.state_machine
        while machine.parent_id is not None and len(found) < DEEPEST_MAPS:
            rows = Execution.objects.select_related("definition", "state_machine")
            parent = rows.get(pk=machine.parent_id)
            fate = self._fate(machine, parent)
            if fate is None:
                break
            found.append(fate)
            if not fate.is_sealed or fate.then.outcome != Outcome.FAILS:
                break
            machine = parent.state_machine
        return found

    def _fate(self, machine: StateMachine, parent: Execution) -> Fate | None:
        definition = known_definition(parent.definition.text) if parent.definition else None
        name = map_labelled(definition, _label(machine)) if definition else ""
        if definition is None or not name:
            return None
        state = definition.states[name]
        allowed = written_tolerance(state)
        return Fate(
            map=name,
            tolerance=allowed,
            then=forecast_failed_map(definition=definition, state=state),
            is_batched="ItemBatcher" in state.raw,
            failed=_failed(machine, allowed),
            others=self._others(machine),
            is_outermost=not parent.is_item,
        )

    def _others(self, machine: StateMachine) -> int | None:
        waiting = CallbackTask.objects.waiting().filter(inside(map_run_id=machine.pk))
        others = waiting.exclude(pk=self.task.pk)
        count = bounded_count(others)
        if self.user.sees_all or bounded_count(others.visible_to(self.user)) == count:
            return count
        return None


def _label(machine: StateMachine) -> str:
    return machine.state_machine_arn.rpartition("/")[2]


def _failed(machine: StateMachine, allowed: Tolerance | None) -> int:
    if allowed is None or not allowed.count:
        return 0
    rows = Execution.objects.filter(state_machine=machine, status__in=_FAILED)
    return bounded_count(rows, limit=min(int(allowed.count), COUNT_LIMIT))
