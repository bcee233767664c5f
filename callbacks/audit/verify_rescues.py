"""Check heartbeats, stops and redrives against the audit record, row by entry and entry by row."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator

from callbacks.audit.envelope import Envelope, commitment, microseconds, read_envelope
from callbacks.audit.faults import Fault
from callbacks.models import AuditEntry, RescueAction, RescueKind

PAGE = 200
# Of each kind, the entry that recorded what was asked for.
REQUESTED = {f"{kind}_requested": kind for kind in RescueKind}


def verify_rescues() -> int:
    """Return how many actions hold, once the chain itself does. Raises Fault."""
    recorded: set[str] = set()
    last = _check_entries(0, recorded)
    keys = RescueAction.objects.order_by("pk").values_list("pk", flat=True).iterator()
    unseen = [str(key) for key in keys if str(key) not in recorded]
    if unseen:
        # People go on meanwhile: what has a row by now has its entry, too, maybe a later one.
        _check_entries(last, recorded)
    for name in unseen:
        if name not in recorded:
            raise Fault(0, f"action {name} was never recorded")
    return len(recorded)


def _check_entries(after: int, recorded: set[str]) -> int:
    """Hold the later entries against their actions, and add those; return the last one's number."""
    for page in _entries(after):
        envelopes = [read_envelope(entry.body) for entry in page]
        rows = _rows([str(envelope.facts.get("action")) for envelope in envelopes])
        for entry, envelope in zip(page, envelopes, strict=True):
            name = str(envelope.facts.get("action"))
            _check(name, rows.get(name), envelope)
            _check_reason(rows[name], entry, envelope)
            recorded.add(name)
        after = page[-1].chain_seq
    return after


def _check(name: str, action: RescueAction | None, envelope: Envelope) -> None:
    if action is None:
        raise Fault(envelope.seq, f"action {name} that it recorded is missing")
    told = {
        "kind": (action.kind, REQUESTED[envelope.kind]),
        "person": (_text(action.asked_by_id), envelope.actor),
        "time": (microseconds(action.asked_at), envelope.at),
        "channel": (action.channel, envelope.channel),
        "task": (_text(action.task_id), envelope.task),
        **{fact: (ours, envelope.facts.get(fact)) for fact, ours in _facts(action).items()},
    }
    for what, (ours, recorded) in told.items():
        if ours != recorded:
            what = what.replace("_", " ")
            raise Fault(envelope.seq, f"action {name} has another {what} than it recorded")


def _facts(action: RescueAction) -> dict[str, str | int]:
    """What the entry must say, of each kind what makes it up."""
    facts: dict[str, str | int] = {
        "execution_arn": action.execution_arn,
        "redrive_count": action.redrive_count,
    }
    if action.kind == RescueKind.HEARTBEAT:
        facts |= {"state": action.state, "scheduled_event_id": action.scheduled_event_id or 0}
    if action.kind == RescueKind.STOP:
        payload = action.error.encode() + b"\0" + action.cause.encode()
        facts |= {
            "payload_sha256": hashlib.sha256(payload).hexdigest(),
            "waiting_tasks": action.waiting_tasks,
            "live_answers": action.live_answers,
        }
    return facts


def _check_reason(action: RescueAction, entry: AuditEntry, envelope: Envelope) -> None:
    committed = envelope.personal.get("reason", "")
    salts = [row.salt for row in entry.personal.all() if row.field == "reason"]
    if salts == [""]:
        return  # erased: nobody can tell any more
    ours = commitment(salt=salts[0], value=action.reason) if salts else action.reason
    if ours != committed:
        raise Fault(envelope.seq, f"action {action.pk} has another reason than it recorded")


def _rows(names: list[str]) -> dict[str, RescueAction]:
    keys = [key for key in map(_key, names) if key is not None]
    return {str(row.pk): row for row in RescueAction.objects.filter(pk__in=keys)}


def _key(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(name)
    except ValueError:
        return None


def _text(key: object) -> str:
    return "" if key is None else str(key)


def _entries(after: int) -> Iterator[list[AuditEntry]]:
    rows = AuditEntry.objects.filter(kind__in=REQUESTED).order_by("chain_seq")
    while page := list(rows.filter(chain_seq__gt=after).prefetch_related("personal")[:PAGE]):
        yield page
        after = page[-1].chain_seq
