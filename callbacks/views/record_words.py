"""The record of one answer: who, when, why, exactly what, under which rule, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from callbacks.asl.forecast import Verdict
from callbacks.models import AuditEntry, Decision, DecisionStatus, Direction
from callbacks.queries.decisions import DecisionFacts
from callbacks.queries.lines import session_of
from callbacks.templatetags.words import span, utc_time, whole
from callbacks.views.closings import answer_badge
from callbacks.views.jsontree import text_html
from callbacks.views.kinds import kind_words
from callbacks.views.panels import Fact, run_words
from callbacks.views.places import task_page
from callbacks.views.rescue_actions import KINDS as RESCUE_KINDS
from callbacks.views.signing_words import signature_facts

# A page shows so much of the bytes; the rest stands in the export.
LONGEST_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class LineWords:
    """One audit entry of the answer, in the order of the chain."""

    number: str
    at: str
    icon: str
    text: str
    short_hash: str


def record_context(*, facts: DecisionFacts, now: datetime) -> dict[str, Any]:
    """What templates/callbacks/decision.html takes besides the panel. Times are UTC here."""
    decision = facts.decision
    return {
        "decision": decision,
        "title": _title(decision),
        "badges": _badges(facts, now),
        "who": _who(facts, now),
        "rules": _rules(facts),
        "sent": _sent(decision),
        "payload": _payload(decision),
        "aws": _aws(facts),
        "lines": [_line(entry) for entry in facts.lines],
        "task_url": task_page(decision.task_id) if facts.task is not None else "",
        "execution": facts.task.execution if facts.task is not None else None,
        "is_record": True,
    }


def _title(decision: Decision) -> str:
    """Only what AWS's history shows is called done."""
    is_done = decision.status == DecisionStatus.CONFIRMED
    if decision.direction == Direction.APPROVE:
        verb = _("Approved") if is_done else _("Answer: approve")
    else:
        verb = _("Rejected") if is_done else _("Answer: reject")
    return f"{verb} · {decision.headline}"


def _badges(facts: DecisionFacts, now: datetime) -> list[str]:
    decision, task = facts.decision, facts.task
    if decision.status == DecisionStatus.CONFIRMED:
        verdict = "approved" if decision.direction == Direction.APPROVE else "rejected"
        return [verdict, "confirmed"]
    is_off = task is not None and not task.connection.is_enabled
    if decision.status == DecisionStatus.HELD and decision.send_after <= now and not is_off:
        return ["sending"]
    badge = answer_badge(
        status=decision.status,
        direction=decision.direction,
        outcome=decision.outcome,
        is_off=is_off,
    )
    return [badge]


def _who(facts: DecisionFacts, now: datetime) -> tuple[Fact, ...]:
    decision = facts.decision
    return (
        Fact(_("Who"), decision.decided_by_name),
        Fact(_("When"), _utc(decision.decided_at)),
        Fact(_("Door"), decision.channel),
        Fact(_("Reason"), decision.reason or _("none given")),
        *signature_facts(decision, facts.votes, now),
    )


def _rules(facts: DecisionFacts) -> tuple[Fact, ...]:
    decision = facts.decision
    # Where several signed, from the signature that completed it.
    since = max((vote.at for vote in facts.votes), default=decision.decided_at)
    hold = span(max(0.0, (decision.send_after - since).total_seconds()))
    if any(line.kind == "answer_hurried" for line in facts.lines):
        hold = _("cut short after %(span)s") % {"span": hold}
    return (
        Fact(
            _("Policy"),
            _("%(name)s, version %(n)d")
            % {"name": decision.policy_name, "n": decision.policy_version},
        ),
        Fact(_("Undo hold"), hold),
        Fact(_("As shown"), f"sha256 {decision.shown_sha256}", is_code=True),
        *_forecast(decision),
    )


def _forecast(decision: Decision) -> tuple[Fact, ...]:
    said = {
        Verdict.OK: _("passes"),
        Verdict.WARNING: _("takes another way, or ends the run as the workflow means it"),
        Verdict.FATAL: _("would end the run; sent all the same"),
        Verdict.UNKNOWN: _("could not be predicted"),
    }
    if not decision.forecast:
        return ()
    return (Fact(_("Forecast when it was given"), said[Verdict(decision.forecast)]),)


def _sent(decision: Decision) -> tuple[Fact, ...]:
    size = _("%(n)s bytes, UTF-8, sent as they stand") % {"n": whole(decision.payload_bytes)}
    return (
        Fact(_("Size"), size),
        Fact(_("SHA-256"), decision.payload_sha256, is_code=True),
    )


def _payload(decision: Decision) -> list[tuple[str, SafeString]]:
    if decision.output is not None:
        return [(_("Output"), _cut(decision.output_text))]
    return [(_("Error"), _cut(decision.error)), (_("Cause"), _cut(decision.cause))]


def _cut(text: str) -> SafeString:
    return text_html(text[:LONGEST_SHOWN], quoted=False)


def _aws(facts: DecisionFacts) -> tuple[Fact, ...]:
    decision, task = facts.decision, facts.task
    rows = [
        # Tried, and certainly not taken: refused, or the token was spent already.
        Fact(_("First sent"), _utc(decision.first_sent_at) or _("tried, not taken"))
        if decision.claimed_at
        else Fact(_("First sent"), _("not sent")),
        Fact(_("AWS request id"), decision.aws_request_id or _("none"), is_code=True),
    ]
    if sessions := [name for name in map(session_of, facts.lines) if name]:
        rows.append(Fact(_("Role session"), sessions[-1], is_code=True))
    if decision.answer_code:
        said = f"{decision.answer_code}: {decision.answer_message}"
        rows.append(Fact(_("AWS said"), said, is_code=True))
    if decision.closing_event_id is not None:
        event = f"{decision.closing_event_id} {decision.closing_event_type}"
        rows.append(Fact(_("Closing event"), event, is_code=True))
        rows.append(Fact(_("Closed at"), _utc(decision.closing_at)))
    if task is not None:
        rows.append(Fact(_("The run"), run_words(task.execution)))
    return tuple(rows)


def _utc(at: datetime | None) -> str:
    return f"{utc_time(at)} UTC" if at else ""


_KINDS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "answer_decided": ("signature", lambda: _("Decided")),
    "answer_signed": ("signature", lambda: _("Signed")),
    "signature_withdrawn": ("arrow-back-up", lambda: _("A signature taken back")),
    "answer_complete": ("circle-check", lambda: _("All signatures given")),
    "answer_collecting_again": ("hourglass", lambda: _("A signature is missing again")),
    "answer_voided": ("shield-x", lambda: _("Signatures void")),
    "answer_hurried": ("send", lambda: _("Sent before the undo time was over")),
    "answer_withdrawn": ("arrow-back-up", lambda: _("Taken back")),
    "answer_sending": ("send", lambda: _("Taken for sending")),
    "answer_not_sent": ("clock", lambda: _("Not sent yet, to be tried again")),
    "answer_sent": ("cloud", lambda: _("AWS took it")),
    "answer_confirmed": ("cloud-check", lambda: _("Found in the run's history")),
    "answer_lost": ("arrows-split-2", lambda: _("Something else was first")),
    "answer_refused": ("circle-x", lambda: _("Refused")),
    "answer_unknown": ("help-circle", lambda: _("Outcome unknown")),
    "answer_untraceable": ("help-circle", lambda: _("No history tells what came of it")),
    **RESCUE_KINDS,
}


def line_words(kind: str) -> tuple[str, str]:
    """Icon and words of a kind of audit entry."""
    icon, words = _KINDS.get(kind, ("note", lambda: kind_words(kind)))
    return icon, words()


def _line(entry: AuditEntry) -> LineWords:
    icon, text = line_words(entry.kind)
    session = session_of(entry)
    if session:
        text = _("%(what)s as %(session)s") % {"what": text, "session": session}
    return LineWords(
        number=whole(entry.chain_seq),
        at=_utc(entry.at),
        icon=icon,
        text=text,
        short_hash=f"{entry.entry_hash[:4]}…{entry.entry_hash[-4:]}",
    )


def lines_words(entries: Sequence[AuditEntry]) -> list[LineWords]:
    return [_line(entry) for entry in entries]
