"""The forecast beside an answer: its panel, and what it makes of the two buttons."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from callbacks.asl.forecast import Forecast, Verdict
from callbacks.asl.payload import PayloadError
from callbacks.decisions import foretold
from callbacks.decisions.answer import Answer, read_output, under
from callbacks.decisions.people import may_override_forecast
from callbacks.decisions.preflight import mend, preflight
from callbacks.models import CallbackTask, Direction, User
from callbacks.views.answer_form import Typed
from callbacks.views.change_words import Changes, changes_of


@dataclass(frozen=True, slots=True)
class ForecastPanel:
    """`effect`: what the button says below its verb, "" where nothing is known."""

    title: str
    lines: tuple[str, ...]
    tone: str = ""
    icon: str = "route"
    technical: str = ""
    effect: str = ""
    is_fatal: bool = False
    # How the answer would have to look, where wrapping it is all that it takes.
    mended: str = ""
    may_override: bool = False
    # Which definition it was worked out by.
    by: str = ""

    @property
    def is_blocking(self) -> bool:
        """This person may not send it. The button stays: pressed, it says why."""
        return self.is_fatal and not self.may_override


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Of both answers that the form holds."""

    approval: ForecastPanel
    rejection: ForecastPanel
    # How the answer differs from the one that was begun with, or from the last one of this step.
    changes: Changes | None = None


def foreseen(*, task: CallbackTask, user: User, typed: Typed) -> Foreseen:
    """At most two queries each, and none in most cases (`preflight`)."""
    return Foreseen(
        approval=_approval(task, user, typed),
        rejection=_panel(task, user, typed.answer(Direction.REJECT)),
        changes=changes_of(task=task, user=user, typed=typed),
    )


def _approval(task: CallbackTask, user: User, typed: Typed) -> ForecastPanel:
    if not typed.output.strip():
        return ForecastPanel(
            title=_("What your answer does"),
            lines=(_("Write an answer, and here stands what the run does with it."),),
        )
    try:
        read_output(typed.output)
    except PayloadError as exc:
        return ForecastPanel(
            title=_("This cannot be sent yet"),
            lines=(str(exc.problem),),
            tone="warn",
            icon="alert-circle",
        )
    return _panel(task, user, typed.answer(Direction.APPROVE))


def _panel(task: CallbackTask, user: User, answer: Answer) -> ForecastPanel:
    is_approval = answer.direction == Direction.APPROVE
    found = preflight(task=task, answer=under(answer, task.policy))
    is_fatal = found.verdict == Verdict.FATAL
    may_override = is_fatal and may_override_forecast(user)
    tone, icon = _LOOKS[found.verdict]
    return ForecastPanel(
        title=foretold.title(found, is_approval=is_approval),
        lines=tuple(foretold.sentences(found, is_approval=is_approval)),
        tone=tone,
        icon=icon,
        technical=foretold.technical(found.failure) if found.failure and is_approval else "",
        effect=_effect(found, is_approval=is_approval, may_override=may_override),
        is_fatal=is_fatal,
        mended=(mend(task=task, output_text=answer.output_text) or "")
        if is_fatal and is_approval
        else "",
        may_override=may_override,
        by=str(task.execution.definition or ""),
    )


def _effect(found: Forecast, *, is_approval: bool, may_override: bool) -> str:
    if may_override:
        return _("ends the whole run")
    return foretold.effect(found, is_approval=is_approval)


_LOOKS = {
    Verdict.OK: ("pass", "circle-check"),
    Verdict.WARNING: ("warn", "route"),
    Verdict.FATAL: ("fatal", "alert-circle"),
    Verdict.UNKNOWN: ("warn", "help-circle"),
}
