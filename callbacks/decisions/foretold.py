"""A forecast in people's words; the same sentences on pages and in the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.forecast import Forecast, Outcome, Verdict
from callbacks.asl.handing import HandedOn
from callbacks.decisions.around import Fate
from callbacks.decisions.around_words import ends_around, lines_around
from callbacks.decisions.stumbling import why

_NAMES_SHOWN = 6
# The largest unit that still says it well, with seconds up to two minutes.
_UNITS = ((86_400, 2), (3_600, 2), (60, 2))


@dataclass(frozen=True, slots=True)
class Sent:
    """How the answer goes out: as an output or as an error, to a whole run or to an item's.

    A policy may send a rejection as an output that says no. An item of a distributed Map has a run
    of its own; `fates` are what the failing of that brings about around it.
    """

    is_approval: bool
    is_output: bool
    of_item: bool = False
    fates: tuple[Fate, ...] = ()


def title(forecast: Forecast, sent: Sent) -> str:
    """What it comes to, in a few words."""
    if forecast.verdict == Verdict.UNKNOWN:
        return _("Cannot predict")
    if forecast.verdict == Verdict.FATAL:
        return _("This answer would end %(what)s") % {"what": _what_ends(sent)}
    if forecast.outcome == Outcome.RETRIED:
        return _("The work would run again")
    if forecast.outcome == Outcome.FAILS:
        return _("This ends %(what)s") % {"what": _what_ends(sent)}
    if forecast.outcome == Outcome.CAUGHT:
        return _("The run takes another way")
    if not sent.is_approval:
        return _("The run goes on")
    if forecast.outcome == Outcome.SUCCEEDS:
        return (
            _("This answer passes and ends this item")
            if sent.of_item
            else _("This answer passes and ends the run")
        )
    return _("This answer passes")


def sentences(forecast: Forecast, sent: Sent) -> list[str]:
    """What would happen, one thing each."""
    if forecast.outcome == Outcome.UNKNOWN and not forecast.has_output:
        return [_unknown(forecast)]
    said = _stumbled(forecast, sent)
    if forecast.retry is not None:
        return [*said, _retried(forecast)]
    if forecast.outcome == Outcome.CAUGHT:
        said.extend(_through(forecast.passed) if forecast.is_caught_around else ())
        said.append(
            _("The run goes to %(next)s, by the rule of %(state)s for this error.")
            % {"next": forecast.caught_to, "state": forecast.taken_by}
        )
        if forecast.is_caught_around:
            return said
    if forecast.verdict == Verdict.FATAL:
        return [*said, _dies(sent), *_around(sent)]
    said.extend(_way(forecast, sent))
    if forecast.outcome == Outcome.FAILS:
        said.extend([_fails(forecast, sent), *_around(sent)])
    elif forecast.outcome == Outcome.UNKNOWN:
        said.append(_unknown(forecast))
    return said


def effect(forecast: Forecast, sent: Sent) -> str:
    """The second line of a button: what pressing it leads to; "" where that is not known."""
    if forecast.retry is not None:
        return _("runs the work again %(when)s") % {"when": _when(forecast)}
    if forecast.verdict == Verdict.FATAL:
        return _("blocked: would end the run")
    if forecast.outcome == Outcome.CAUGHT:
        return _("and go to %(next)s") % {"next": forecast.caught_to}
    if forecast.outcome == Outcome.FAILS:
        return ends(sent)
    if forecast.outcome == Outcome.SUCCEEDS:
        return _("and end this item well") if sent.of_item else _("and end the run well")
    if forecast.comes_back:
        return _("and be asked again")
    if forecast.arrives_at and sent.is_output:
        return _("and continue to %(next)s") % {"next": forecast.arrives_at}
    return ""


def ends(sent: Sent) -> str:
    """The same where it goes out although it ends a run."""
    around = ends_around(sent.fates)
    return _("ends %(what)s") % {"what": around or _what_ends(sent)}


def _what_ends(sent: Sent) -> str:
    if not sent.of_item:
        return _("the whole run")
    around = ends_around(sent.fates)
    if around:
        return _("the run of this item, and %(around)s") % {"around": around}
    return _("the run of this item")


def _around(sent: Sent) -> list[str]:
    return lines_around(sent.fates) if sent.of_item else []


def _stumbled(forecast: Forecast, sent: Sent) -> list[str]:
    """What the answer makes the workflow stumble over; a Fail state is no stumbling."""
    failure = forecast.failure
    if failure is None or not sent.is_output or failure.state in forecast.passed:
        return []
    return [why(failure)]


def _dies(sent: Sent) -> str:
    if sent.of_item:
        return _("This item's run then fails at once, and none of its safety nets catches that.")
    return _("The run then fails at once, and none of its own safety nets catches that.")


def _way(forecast: Forecast, sent: Sent) -> list[str]:
    said = _handed_on(forecast) if sent.is_output and forecast.outcome in _WENT_ON else []
    through = forecast.passed if forecast.arrives_at else forecast.passed[:-1]
    said.extend(_through(through))
    if forecast.comes_back:
        said.append(_("Then %(state)s asks once more.") % {"state": forecast.arrives_at})
    elif forecast.arrives_at and (through or said):
        if forecast.outcome != Outcome.CAUGHT or through:
            said.append(_("Then %(next)s runs.") % {"next": forecast.arrives_at})
    elif forecast.arrives_at and sent.is_output and forecast.outcome == Outcome.CONTINUES:
        said.append(_("Your answer becomes the input of %(next)s.") % {"next": forecast.arrives_at})
    elif forecast.outcome == Outcome.SUCCEEDS:
        said.append(_ends_well(forecast, sent))
    elif forecast.ends and forecast.outcome == Outcome.CONTINUES:
        said.append(
            _("This part of %(state)s is then done; the run waits for its other parts.")
            % {"state": forecast.ends}
        )
    return said


_WENT_ON = (Outcome.CONTINUES, Outcome.SUCCEEDS)


def _handed_on(forecast: Forecast) -> list[str]:
    """What goes on instead of the answer itself."""
    told = {
        HandedOn.INPUT: _("Your answer is not handed on: only what this step was given goes on."),
        HandedOn.NOTHING: _("Nothing of your answer is handed on: an empty object goes on."),
        HandedOn.PLACED: _("Your answer is put at %(place)s of what this step was given.")
        % {"place": forecast.placed_at},
        HandedOn.MADE: _("What the workflow takes out of your answer, or makes of it, goes on."),
    }.get(forecast.handed_on)
    return [told] if told else []


def _ends_well(forecast: Forecast, sent: Sent) -> str:
    is_last_word = forecast.handed_on == HandedOn.RESULT and not forecast.passed
    if sent.of_item:
        return _("This item of its Map ends well.")
    if is_last_word:
        return _("The run ends well, with your answer as its last word.")
    return _("The run ends well.")


def _through(states: Sequence[str]) -> list[str]:
    return [_("It goes through %(states)s.") % {"states": _listed(states)}] if states else []


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(names[:_NAMES_SHOWN])
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(n)d more", "%(names)s and %(n)d more", more) % {
        "names": shown,
        "n": more,
    }


def _fails(forecast: Forecast, sent: Sent) -> str:
    failure = forecast.failure
    if failure is not None and failure.state in forecast.passed:
        return _("The workflow itself ends there as failed (%(state)s: %(error)s).") % {
            "state": failure.state,
            "error": failure.error or _("no name"),
        }
    if sent.of_item:
        return _("No rule takes this error: the run of this item fails.")
    return _("No rule of the workflow takes this error: the whole run fails.")


def _retried(forecast: Forecast) -> str:
    retry = forecast.retry
    if retry is None:
        return ""
    return _(
        "Rule %(rule)s of %(state)s runs its work again %(when)s (repeat %(used)s of %(most)s), "
        "and you will be asked again."
    ) % {
        "rule": retry.rule + 1,
        "state": forecast.taken_by,
        "when": _when(forecast),
        "used": retry.used,
        "most": retry.most,
    }


def _when(forecast: Forecast) -> str:
    retry = forecast.retry
    if retry is None:
        return ""
    most = _span(retry.seconds_most)
    if retry.seconds_least == retry.seconds_most:
        return _("in %(span)s") % {"span": most}
    return _("within %(span)s") % {"span": most}


def _span(seconds: float) -> str:
    words = {86_400: _("%(n)s d"), 3_600: _("%(n)s h"), 60: _("%(n)s min")}
    for size, least in _UNITS:
        if seconds > size * least:
            return words[size] % {"n": _number(seconds / size)}
    return _("%(n)s s") % {"n": _number(seconds)}


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _unknown(forecast: Forecast) -> str:
    return _("Holdpoint cannot work this out: %(reason)s.") % {"reason": forecast.unknown}
