"""The forecast beside an answer: its panel, and what it makes of the two buttons."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from callbacks.asl.forecast import Forecast, Outcome, Verdict
from callbacks.asl.language.values import render
from callbacks.asl.payload import PayloadError
from callbacks.decisions import foretold
from callbacks.decisions.answer import Answer, check_answer, read_output, under
from callbacks.decisions.around import Around
from callbacks.decisions.around_words import lines_around
from callbacks.decisions.errors import InvalidAnswer
from callbacks.decisions.foretold import Sent
from callbacks.decisions.people import may_override_forecast
from callbacks.decisions.preflight import mend, preflight, sent_as
from callbacks.decisions.stumbling import technical
from callbacks.models import CallbackTask, Direction, RejectionMode, User
from callbacks.templatetags.words import whole
from callbacks.views.answer_form import Typed
from callbacks.views.change_words import Changes, changes_of
from callbacks.views.jsontree import Tree, json_tree

# What is handed on is drawn at each pause in typing.
_LARGEST_SHOWN = 60_000


@dataclass(frozen=True, slots=True)
class Value:
    """What the next step, or the run, gets; without a tree where that is too much to show."""

    title: str
    tree: Tree | None


@dataclass(frozen=True, slots=True)
class ForecastPanel:
    """`effect`: what the button says below its verb, "" where nothing is known."""

    title: str
    lines: tuple[str, ...]
    tone: str = ""
    icon: str = "route"
    technical: str = ""
    effect: str = ""
    value: Value | None = None
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
    """At most two queries each, and none in most cases (`preflight`); `Around` may ask for more."""
    around = Around(task, user)
    return Foreseen(
        approval=_approval(around, typed),
        rejection=_rejection(around, typed),
        changes=changes_of(task=task, user=user, typed=typed),
    )


def _approval(around: Around, typed: Typed) -> ForecastPanel:
    if not typed.output.strip():
        return ForecastPanel(
            title=_("What your answer does"),
            lines=(_("Write an answer, and here stands what the run does with it."),),
        )
    answer = typed.answer(Direction.APPROVE)
    lines = typed.not_numbers or _unfit(around.task, answer, "output")
    return _not_yet(_why_not(typed), *lines) if lines else _panel(around, answer)


def _why_not(typed: Typed) -> str:
    try:
        read_output(typed.output)
    except PayloadError:
        return _("This cannot be sent yet")
    return _("It does not have the form that is asked for")


def _rejection(around: Around, typed: Typed) -> ForecastPanel:
    task, answer = around.task, typed.answer(Direction.REJECT)
    policy = task.policy
    is_failure = policy.rejection_mode != RejectionMode.SUCCESS
    if is_failure and policy.rejection_errors and not typed.error.strip():
        return ForecastPanel(
            title=_("Choose a kind of rejection"),
            lines=(_("What the run does depends on it."), *_unless_taken(around)),
        )
    lines = (*_unfit(task, answer, "error"), *_unfit(task, answer, "cause")) if is_failure else ()
    return _not_yet(_("This cannot be sent yet"), *lines) if lines else _panel(around, answer)


def _unless_taken(around: Around) -> list[str]:
    if not around.task.execution.is_item:
        return []
    first = _("Where no rule takes it, the run of this item fails.")
    return [first, *lines_around(around.fates)]


def _unfit(task: CallbackTask, answer: Answer, field: str) -> tuple[str, ...]:
    """What the policy or AWS would not take in this field, whatever else is missing yet."""
    meant = replace(answer, reason="-", empty_is_meant=True, end_early=True)
    try:
        check_answer(meant, policy=task.policy, ends_early=False)
    except InvalidAnswer as exc:
        return tuple(exc.errors.get(field, ()))
    return ()


def _not_yet(title: str, *lines: str) -> ForecastPanel:
    return ForecastPanel(title=title, lines=lines, tone="warn", icon="alert-circle")


def _panel(around: Around, answer: Answer) -> ForecastPanel:
    task = around.task
    answer = under(answer, task.policy)
    found = preflight(task=task, answer=answer)
    sent = sent_as(task=task, answer=answer, found=found, around=around)
    is_fatal = found.verdict == Verdict.FATAL
    may_override = is_fatal and may_override_forecast(around.user)
    tone, icon = _LOOKS[found.verdict]
    return ForecastPanel(
        title=foretold.title(found, sent),
        lines=tuple(foretold.sentences(found, sent)),
        tone=tone,
        icon=icon,
        technical=technical(found.failure) if found.failure and sent.is_output else "",
        effect=foretold.ends(sent) if may_override else foretold.effect(found, sent),
        value=_value(found, sent),
        is_fatal=is_fatal,
        mended=(mend(task=task, output_text=answer.output_text) or "")
        if is_fatal and sent.is_approval
        else "",
        may_override=may_override,
        by=str(task.execution.definition or ""),
    )


def _value(found: Forecast, sent: Sent) -> Value | None:
    """The very value that the forecast leads to, so that nobody has to imagine it."""
    if found.arrives_at:
        title, value = _("The input of %(next)s") % {"next": found.arrives_at}, found.arrives_with
    elif found.has_output and found.outcome in (Outcome.SUCCEEDS, Outcome.CONTINUES):
        ends = found.ends or ""
        title = (
            _("The output of this run")
            if ends in ("", "execution")
            else _("The output of this part of %(state)s") % {"state": ends}
        )
        value = found.arrives_with
    else:
        return None
    text = render(value)
    if len(text) <= _LARGEST_SHOWN:
        return Value(title, json_tree(text))
    return Value(
        _("%(title)s: %(n)s bytes") % {"title": title, "n": whole(len(text.encode()))}, None
    )


_LOOKS = {
    Verdict.OK: ("pass", "circle-check"),
    Verdict.WARNING: ("warn", "route"),
    Verdict.FATAL: ("fatal", "alert-circle"),
    Verdict.UNKNOWN: ("warn", "help-circle"),
}
