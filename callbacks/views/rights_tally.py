"""How many of a connection's rights stand how, in a title and in a badge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.queries.rights import RightsSeen, Verdict


@dataclass(frozen=True, slots=True)
class Tally:
    """The key counts where it is denied: most accounts need none."""

    missing: int
    partly: int
    known: int
    all: int

    @classmethod
    def of(cls, verdicts: Iterable[Verdict], *, key_denied: bool) -> Tally:
        counts = Counter(verdicts)
        return cls(
            missing=counts[Verdict.DENIED] + key_denied,
            partly=counts[Verdict.PARTLY],
            known=counts[Verdict.ALLOWED],
            all=counts.total(),
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """A badge; without a tone it is plain text, for only what needs a person is coloured."""

    tone: str
    icon: str
    word: str


def head_of(tally: Tally, *, is_role_denied: bool) -> tuple[str, str, str]:
    """Tone, icon and title of the panel."""
    if is_role_denied:
        return "fatal", "shield-x", _("None can be used now: the role cannot be assumed")
    if tally.missing:
        title = ngettext("One right is missing", "%(n)d rights are missing", tally.missing)
        return "fatal", "shield-x", title % {"n": tally.missing}
    if tally.partly:
        title = ngettext(
            "One right is partly denied", "%(n)d rights are partly denied", tally.partly
        )
        return "warn", "alert-triangle", title % {"n": tally.partly}
    if tally.known == tally.all:
        return "pass", "shield-check", _("Every right was seen at work")
    numbers = {"known": tally.known, "all": tally.all}
    return "", "shield-check", _("%(known)d of %(all)d rights seen at work") % numbers


def mark_of(seen: RightsSeen) -> Mark:
    """The same for a line of the list."""
    if seen.is_role_denied:
        return Mark("dying", "alert-circle", _("not now: the role cannot be assumed"))
    verdicts = [one.verdict for one in (*seen.reading, *seen.answering)]
    tally = Tally.of(verdicts, key_denied=bool(seen.keys_denied))
    if tally.missing:
        return Mark("dying", "alert-circle", _("%(n)d missing") % {"n": tally.missing})
    if tally.partly:
        return Mark("due", "alert-triangle", _("%(n)d partly denied") % {"n": tally.partly})
    words = _("%(known)d of %(all)d seen") % {"known": tally.known, "all": tally.all}
    if tally.known == tally.all:
        return Mark("ok", "circle-check", words)
    return Mark("", "help-circle", words)
