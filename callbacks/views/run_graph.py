"""The state graph of one run: what the mirror knows of it, and what events that were read add."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from callbacks.asl.definition import known_definition
from callbacks.asl.drawing import Graph, graph_of
from callbacks.asl.forecast import Forecast, Outcome, Verdict
from callbacks.asl.progress import Behind, Mark, behind, marks_of
from callbacks.decisions.answer import Answer, under
from callbacks.decisions.preflight import preflight
from callbacks.models import (
    OPEN_TASKS,
    CallbackTask,
    Direction,
    Execution,
    ExecutionStatus,
    TaskStatus,
)
from callbacks.queries.executions import Standing
from callbacks.queries.map_runs import MapRunLine
from callbacks.sync.live import LiveEvent
from callbacks.templatetags.words import age, many
from callbacks.views.graph import Picture, picture_of
from callbacks.views.graph_words import Look, behind_sentences
from callbacks.views.map_run_words import waiting_words
from callbacks.views.run_seen import FAILED, Known
from callbacks.views.run_visits import visits_of

# Where several wait, each with an input of its own, nobody has worked out what a no does.
_NOT_FORETOLD = Forecast(Verdict.UNKNOWN, Outcome.UNKNOWN)


def run_graph(
    *,
    execution: Execution,
    standings: Sequence[Standing],
    now: datetime,
    focus: CallbackTask | None = None,
    events: Sequence[LiveEvent] = (),
    map_runs: Sequence[MapRunLine] = (),
) -> dict[str, object]:
    """What templates/parts/graph.html takes; no picture where the definition is not known.

    `focus` is the task whose answers are shown; without it those of the only state that waits.
    """
    definition = known_definition(execution.definition.text) if execution.definition else None
    if definition is None:
        return {"picture": None, "graph_note": "", "no_graph": no_definition_words(execution)}
    known = Known(execution, definition, standings, visits_of(events), map_runs)
    return {"picture": _Run(known, now).picture(focus), "graph_note": _note(execution)}


def no_definition_words(execution: Execution) -> str:
    """Why nothing is shown of a definition, or nothing of the step that was looked for in it."""
    if execution.definition is None:
        return _("The definition of this run is not read yet.")
    if known_definition(execution.definition.text) is None:
        return _("The definition of this run is none that Holdpoint can read.")
    return _("The definition of this run has no step of this name.")


def _note(execution: Execution) -> str:
    if execution.version:
        return _("version %(version)s, as this run started on it") % {"version": execution.version}
    return _("as this run has it")


def _sent_no(task: CallbackTask) -> Forecast | None:
    """What a no does where its policy sends it as an answer."""
    answer = under(Answer(direction=Direction.REJECT), task.policy)
    return preflight(task=task, answer=answer) if answer.says_no is not None else None


@dataclass(frozen=True, slots=True)
class _Run:
    known: Known
    now: datetime

    def picture(self, focus: CallbackTask | None) -> Picture:
        graph = graph_of(self.known.definition)
        marks = marks_of(definition=self.known.definition, graph=graph, seen=self.known.seen())
        found = self._behind(graph, focus)
        return picture_of(
            definition=self.known.definition,
            looks={name: Look(mark, self._words(name, mark)) for name, mark in marks.items()},
            description=" ".join(self._sentences(found)),
            behind=found,
            is_run=True,
            is_done=self.known.execution.status == ExecutionStatus.SUCCEEDED,
            graph=graph,
        )

    def _behind(self, graph: Graph, focus: CallbackTask | None) -> Behind | None:
        waiting = self.known.named(TaskStatus.WAITING)
        only = next(iter(waiting)) if len(waiting) == 1 else ""
        name = focus.state if focus is not None else only
        # A job that runs can be answered early too, where that is what the page is about.
        stand = self.known.named(*OPEN_TASKS).get(name)
        if stand is None:
            return None
        sent_no = _NOT_FORETOLD if all(one.sent_no == one.count for one in stand) else None
        return behind(
            definition=self.known.definition,
            graph=graph,
            state=self.known.definition.states[name],
            sent_no=sent_no if focus is None else _sent_no(focus),
        )

    # --- words
    def _words(self, name: str, mark: Mark) -> str:
        if mark is Mark.WAITING:
            return self._open_words(name)
        if mark is Mark.INSIDE and name in self.known.holding:
            return waiting_words(self.known.holding[name])
        if mark is Mark.FAILED:
            return self._failed_words(name)
        if mark is Mark.RAN:
            return self.known.visits.words(name)
        return ""

    def _failed_words(self, name: str) -> str:
        kinds = [one.closed_kind for one in self.known.standings if one.state == name]
        if "succeeded" in kinds:
            return _("failed after its answer")
        return FAILED[kinds[-1]]() if kinds and kinds[-1] in FAILED else ""

    def _open_words(self, name: str) -> str:
        waiting = self.known.named(TaskStatus.WAITING).get(name)
        found = waiting or self.known.named(*OPEN_TASKS).get(name)
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
        if not self.known.visits.is_whole:
            yield _(
                "Steps that wait for nobody are marked where it is certain that they ran, or that "
                "they did not; the last events below tell more."
            )
