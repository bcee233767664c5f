"""A forecast in people's words; the same sentences on pages and in the API."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from callbacks.asl.forecast import Failure, Forecast, Outcome, Verdict
from callbacks.asl.language.paths import NAME, parse_path
from callbacks.asl.language.values import (
    DATA_LIMIT,
    INTRINSIC_FAILURE,
    NO_CHOICE,
    PATH_MISMATCH,
    QUERY_FAILURE,
    CannotPredict,
)
from callbacks.asl.payload import OUTPUT_LIMIT_BYTES
from callbacks.asl.sizes import LargePart

_LONGEST_CAUSE = 300
_LONGEST_PATH = 200


def title(forecast: Forecast, *, is_approval: bool) -> str:
    """What it comes to, in a few words."""
    if forecast.verdict == Verdict.UNKNOWN:
        return _("Cannot predict")
    if forecast.verdict == Verdict.FATAL:
        return _("This answer would end the whole run")
    if forecast.outcome == Outcome.RETRIED:
        return _("The work would run again")
    if forecast.outcome == Outcome.FAILS:
        return _("This ends the whole run")
    if forecast.outcome == Outcome.CAUGHT:
        return _("The run takes another way")
    if not is_approval:
        return _("The run goes on")
    if forecast.outcome == Outcome.SUCCEEDS:
        return _("This answer passes and ends the run")
    return _("This answer passes")


def sentences(forecast: Forecast, *, is_approval: bool) -> list[str]:
    """What would happen, one thing each."""
    if forecast.outcome == Outcome.UNKNOWN and not forecast.has_output:
        return [_unknown(forecast)]
    said = [why(forecast.failure)] if forecast.failure and is_approval else []
    if forecast.retry is not None:
        return [*said, _retried(forecast)]
    if forecast.outcome == Outcome.CAUGHT:
        said.append(
            _("The run goes to %(next)s, by the rule of %(state)s for this error.")
            % {"next": forecast.next, "state": forecast.taken_by}
        )
    said.extend(_way(forecast, is_approval=is_approval))
    if forecast.verdict == Verdict.FATAL:
        said.append(_("The run then fails at once, and none of its own safety nets catches that."))
    elif forecast.outcome == Outcome.FAILS:
        said.append(_fails(forecast))
    elif forecast.outcome == Outcome.UNKNOWN:
        said.append(_unknown(forecast))
    return said


def effect(forecast: Forecast, *, is_approval: bool) -> str:
    """The second line of a button: what pressing it leads to; "" where that is not known."""
    if forecast.retry is not None:
        return _("runs the work again %(when)s") % {"when": _when(forecast)}
    if forecast.verdict == Verdict.FATAL:
        return _("blocked: would end the run")
    if forecast.outcome == Outcome.CAUGHT:
        return _("and go to %(next)s") % {"next": forecast.next}
    if forecast.outcome == Outcome.FAILS:
        return _("ends the whole run")
    if forecast.outcome == Outcome.SUCCEEDS:
        return _("and end the run well")
    if forecast.arrives_at and is_approval:
        return _("and continue to %(next)s") % {"next": forecast.arrives_at}
    return ""


def why(failure: Failure) -> str:
    """What the workflow stumbles over."""
    told = _TOLD.get(failure.error or "")
    if told is not None:
        return told(failure)
    if failure.path:
        return _nothing_there(failure)
    return (failure.cause or failure.error or "")[:_LONGEST_CAUSE]


def technical(failure: Failure) -> str:
    """The same for whoever knows the service."""
    at = f"{failure.field} “{failure.path}”" if failure.path else failure.field
    return f"{failure.state}: {at} → {failure.error}" if at else f"{failure.state}: {failure.error}"


def _way(forecast: Forecast, *, is_approval: bool) -> list[str]:
    said = []
    through = forecast.passed if forecast.arrives_at else forecast.passed[:-1]
    if through and forecast.verdict != Verdict.FATAL:
        said.append(_("It goes through %(states)s.") % {"states": ", ".join(through)})
    if forecast.arrives_at and is_approval and forecast.outcome == Outcome.CONTINUES:
        said.append(
            _("Your answer becomes the input of %(next)s.") % {"next": forecast.arrives_at}
            if not through
            else _("Then %(next)s runs.") % {"next": forecast.arrives_at}
        )
    elif forecast.outcome == Outcome.SUCCEEDS:
        said.append(_("The run ends well, with your answer as its last word."))
    elif forecast.ends and forecast.outcome == Outcome.CONTINUES:
        said.append(
            _("This part of %(state)s is then done; the run waits for its other parts.")
            % {"state": forecast.ends}
        )
    return said


def _fails(forecast: Forecast) -> str:
    failure = forecast.failure
    if failure is not None and failure.state in forecast.passed:
        return _("The workflow itself ends there as failed (%(state)s: %(error)s).") % {
            "state": failure.state,
            "error": failure.error or _("no name"),
        }
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
    most = _seconds(retry.seconds_most)
    if retry.seconds_least == retry.seconds_most:
        return _("in %(seconds)s s") % {"seconds": most}
    return _("within %(seconds)s s") % {"seconds": most}


def _seconds(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _unknown(forecast: Forecast) -> str:
    return _("Holdpoint cannot work this out: %(reason)s.") % {"reason": forecast.unknown}


def _part(path: str) -> str:
    """The names of a plain path, as a person would write them."""
    try:
        steps = parse_path(path).steps
    except CannotPredict:
        return path
    names = [str(name) for kind, name in steps if kind == NAME]
    return ".".join(names) if names and len(names) == len(steps) else path


def _nothing_there(failure: Failure) -> str:
    values = {"part": _part(failure.path), "state": failure.state}
    if failure.field in ("OutputPath", "ResultSelector", "Assign"):
        return (
            _("The workflow takes the part called “%(part)s” out of the answer, and there is none.")
            % values
        )
    return _("The step %(state)s looks for “%(part)s”, and there is none.") % values


def _too_large(failure: Failure) -> str:
    said = _("What %(state)s hands on would have %(size)s bytes; AWS takes at most %(limit)s.") % {
        "state": failure.state,
        "size": f"{int(failure.path):,}",
        "limit": f"{OUTPUT_LIMIT_BYTES:,}",
    }
    return " ".join(filter(None, [said, largest(failure.parts)]))


def largest(parts: Sequence[LargePart]) -> str:
    """What makes a payload large, and the way out; "" where nothing stands out."""
    if not parts:
        return ""
    named = ", ".join(
        _("%(path)s with %(size)s bytes")
        % {"path": part.path[:_LONGEST_PATH], "size": f"{part.size:,}"}
        for part in parts
    )
    return _("Largest parts: %(parts)s. Put large data into S3 and send its address.") % {
        "parts": named
    }


def _no_way_on(failure: Failure) -> str:
    return _("The step %(state)s has no way on for this answer.") % {"state": failure.state}


def _formula(failure: Failure) -> str:
    return _("A formula of %(state)s cannot work with this answer: %(cause)s") % {
        "state": failure.state,
        "cause": (failure.cause or "")[:_LONGEST_CAUSE],
    }


def _no_place(failure: Failure) -> str:
    return _("%(state)s cannot put the answer at %(path)s of what it was given.") % {
        "state": failure.state,
        "path": failure.path,
    }


_TOLD = {
    DATA_LIMIT: _too_large,
    NO_CHOICE: _no_way_on,
    QUERY_FAILURE: _formula,
    INTRINSIC_FAILURE: _formula,
    PATH_MISMATCH: _no_place,
}
