"""What a workflow stumbles over, in people's words."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from callbacks.asl.forecast import Failure
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
