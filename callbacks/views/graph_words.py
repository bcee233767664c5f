"""The words of a state graph: kinds, marks, ways, and how wide they are when drawn."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.definition import State
from callbacks.asl.drawing import Edge, Graph, Way
from callbacks.asl.forecast import Forecast, Outcome
from callbacks.asl.progress import Behind, Mark
from callbacks.templatetags.words import say, shown_plain

LONGEST_NAME, LONGEST_LABEL = 30, 24
# In the list and in sentences; all of it stands in the definition.
LONGEST_CONDITION, MOST_CONDITIONS = 120, 8
_ICONS = {
    "Task": "bolt",
    "Choice": "arrows-split-2",
    "Wait": "hourglass",
    "Pass": "arrow-right",
    "Succeed": "circle-check",
    "Fail": "circle-x",
    "Map": "stack-2",
    "Parallel": "columns",
}
_NARROW, _BROAD = frozenset("iljtfrI.,:;'|!()[] "), frozenset("mwMW@%—")


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown; `note` stands in place of its kind: "waiting 26 h", "38 waiting"."""

    mark: Mark = Mark.UNKNOWN
    note: str = ""


def name_words(name: str) -> str:
    """As it is drawn: short, and without letters that cannot be seen."""
    return _cut(shown_plain(name), LONGEST_NAME)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def text_width(text: str, size: int) -> float:
    """About how wide it is in Inter; a little too wide is better than too narrow."""
    return sum(_letter_width(letter) for letter in text) * size


def _letter_width(letter: str) -> float:
    if letter in _NARROW:
        return 0.36
    if letter in _BROAD or unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if unicodedata.combining(letter):
        return 0.0
    return 0.7 if letter.isupper() else 0.6


def kind_words(state: State) -> str:
    """What kind of state it is: AWS's word, in small letters."""
    if state.waits_for_token:
        return say("asks and waits")
    if state.is_activity:
        return say("activity")
    # Unknown kinds are shown by the name that they have.
    return _cut(shown_plain(state.type.lower()), 20)


def icon_of(state: State, mark: Mark) -> str:
    if mark is Mark.WAITING or state.waits_for_token:
        return "hand-stop"
    if mark is Mark.FAILED:
        return "circle-x"
    return "robot" if state.is_activity else _ICONS.get(state.type, "help-circle")


def mark_words(mark: Mark, *, is_run: bool) -> str:
    """Where a run stands with a state; nothing where no run is shown."""
    if not is_run:
        return ""
    words = {
        Mark.RAN: say("ran"),
        Mark.WAITING: say("waiting here"),
        Mark.FAILED: say("failed"),
        Mark.INSIDE: say("a step inside is waiting"),
        Mark.AHEAD: say("not reached"),
        Mark.UNKNOWN: say("not known whether it ran"),
    }
    return words[mark]


def behind_words(name: str, behind: Behind | None, *, is_short: bool = False) -> str:
    """Behind which answer a state lies."""
    if behind is None:
        return ""
    yes, no = name in behind.yes, name in behind.no
    if yes and no:
        return say("either way") if is_short else say("after a yes and after a no")
    return say("after a yes") if yes else say("after a no") if no else ""


def look_words(
    state: State, look: Look, behind: Behind | None, *, is_run: bool, is_short: bool = False
) -> str:
    """The second line of a node; in full for who cannot see borders and colours."""
    kind, where = kind_words(state), look.note or mark_words(look.mark, is_run=is_run)
    is_plain = look.mark in (Mark.AHEAD, Mark.UNKNOWN)
    if is_short:
        # The border says what a node ahead is, and a note the rest.
        parts = [look.note] if look.note else [kind, "" if is_plain else where]
    else:
        parts = [kind, where]
    if is_plain:
        parts.append(behind_words(state.name, behind, is_short=is_short))
    return " · ".join(part for part in parts if part)


def edge_words(edge: Edge) -> str:
    """What stands on a line: nothing on the usual way on."""
    if edge.way is Way.NEXT:
        return ""
    return _cut(shown_plain(condition_words(edge, short=True)), LONGEST_LABEL)


def condition_words(edge: Edge, *, short: bool = False) -> str:
    """When a way is gone; with `short`, by the first of several conditions."""
    if edge.way is Way.DEFAULT:
        return say("otherwise")
    labels = [_error(label) for label in edge.labels] if edge.way is Way.CATCH else edge.labels
    if short and len(labels) > 1:
        return f"{_cut(labels[0], LONGEST_LABEL - 3)} +{len(labels) - 1}"
    joint = ", " if edge.way is Way.CATCH else f" {say('or')} "
    return _cut(joint.join(labels[:MOST_CONDITIONS]), LONGEST_CONDITION)


def _error(name: str) -> str:
    return say("any error") if name in ("States.ALL", "") else name


def title_words(count: int) -> str:
    return ngettext("Graph of %(n)d state", "Graph of %(n)d states", count) % {"n": count}


def legend_of(
    marks: Collection[Mark], graph: Graph, behind: Behind | None
) -> Sequence[tuple[str, str]]:
    """Tone and word of what the picture shows, in its usual order."""
    words = (
        (Mark.RAN, _("ran")),
        (Mark.WAITING, _("waiting here")),
        (Mark.FAILED, _("failed")),
        (Mark.AHEAD, _("not reached")),
        (Mark.UNKNOWN, _("not known whether it ran")),
    )
    found: list[tuple[str, str]] = [(str(mark), word) for mark, word in words if mark in marks]
    if behind is not None:
        found += [("yes", _("after a yes"))] if behind.yes - behind.no else []
        found += [("no", _("after a no"))] if behind.no - behind.yes else []
    if any(edge.way is Way.CATCH for level in graph.levels for edge in level.edges):
        found.append(("catch", _("on error")))
    return found


def behind_sentences(behind: Behind) -> Sequence[str]:
    """What an answer leads to at once; what becomes of the data, the forecast says."""
    after = " / ".join(_("the end") if name is None else name_words(name) for name in behind.next)
    sentences = [_("After a yes: %(states)s.") % {"states": after}]
    no = _caught_words(behind) if behind.sent_no is None else _sent_words(behind.sent_no)
    sentences.append(no)
    if behind.is_retried:
        sentences.append(_("A Retry rule may ask again first."))
    return sentences


def _caught_words(behind: Behind) -> str:
    ways = [
        _("%(state)s on %(errors)s")
        % {"state": name_words(edge.target or ""), "errors": condition_words(edge)}
        for edge in behind.caught
    ]
    if behind.can_fail:
        ways.append(_("otherwise the run fails") if ways else _("the run fails"))
    return _("After a no: %(ways)s.") % {"ways": ", ".join(ways)}


def _sent_words(no: Forecast) -> str:
    """Of a no that the policy sends as an answer."""
    if no.outcome is Outcome.UNKNOWN:
        return _("A no is sent as an answer, and goes the way of one.")
    if no.outcome is Outcome.RETRIED:
        return _("A no is sent as an answer that this step stumbles over; it then asks again.")
    ways = [name_words(name) for name in (*no.passed, no.arrives_at or "") if name]
    if no.outcome is Outcome.FAILS:
        ways.append(_("the run fails"))
    elif no.is_caught_around or (no.outcome is Outcome.CAUGHT and not ways):
        ways.append(name_words(no.caught_to or ""))
    elif no.arrives_at is None:
        ways.append(_("the end"))
    return _("After a no, which is sent as an answer: %(ways)s.") % {"ways": ", ".join(ways)}
