"""The state graph of one run: what the mirror knows of it, and what events that were read add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from callbacks.asl.definition import Definition, State, known_definition
from callbacks.asl.drawing import graph_of
from callbacks.asl.progress import Behind, Mark, Seen, behind, marks_of
from callbacks.models import OPEN_TASKS, Execution, ExecutionStatus, TaskStatus
from callbacks.queries.executions import Standing
from callbacks.sync.live import LiveEvent
from callbacks.templatetags.words import age, many
from callbacks.views.graph import Picture, picture_of
from callbacks.views.graph_words import Look, behind_sentences
from callbacks.views.run_visits import Visits, visits_of

# Ends of a wait after which its state did not go on to its Next.
_FAILED = {
    "failed": lambda: _("failed"),
    "worker_failed": lambda: _("failed"),
    "submit_failed": lambda: _("failed"),
    "timed_out": lambda: _("ran out of time"),
    "execution_timed_out": lambda: _("ran out of time"),
    "stopped": lambda: _("stopped"),
    "execution_failed": lambda: _("ended with the run"),
    "sibling_failed": lambda: _("ended by another branch"),
}


def run_graph(
    *,
    execution: Execution,
    standings: Sequence[Standing],
    now: datetime,
    focus: str = "",
    events: Sequence[LiveEvent] = (),
) -> dict[str, object]:
    """What templates/parts/graph.html takes; no picture where the definition is not known.

    `focus` is the state whose answers are shown; without it the only one that waits.
    """
    definition = known_definition(execution.definition.text) if execution.definition else None
    if definition is None:
        return {"picture": None, "graph_note": ""}
    run = _Run(execution, definition, standings, visits_of(events), now)
    return {"picture": run.picture(focus), "graph_note": _note(execution)}


def _note(execution: Execution) -> str:
    if execution.version:
        return _("version %(version)s, as this run started on it") % {"version": execution.version}
    return _("as this run has it")


@dataclass(frozen=True, slots=True)
class _Run:
    execution: Execution
    definition: Definition
    standings: Sequence[Standing]
    visits: Visits
    now: datetime

    def picture(self, focus: str) -> Picture:
        graph = graph_of(self.definition)
        marks = marks_of(definition=self.definition, graph=graph, seen=self._seen())
        state = self._asked(focus)
        found = behind(definition=self.definition, graph=graph, state=state) if state else None
        return picture_of(
            definition=self.definition,
            looks={name: Look(mark, self._words(name, mark)) for name, mark in marks.items()},
            description=" ".join(self._sentences(found)),
            behind=found,
            is_run=True,
            is_done=self.execution.status == ExecutionStatus.SUCCEEDED,
            graph=graph,
        )

    # --- what is known
    def _named(self, *statuses: str) -> Mapping[str, list[Standing]]:
        """By state, without those of states that this definition does not have."""
        found: dict[str, list[Standing]] = {}
        for one in self.standings:
            if one.status in statuses and one.state in self.definition.states:
                found.setdefault(one.state, []).append(one)
        return found

    def _seen(self) -> Seen:
        at_work = set(self._named(*OPEN_TASKS))
        ended = self._named(*(status for status in TaskStatus.values if status not in OPEN_TASKS))
        failed = {
            state
            for state, all_ in ended.items()
            if all(one.closed_kind in _FAILED for one in all_)
        }
        known = set(self.definition.states)
        inside = {c.name for name in at_work for c in self.definition.containers(name)}
        # Entered and not left: at work, or what the run ended in.
        rest = {name for name in self.visits.open if name in known and name not in inside}
        is_over = self.execution.status != ExecutionStatus.RUNNING
        left = (self.visits.left & known) | (set(ended) - failed)
        return Seen(
            waiting=frozenset(at_work | (set() if is_over else rest - set(ended) - left)),
            failed=frozenset(failed | (rest - left if is_over else set())),
            passed=frozenset(left),
            is_whole=self.visits.is_whole,
        )

    def _asked(self, focus: str) -> State | None:
        waiting = self._named(TaskStatus.WAITING)
        only = next(iter(waiting)) if len(waiting) == 1 else ""
        name = focus or only
        # A job that runs can be answered early too, where that is what the page is about.
        return self.definition.states[name] if name in self._named(*OPEN_TASKS) else None

    # --- words
    def _words(self, name: str, mark: Mark) -> str:
        if mark is Mark.WAITING:
            return self._open_words(name)
        if mark is Mark.FAILED:
            kinds = [one.closed_kind for one in self.standings if one.state == name]
            return _FAILED[kinds[-1]]() if kinds and kinds[-1] in _FAILED else ""
        if mark is Mark.RAN:
            return self.visits.words(name)
        return ""

    def _open_words(self, name: str) -> str:
        waiting = self._named(TaskStatus.WAITING).get(name)
        found = waiting or self._named(*OPEN_TASKS).get(name)
        if not found:
            return _("is at work")
        count = sum(one.count for one in found)
        if count > 1:
            words = _("%(n)s waiting") if waiting else _("%(n)s jobs run")
            return words % {"n": many(count)}
        said = {"age": age(since=min(one.since for one in found), now=self.now)}
        return (_("waiting %(age)s") if waiting else _("a job runs %(age)s")) % said

    def _sentences(self, found: Behind | None) -> Iterator[str]:
        if found is not None:
            yield from behind_sentences(found)
        if not self.visits.is_whole:
            yield _(
                "Steps that wait for nobody are marked where it is certain that they ran, or that "
                "they did not; the last events below tell more."
            )
