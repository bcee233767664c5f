"""The Map Runs of a run in words: of which Map, how they stand, and what waits in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.definition import Definition, known_definition, map_labelled
from callbacks.models import Execution
from callbacks.queries.map_runs import RUNS_SHOWN, MapRunLine
from callbacks.templatetags.words import many, moment
from callbacks.views.places import waiting_in


@dataclass(frozen=True, slots=True)
class MapRunWords:
    """`url` leads to what waits in it, where something does."""

    name: str
    arn: str
    status: str
    waiting: str
    url: str


def map_runs_context(
    *, execution: Execution, lines: Sequence[MapRunLine], sees_all: bool, now: datetime
) -> dict[str, Any]:
    """What the page of a run takes to list them; `sees_all`: the reader sees every request."""
    row = execution.definition
    definition = known_definition(row.text) if row else None
    return {
        "map_runs": [_words(line, definition, sees_all, now) for line in lines[:RUNS_SHOWN]],
        "more_map_runs": len(lines) > RUNS_SHOWN,
    }


def map_label(arn: str) -> str:
    """ "each" of "…:mapRun:orders/each:0a1b"."""
    return arn.rpartition("/")[2].partition(":")[0]


def _words(
    line: MapRunLine, definition: Definition | None, sees_all: bool, now: datetime
) -> MapRunWords:
    label = map_label(line.arn)
    name = map_labelled(definition, label) if definition else ""
    return MapRunWords(
        name=name or label,
        arn=line.arn,
        status=_status(line, now),
        waiting=waiting_words(line.waiting) if line.waiting else _none_words(line, sees_all),
        url=waiting_in(line.id) if line.waiting else "",
    )


def _status(line: MapRunLine, now: datetime) -> str:
    if line.over_at is None:
        return _("at work")
    return _("over since %(moment)s") % {"moment": moment(at=line.over_at, now=now)}


def _none_words(line: MapRunLine, sees_all: bool) -> str:
    if line.over_at is not None:
        # Nothing can wait in it, whoever asks.
        return ""
    return _("nothing waits in it") if sees_all else _("nothing that you may see waits in it")


def waiting_words(count: int) -> str:
    words = ngettext("%(n)s request waits in it", "%(n)s requests wait in it", count)
    return words % {"n": many(count)}
