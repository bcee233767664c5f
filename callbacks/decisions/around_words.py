"""What a failed item brings about around it, in people's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.forecast import Outcome
from callbacks.asl.tolerance import Tolerance
from callbacks.decisions.around import Fate
from callbacks.templatetags.words import many, whole


def lines_around(fates: Sequence[Fate]) -> list[str]:
    """One thing each, from the Map outwards."""
    if not fates:
        return [_("How many failed items its Map puts up with is in the workflow around it.")]
    return [line for fate in fates for line in _lines(fate)]


def _lines(fate: Fate) -> Iterator[str]:
    if fate.tolerance is not None and fate.tolerance.is_endless:
        yield _("Its Map %(map)s puts up with any number of failed items: the others go on.") % {
            "map": fate.map
        }
        return
    yield _tolerates(fate)
    if fate.is_batched:
        yield _("Several items are in one run there, and fail together.")
    yield _then(fate)


def _tolerates(fate: Fate) -> str:
    allowed, said = fate.tolerance, {"map": fate.map}
    if allowed is None:
        return (
            _(
                "How many failed items its Map %(map)s puts up with comes from the input of the "
                "run around it, and is not known here."
            )
            % said
        )
    if allowed.is_none:
        return _("Its Map %(map)s puts up with no failed item.") % said
    said["most"] = _most(allowed)
    if not fate.failed:
        return _("Its Map %(map)s puts up with %(most)s.") % said
    said["failed"] = ngettext(
        "%(n)s run of an item has failed already",
        "%(n)s runs of items have failed already",
        fate.failed,
    ) % {"n": many(fate.failed)}
    return _("Its Map %(map)s puts up with %(most)s, and %(failed)s.") % said


def _most(allowed: Tolerance) -> str:
    if allowed.percentage is None:
        count = int(allowed.count or 0)
        words = ngettext("%(n)s failed item", "%(n)s failed items", count)
        return words % {"n": whole(count)}
    said = {"share": f"{allowed.percentage.normalize():f}"}
    if allowed.count is None:
        return _("%(share)s %% of its items failing") % said
    said["n"] = whole(int(allowed.count))
    return _("%(n)s failed items, as long as these are no more than %(share)s %% of all") % said


def _then(fate: Fate) -> str:
    """Where the run around goes, and what ends with the Map."""
    what, ended = _what_then(fate), _ended_too(fate)
    what = f"{what}; {ended}" if ended else what
    if fate.is_sealed:
        return _("So %(what)s.") % {"what": what}
    return _("Once too many have failed, %(what)s.") % {"what": what}


def _what_then(fate: Fate) -> str:
    then = fate.then
    if then.outcome == Outcome.FAILS:
        if fate.is_outermost:
            return _("the whole run around it fails")
        return _("the run of the item around it fails")
    if then.outcome == Outcome.CAUGHT:
        return _(
            "all of it ends, and the run around it goes on at %(next)s (a rule of %(rule)s)"
        ) % {
            "next": then.caught_to,
            "rule": then.taken_by,
        }
    return _("all of it ends, and what the run around it does cannot be told: %(reason)s") % {
        "reason": then.unknown
    }


def _ended_too(fate: Fate) -> str:
    if fate.others is None:
        return _("the other requests that wait in the Map end with it")
    if not fate.others:
        return ""
    words = ngettext(
        "%(n)s other request that waits in the Map ends with it",
        "%(n)s other requests that wait in the Map end with it",
        fate.others,
    )
    return words % {"n": many(fate.others)}


# --- titles and buttons -------------------------------------------------------------------------
def ends_around(fates: Sequence[Fate]) -> str:
    """What ends for certain beside the item's own run, for titles and buttons; or ""."""
    sealed = [fate for fate in fates if fate.is_sealed]
    if not sealed:
        return ""
    last = sealed[-1]
    if last.then.outcome == Outcome.FAILS and last.is_outermost:
        return _("the whole run around it")
    return _("all of %(map)s") % {"map": last.map}
