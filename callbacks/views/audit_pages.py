"""The audit record for auditors and administrators: every entry of the chain, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from callbacks.models import Role
from callbacks.queries.audit import AuditFilter, AuditLine, chain_end, list_audit
from callbacks.views.addresses import Address, BadAddress, Chip, read_address, read_uuid
from callbacks.views.audit_outside import outside_context
from callbacks.views.fragments import respond
from callbacks.views.frame import frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.history import CHANNELS
from callbacks.views.kinds import KINDS, kind_words
from callbacks.views.periods import NAMED_WORDS, Period, read_period
from callbacks.views.periods import NAMES as PERIOD_NAMES
from callbacks.views.places import decision_page, task_page

TEMPLATE = "callbacks/audit.html"
FILTERS = (*PERIOD_NAMES, "kind", "person", "about")
# Facts that other columns show already, or that only a verifier compares.
QUIET_FACTS = frozenset({
    "payload_sha256", "shown_sha256", "execution_arn", "payload_bytes", "connection_name", "region",
    "state_machine_name", "iteration",
})  # fmt: skip
# What a person typed, and the role session that names them to AWS.
PERSONAL_FACTS = ("username", "reason", "session")
# A chain of this length would take centuries.
LONGEST_NUMBER = 15


@page(roles={Role.AUDITOR, Role.ADMIN})
def audit(request: PersonRequest) -> HttpResponse:
    """The entries, and how far the chain reaches; times in UTC, as exports show them."""
    frame = frame_of(request)
    address = read_address(path=request.path, query=request.GET.dict(), names=(*FILTERS, "before"))
    period = read_period(address=address, now=frame.now, zone=UTC)
    before = _number(address.get("before"))
    found = list_audit(filters=_filters(address, period), before=before)
    context = {
        "rows": [_row(line) for line in found.lines],
        "end": chain_end(),
        **outside_context(user=request.user, now=frame.now),
        "is_continued": before is not None,
        "next_url": address.with_(before=str(found.next)) if found.next else "",
        "next_size": 50,
        "first_url": address.with_(before=""),
        **_filter_context(address, period),
    }
    return respond(request, TEMPLATE, context, fragment="list")


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise BadAddress("The place in the list cannot be read.")
    return int(text)


def _filters(address: Address, period: Period) -> AuditFilter:
    return AuditFilter(
        kind=address.get("kind"),
        person=address.get("person"),
        about=read_uuid(address.get("about")),
        since=period.since,
        until=period.until,
    )


def _filter_context(address: Address, period: Period) -> dict[str, Any]:
    said = [
        (PERIOD_NAMES, _("Period"), period.words),
        (("kind",), _("Kind"), kind_words(address.get("kind"))),
        (("person",), _("Person"), address.get("person")),
        (("about",), _("About"), address.get("about")),
    ]
    return {
        "address": address,
        "chips": [
            Chip(label=label, value=value, url=address.without([*which, "before"]))
            for which, label, value in said
            if value
        ],
        "clear_url": address.without([*FILTERS, "before"]),
        "kinds": [(code, word()) for code, word in KINDS.items()],
        "periods": [(code, label()) for code, label in NAMED_WORDS.items()],
        "from_day": address.get("from"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    seq: int
    at: datetime
    kind: str
    url: str
    headline: str
    by: str
    how: str
    facts: tuple[tuple[str, str], ...]
    is_ours: bool
    hash: str


def _row(line: AuditLine) -> AuditRow:
    return AuditRow(
        seq=line.seq,
        at=line.at,
        kind=kind_words(line.kind),
        url=_url(line),
        headline=line.headline,
        by=_by(line),
        how=" · ".join(part for part in (_how(line), line.personal.get("actor_address")) if part),
        facts=_facts(line),
        is_ours=line.facts is not None,
        hash=line.entry_hash,
    )


def _url(line: AuditLine) -> str:
    if line.decision_id:
        return decision_page(line.decision_id)
    return task_page(line.task_id) if line.task_id else ""


def _by(line: AuditLine) -> str:
    name = line.personal.get("actor_name") or line.personal.get("system_user")
    if name:
        return name
    if line.actor_id is not None:
        return _("person %(number)d (name erased)") % {"number": line.actor_id}
    return _("Holdpoint") if line.channel == "system" else _("nobody signed in")


def _how(line: AuditLine) -> str:
    return CHANNELS.get(line.channel, lambda: line.channel)() if line.channel else ""


def _facts(line: AuditLine) -> tuple[tuple[str, str], ...]:
    shown: Mapping[str, Any] = {
        **{name: value for name, value in (line.facts or {}).items() if name not in QUIET_FACTS},
        **{name: line.personal[name] for name in PERSONAL_FACTS if name in line.personal},
    }
    return tuple((name.replace("_", " "), str(value)) for name, value in shown.items())
