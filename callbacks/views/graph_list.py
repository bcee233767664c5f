"""A state graph as an ordered list: the same for those who cannot see it, and where it is huge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from callbacks.asl.definition import Definition
from callbacks.asl.drawing import Edge, Graph, Level, Way
from callbacks.asl.progress import Behind
from callbacks.views.graph_words import Look, condition_words, icon_of, look_words

MOST_ENTRIES = 500
MOST_WAYS = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One state. `says`: kind and where the run stands with it; `ways`: what can come next."""

    number: int
    name: str
    icon: str
    tone: str
    says: str
    inside: str
    ways: Sequence[str]


def entries_of(
    *,
    definition: Definition,
    graph: Graph,
    looks: Mapping[str, Look],
    behind: Behind | None,
    is_run: bool,
) -> tuple[Sequence[Entry], int]:
    """The states in the order of the picture, and how many more there are."""
    entries: list[Entry] = []
    for level in graph.levels:
        ways = _ways(level)
        for name in level.states[: max(0, MOST_ENTRIES - len(entries))]:
            state, look = definition.states[name], looks.get(name, Look())
            entries.append(
                Entry(
                    number=len(entries),
                    name=name,
                    icon=icon_of(state, look.mark),
                    tone=str(look.mark),
                    says=look_words(state, look, behind, is_run=is_run),
                    inside=_inside(level),
                    ways=list(_said(ways.get(name, ()))),
                )
            )
    return entries, len(definition.states) - len(entries)


def _ways(level: Level) -> Mapping[str, Sequence[Edge]]:
    ways: dict[str, list[Edge]] = {}
    for edge in level.edges:
        ways.setdefault(edge.source, []).append(edge)
    return ways


def _inside(level: Level) -> str:
    if level.container is None:
        return ""
    if level.branch is None:
        return _("inside %(state)s") % {"state": level.container}
    return _("inside %(state)s, branch %(n)d") % {"state": level.container, "n": level.branch + 1}


def _said(edges: Sequence[Edge]) -> Iterator[str]:
    for edge in edges[:MOST_WAYS]:
        if edge.target is None:
            yield _("then the end")
        elif edge.way is Way.NEXT:
            yield _("then %(state)s") % {"state": edge.target}
        elif edge.way is Way.CATCH:
            said = {"errors": condition_words(edge), "state": edge.target}
            yield _("on %(errors)s: %(state)s") % said
        elif edge.way is Way.DEFAULT:
            yield _("otherwise: %(state)s") % {"state": edge.target}
        else:
            yield _("if %(rule)s: %(state)s") % {
                "rule": condition_words(edge),
                "state": edge.target,
            }
    if len(edges) > MOST_WAYS:
        yield _("and %(n)d more ways") % {"n": len(edges) - MOST_WAYS}
