"""What a draft of a policy would have refused, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.policies.lookback import Lookback, Objection
from callbacks.templatetags.words import whole
from callbacks.views.places import decision_page


@dataclass(frozen=True, slots=True)
class Why:
    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class RefusedWords:
    url: str
    headline: str
    why: str


@dataclass(frozen=True, slots=True)
class PastWords:
    covered: int
    refused: int
    is_all: bool
    looked_at: int
    reasons: Sequence[Why]
    examples: Sequence[RefusedWords]


def past_words(found: Lookback) -> PastWords:
    return PastWords(
        covered=found.covered,
        refused=found.refused,
        is_all=found.is_all,
        looked_at=found.looked_at,
        reasons=[Why(_ICONS[one], _COUNTED[one](count)) for one, count in found.objections],
        examples=[
            RefusedWords(decision_page(one.decision_id), one.headline, _WHY[one.objection]())
            for one in found.examples
        ],
    )


_ICONS: Mapping[Objection, str] = {
    Objection.OWN_REQUEST: "user-x",
    Objection.NOT_NAMED: "lock",
    Objection.SIGNATURES: "users",
    Objection.REASON: "note",
    Objection.FORM: "braces",
}
_COUNTED: Mapping[Objection, Callable[[int], str]] = {
    Objection.OWN_REQUEST: lambda n: (
        ngettext(
            "%(n)s answered by the person who asked", "%(n)s answered by the person who asked", n
        )
        % {"n": whole(n)}
    ),
    Objection.NOT_NAMED: lambda n: (
        ngettext(
            "%(n)s answered by somebody it does not name",
            "%(n)s answered by somebody it does not name",
            n,
        )
        % {"n": whole(n)}
    ),
    Objection.SIGNATURES: lambda n: (
        ngettext("%(n)s with too few signatures", "%(n)s with too few signatures", n)
        % {"n": whole(n)}
    ),
    Objection.REASON: lambda n: (
        ngettext("%(n)s without a reason", "%(n)s without a reason", n) % {"n": whole(n)}
    ),
    Objection.FORM: lambda n: (
        ngettext(
            "%(n)s that does not have the form it asks for",
            "%(n)s that do not have the form it asks for",
            n,
        )
        % {"n": whole(n)}
    ),
}
_WHY: Mapping[Objection, Callable[[], str]] = {
    Objection.OWN_REQUEST: lambda: _("answered by the person who asked"),
    Objection.NOT_NAMED: lambda: _("answered by somebody it does not name"),
    Objection.SIGNATURES: lambda: _("too few signatures"),
    Objection.REASON: lambda: _("no reason"),
    Objection.FORM: lambda: _("another form"),
}
