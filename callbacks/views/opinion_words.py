"""What AWS itself says of an answer, beside our own forecast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from callbacks.asl.language.values import CannotPredict
from callbacks.decisions.agreement import Agreement, Point, Verdict
from callbacks.decisions.answer import Answer, under
from callbacks.decisions.opinion import second_opinion
from callbacks.models import CallbackTask
from callbacks.stepfunctions import StepFunctionsError
from callbacks.views.asking_words import asking_problem

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class OpinionRow:
    """What differs: in our words, and what either says."""

    what: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class OpinionWords:
    title: str
    tone: str
    icon: str
    text: str
    rows: tuple[OpinionRow, ...] = ()


def opinion_words(*, task: CallbackTask, answer: Answer, now: datetime) -> OpinionWords:
    """Ask AWS, and say how its forecast stands to ours."""
    try:
        found = second_opinion(task=task, answer=under(answer, task.policy), now=now)
    except StepFunctionsError as exc:
        return _none(asking_problem(exc))
    except CannotPredict as exc:
        return _none(str(exc))
    return _worded(found)


def _none(why: str) -> OpinionWords:
    return OpinionWords(
        title=_("AWS gave no second opinion"),
        tone="",
        icon="help-circle",
        text=_("%(why)s The forecast above is our own, and stands.") % {"why": why},
    )


def _worded(found: Agreement) -> OpinionWords:
    if found.verdict == Verdict.AGREES:
        return OpinionWords(
            title=_("AWS says the same"),
            tone="pass",
            icon="circle-check",
            text=_("Of this step alone: what lies behind it AWS is not asked about."),
        )
    if found.verdict == Verdict.NOT_COMPARED:
        return OpinionWords(
            title=_("There is nothing to compare"),
            tone="",
            icon="help-circle",
            text=_("AWS gave an answer, but our own forecast says nothing of this step."),
        )
    return OpinionWords(
        title=_("AWS says something else"),
        tone="fatal",
        icon="alert-circle",
        text=_("AWS is right. Do not rely on the forecast above, and tell an administrator."),
        rows=tuple(_row(point) for point in found.points),
    )


def _row(point: Point) -> OpinionRow:
    return OpinionRow(_WHAT[point.what](), point.ours[:_LONGEST], point.theirs[:_LONGEST])


_WHAT: Mapping[str, Callable[[], str]] = {
    "status": lambda: _("How the step ends"),
    "output": lambda: _("What it hands on"),
    "next": lambda: _("Where the run goes"),
    "error": lambda: _("The error"),
    "rule": lambda: _("The Retry rule"),
    "delay": lambda: _("Seconds until it runs again"),
}
