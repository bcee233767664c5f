"""The rights of a connection in words: what was seen, and what was just tried."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.models import Connection
from callbacks.queries.rights import RightsSeen, Seen, Verdict
from callbacks.rights import Hindrance, Trial, Tried
from callbacks.stepfunctions.rights import DECRYPT, Scope, scope_of
from callbacks.templatetags.words import exact_time, moment, shown_plain, whole
from callbacks.views.rights_tally import Tally, head_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RightRow:
    """One action. `missing` names the action and what it is needed on; `sentence` is AWS's."""

    action: str
    verdict: Verdict
    detail: str = ""
    missing: str = ""
    sentence: str = ""
    # Nothing can be called now, whatever was seen before.
    is_off: bool = False

    @property
    def service(self) -> str:
        """The part before the name, after which a narrow line breaks."""
        return f"{self.action.partition(':')[0]}:"

    @property
    def name(self) -> str:
        return self.action.partition(":")[2]

    @property
    def icon(self) -> str:
        return _LOOKS[self.verdict][0]

    @property
    def word(self) -> str:
        if self.is_off and self.verdict is Verdict.UNKNOWN:
            return _("Not now")
        return _LOOKS[self.verdict][1]()

    @property
    def tone(self) -> str:
        """Of the badge; "" is plain text, for only what needs a person is coloured."""
        return _LOOKS[self.verdict][2]


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsPanel:
    """What connection_rights.html takes. `tried` and `trouble` are empty where nobody tried."""

    tone: str
    icon: str
    title: str
    reading: tuple[RightRow, ...]
    answering: tuple[RightRow, ...]
    tried: str = ""
    trouble: str = ""


_LOOKS: Mapping[Verdict, tuple[str, Callable[[], str], str]] = {
    Verdict.ALLOWED: ("check", lambda: _("Allowed"), ""),
    Verdict.PARTLY: ("alert-triangle", lambda: _("Partly denied"), "due"),
    Verdict.DENIED: ("x", lambda: _("Denied"), "dying"),
    Verdict.UNKNOWN: ("help-circle", lambda: _("Not tried yet"), ""),
}
# When the ones are called that a quiet account may never need.
_WHEN: Mapping[str, Callable[[], str]] = {
    "DescribeExecution": lambda: _("called when a run has ended"),
    "DescribeStateMachineForExecution": lambda: _("called where a workflow changed under its runs"),
    "ListTagsForResource": lambda: _("called only while a policy goes by tags"),
}
_HINDRANCES: Mapping[Hindrance, Callable[[], str]] = {
    Hindrance.OWN_SHARE: lambda: _("not tried: our share of AWS's limit is used up"),
    Hindrance.THROTTLED: lambda: _("tried: AWS slowed it down, which tells nothing"),
    Hindrance.NOTHING_THERE: lambda: _("not tried: there is nothing yet to try it on"),
    Hindrance.GONE: lambda: _("tried: AWS no longer knows what it was tried on"),
    Hindrance.KEY: lambda: _("tried: AWS denied the key, see kms:Decrypt"),
    Hindrance.NOT_ASKED: lambda: _("not tried: the trial ended before it"),
    Hindrance.OTHER: lambda: _("tried without a usable answer"),
}


# Of keys; each state machine says its own beside it.
MOST_SENTENCES = 3


# --- what is known -------------------------------------------------------------------------------
def rights_panel(
    *, connection: Connection, seen: RightsSeen, now: datetime, trial: Trial | None = None
) -> RightsPanel:
    scope = scope_of(region=connection.region, account=connection.account)
    is_off = seen.is_role_denied and (trial is None or bool(trial.trouble))
    rows = tuple(replace(_read_row(one, scope, now), is_off=is_off) for one in seen.reading)
    reading = tuple(_with_trial(row, trial) for row in rows) if trial else rows
    # The trial may have been on another workflow than the one whose key was denied.
    of_trial = (trial.key_denied,) if trial is not None and trial.key_denied else ()
    keys = tuple(dict.fromkeys((*seen.keys_denied, *of_trial)))
    answering = tuple(_answer_row(one, scope, now) for one in seen.answering)
    verdicts = [row.verdict for row in (*reading, *answering)]
    tone, icon, title = head_of(Tally.of(verdicts, key_denied=bool(keys)), is_role_denied=is_off)
    return RightsPanel(
        tone=tone,
        icon=icon,
        title=title,
        reading=(*reading, _key_row(keys)),
        answering=answering,
        tried=_tried_words(trial) if trial else "",
        trouble=trial.trouble if trial else "",
    )


def _read_row(seen: Seen, scope: Scope, now: datetime) -> RightRow:
    is_short = seen.verdict in (Verdict.DENIED, Verdict.PARTLY)
    return RightRow(
        action=seen.right.action,
        verdict=seen.verdict,
        detail=_counted(seen, now),
        missing=_needed(seen, scope) if is_short else "",
        sentence=seen.sentence,
    )


def _counted(seen: Seen, now: datetime) -> str:
    if seen.at is None:
        when = _WHEN.get(seen.right.operation)
        return when() if when else ""
    values = {
        "n": whole(seen.calls),
        "denied": whole(seen.denials),
        "moment": moment(at=seen.at, now=now),
    }
    if seen.denials:
        detail = _("%(denied)s of %(n)s calls since %(moment)s denied") % values
        return detail if seen.verdict is Verdict.DENIED else f"{detail}: {_why(seen)}"
    return (
        ngettext("%(n)s call since %(moment)s", "%(n)s calls since %(moment)s", seen.calls) % values
    )


def _why(seen: Seen) -> str:
    if seen.is_key:
        return _("for a key, see kms:Decrypt")
    return _("some resources only, or before the right was given")


def _needed(seen: Seen, scope: Scope) -> str:
    on = ", ".join(scope.resources(seen.right.against))
    return _("needs %(action)s on %(resources)s") % {"action": seen.right.action, "resources": on}


def _answer_row(seen: Seen, scope: Scope, now: datetime) -> RightRow:
    if seen.at is None:
        detail = _("known once it is used")
    elif seen.verdict is Verdict.DENIED:
        detail = _("AWS denied it %(moment)s") % {"moment": moment(at=seen.at, now=now)}
    else:
        detail = _("last used %(moment)s") % {"moment": moment(at=seen.at, now=now)}
    return RightRow(
        action=seen.right.action,
        verdict=seen.verdict,
        detail=detail,
        missing=_needed(seen, scope) if seen.verdict is Verdict.DENIED else "",
        sentence=seen.sentence,
    )


def _key_row(sentences: Sequence[str]) -> RightRow:
    """Each sentence names a key, where it is known which."""
    if not sentences:
        return RightRow(
            action=DECRYPT,
            verdict=Verdict.UNKNOWN,
            detail=_("needed only where a key of your own encrypts a workflow"),
        )
    return RightRow(
        action=DECRYPT,
        verdict=Verdict.DENIED,
        detail=" ".join(sentences[:MOST_SENTENCES]),
        missing=_("needs kms:Decrypt on that key, in the role's policy and in the key's"),
    )


# --- what was tried ------------------------------------------------------------------------------
def _with_trial(row: RightRow, trial: Trial) -> RightRow:
    """What AWS says now replaces what is on record; what told nothing is added to it."""
    tried = trial.tried.get(row.action.removeprefix("states:"))
    if tried is None:
        return row
    if tried.hindrance is not None:
        told = _HINDRANCES[tried.hindrance]()
        return replace(row, detail="; ".join(part for part in (row.detail, told) if part))
    if tried.verdict is Verdict.ALLOWED:
        return _allowed_now(row, trial.state_machine)
    return RightRow(
        action=row.action,
        verdict=Verdict.DENIED,
        detail=_("AWS denied it now"),
        missing=_missing(tried, row.action),
        sentence=tried.sentence,
    )


def _allowed_now(row: RightRow, state_machine: str) -> RightRow:
    """A denial on record stands where it is about another workflow than the one just tried."""
    names_it = re.search(rf":{re.escape(state_machine)}(?![\w-])", row.sentence)
    if "arn:" in row.sentence and not names_it:
        return replace(row, verdict=Verdict.PARTLY, detail=_("AWS allowed it now, elsewhere"))
    return RightRow(action=row.action, verdict=Verdict.ALLOWED, detail=_("AWS allowed it now"))


def _missing(tried: Tried, action: str) -> str:
    named = {"action": tried.action or action, "resource": tried.resource}
    if tried.resource:
        return _("missing: %(action)s on %(resource)s") % named
    return _("missing: %(action)s; AWS does not say on what") % named


def _tried_words(trial: Trial) -> str:
    counts = Counter(one.verdict for one in trial.tried.values())
    came = [
        _("%(n)d allowed") % {"n": counts[Verdict.ALLOWED]},
        _("%(n)d denied") % {"n": counts[Verdict.DENIED]},
    ]
    if counts[Verdict.UNKNOWN]:
        came.append(_("%(n)d told nothing") % {"n": counts[Verdict.UNKNOWN]})
    tried = _("Tried %(moment)s: %(came)s.")
    parts = [tried % {"moment": exact_time(trial.at), "came": ", ".join(came)}]
    if trial.state_machine:
        on = {"workflow": shown_plain(trial.state_machine), "run": shown_plain(trial.execution)}
        parts.append(
            _("On workflow %(workflow)s and run %(run)s.") % on
            if trial.execution
            else _("On workflow %(workflow)s.") % on
        )
    return " ".join(parts)
