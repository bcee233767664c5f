"""Check the decisions against the audit record: each was recorded, and still says what it said."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator

from callbacks.audit.envelope import Envelope, read_envelope
from callbacks.audit.faults import Fault
from callbacks.models import AuditEntry, Decision

PAGE = 200


def verify_decisions() -> int:
    """Return how many decisions hold, once the chain itself does. Raises Fault."""
    count = 0
    for page in _pages():
        recorded = _recorded([decision.pk for decision in page])
        for decision in page:
            _check(decision, recorded.get(str(decision.pk)))
        count += len(page)
    return count


def _check(decision: Decision, envelope: Envelope | None) -> None:
    if envelope is None:
        raise Fault(0, f"decision {decision.pk} was never recorded")
    if envelope.facts.get("payload_sha256") != decision.payload_sha256:
        raise Fault(envelope.seq, f"decision {decision.pk} has another payload than it recorded")
    if envelope.facts.get("direction") != decision.direction:
        raise Fault(envelope.seq, f"decision {decision.pk} has another direction than it recorded")
    if envelope.actor != str(decision.decided_by_id):
        raise Fault(envelope.seq, f"decision {decision.pk} is somebody else's than it recorded")
    if hashlib.sha256(_payload(decision)).hexdigest() != decision.payload_sha256:
        raise Fault(envelope.seq, f"the payload of decision {decision.pk} was altered")


def _payload(decision: Decision) -> bytes:
    """What the hash covers: the output, or error and cause apart by a NUL."""
    if decision.output is not None:
        return bytes(decision.output)
    return decision.error.encode() + b"\0" + decision.cause.encode()


def _recorded(decision_ids: list[uuid.UUID]) -> dict[str, Envelope]:
    """The first entry of each decision: the one that recorded it."""
    first: dict[str, Envelope] = {}
    rows = AuditEntry.objects.filter(decision_id__in=decision_ids).order_by("chain_seq")
    for body in rows.values_list("body", flat=True):
        envelope = read_envelope(body)
        first.setdefault(envelope.decision, envelope)
    return first


def _pages() -> Iterator[list[Decision]]:
    rows = Decision.objects.order_by("pk")
    page = list(rows[:PAGE])
    while page:
        yield page
        page = list(rows.filter(pk__gt=page[-1].pk)[:PAGE])
