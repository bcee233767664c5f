"""Where a run stands in its states, by the mirror and by events that were read beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from callbacks.asl.definition import Definition, map_labelled
from callbacks.asl.located import failed_in
from callbacks.asl.progress import Seen
from callbacks.models import OPEN_TASKS, Execution, ExecutionStatus, TaskStatus
from callbacks.queries.executions import Standing
from callbacks.queries.map_runs import MapRunLine
from callbacks.views.map_run_words import map_label
from callbacks.views.run_visits import Visits

# Ends of a wait after which its state did not go on to its Next.
FAILED = {
    "failed": lambda: _("failed"),
    "worker_failed": lambda: _("failed"),
    "submit_failed": lambda: _("failed"),
    "timed_out": lambda: _("ran out of time"),
    "execution_timed_out": lambda: _("ran out of time"),
    "stopped": lambda: _("stopped"),
    "execution_failed": lambda: _("ended with the run"),
    "sibling_failed": lambda: _("ended by another branch"),
}


@dataclass(frozen=True)
class Known:
    execution: Execution
    definition: Definition
    standings: Sequence[Standing]
    visits: Visits
    map_runs: Sequence[MapRunLine] = ()

    @cached_property
    def holding(self) -> Mapping[str, int]:
        """The Maps whose Map Runs are at work, and how many requests wait in their children."""
        found: Counter[str] = Counter()
        for run in self.map_runs:
            name = map_labelled(self.definition, map_label(run.arn))
            if name and run.over_at is None and self.execution.status == ExecutionStatus.RUNNING:
                found[name] += run.waiting
        return found

    def named(self, *statuses: str) -> Mapping[str, list[Standing]]:
        """By state, without those of states that this definition does not have."""
        found: dict[str, list[Standing]] = {}
        for one in self.standings:
            if one.status in statuses and one.state in self.definition.states:
                found.setdefault(one.state, []).append(one)
        return found

    def seen(self) -> Seen:
        holding = frozenset(name for name, count in self.holding.items() if count)
        at_work = set(self.named(*OPEN_TASKS)) | (set(self.holding) - holding)
        ended = self.named(*(status for status in TaskStatus.values if status not in OPEN_TASKS))
        failed = {
            state for state, all_ in ended.items() if all(one.closed_kind in FAILED for one in all_)
        }
        known = set(self.definition.states)
        inside = {c.name for name in at_work for c in self.definition.containers(name)}
        # Entered and not left: at work, or what the run ended in.
        rest = (self.visits.open & known) - inside - holding
        is_over = self.execution.status != ExecutionStatus.RUNNING
        left = (self.visits.left & known) | (set(ended) - failed)
        return Seen(
            waiting=frozenset(at_work | (set() if is_over else rest - set(ended) - left)),
            holding=holding,
            failed=frozenset(failed | self._located() | (rest - left if is_over else set())),
            passed=frozenset(left),
            last=self._last(),
            is_whole=self.visits.is_whole,
        )

    def _located(self) -> set[str]:
        """What AWS's words about the end name, unless a worker wrote them."""
        if not self._is_read or any(one.like_run for one in self.standings):
            return set()
        named = failed_in(error=self.execution.error, cause=self.execution.cause)
        return {named} & set(self.definition.states)

    def _last(self) -> str:
        """The state that the run failed in, where that is certain; else ""."""
        if not self._is_read:
            return ""
        # The end came right behind the end of its task: nothing lies between.
        before = self.execution.last_event_id - 1
        names = {one.state for one in self.standings if one.last_event == before}
        names &= set(self.definition.states)
        if not names and self.visits.is_whole:
            names = self._unfinished()
        return names.pop() if len(names) == 1 else ""

    @property
    def _is_read(self) -> bool:
        """The run failed, and cause and events are those of that end."""
        run = self.execution
        return run.status == ExecutionStatus.FAILED and run.read_next_at is None

    def _unfinished(self) -> set[str]:
        """Entered and not left, without the Maps and Parallels around them."""
        found = self.visits.open & set(self.definition.states)
        return found - {c.name for name in found for c in self.definition.containers(name)}
