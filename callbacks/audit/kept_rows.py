"""The kinds of row that an entry records, and what row and entry must agree on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from callbacks.audit.envelope import Envelope, microseconds
from callbacks.models import Comment, Decision, RescueAction, RescueKind, Vote

# By its name: what the row says, and what the entry does.
Told = Mapping[str, tuple[object, object]]


@dataclass(frozen=True, slots=True)
class Kept:
    """`key` names the row that an entry of one of these `kinds` recorded."""

    name: str
    kinds: Collection[str]
    rows: Callable[[], QuerySet[Any]]
    key: Callable[[Envelope], str]
    told: Callable[[Any, Envelope], Told]
    # What the row says in words of a person, by the name that the entry has for it.
    personal: Callable[[Any], Mapping[str, str]] = lambda _row: {}


def _decision(decision: Decision, envelope: Envelope) -> Told:
    facts: dict[str, str | int] = {
        name: getattr(decision, name)
        for name in (
            "direction", "payload_bytes", "execution_arn", "state", "scheduled_event_id",
            "redrive_count", "policy_version", "shown_sha256", "connection_name", "region",
            "state_machine_name", "iteration",
        )
    }  # fmt: skip
    facts |= {"payload_sha256": _sha256(_payload(decision)), "policy": decision.policy_name}
    return {
        "task": (str(decision.task_id), envelope.task),
        "execution name": (decision.execution_name, _last(envelope.facts.get("execution_arn"))),
        "hash of its payload": (decision.payload_sha256, envelope.facts.get("payload_sha256")),
        # Entries of before there were forecasts have none.
        "forecast": (decision.forecast, envelope.facts.get("forecast", "")),
        **_who_and_when(decision.decided_by_id, decision.decided_at, decision.channel, envelope),
        **_same(facts, envelope),
    }


def _payload(decision: Decision) -> bytes:
    """What the hash covers: the output, or error and cause apart by a NUL."""
    if decision.output is not None:
        return bytes(decision.output)
    return _failure(decision.error, decision.cause)


def _vote(vote: Vote, envelope: Envelope) -> Told:
    return {
        "answer": (str(vote.decision_id), envelope.decision),
        **_who_and_when(vote.user_id, vote.at, vote.channel, envelope),
        **_same({"payload_sha256": vote.payload_sha256}, envelope),
    }


def _withdrawal(vote: Vote, envelope: Envelope) -> Told:
    at = None if vote.withdrawn_at is None else microseconds(vote.withdrawn_at)
    return {
        "answer": (str(vote.decision_id), envelope.decision),
        "person": (str(vote.user_id), envelope.actor),
        "time": (at, envelope.at),
    }


def _comment(comment: Comment, envelope: Envelope) -> Told:
    facts = {"request": str(comment.request_id), "sha256": _sha256(comment.text.encode())}
    return {
        "task": (str(comment.task_id), envelope.task),
        **_who_and_when(comment.user_id, comment.at, comment.channel, envelope),
        **_same(facts, envelope),
    }


def _action(action: RescueAction, envelope: Envelope) -> Told:
    facts: dict[str, str | int] = {
        "execution_arn": action.execution_arn,
        "redrive_count": action.redrive_count,
    }
    if action.kind == RescueKind.HEARTBEAT:
        facts |= {"state": action.state, "scheduled_event_id": action.scheduled_event_id or 0}
    if action.kind == RescueKind.STOP:
        facts |= {
            "payload_sha256": _sha256(_failure(action.error, action.cause)),
            "waiting_tasks": action.waiting_tasks,
            "live_answers": action.live_answers,
        }
    task = "" if action.task_id is None else str(action.task_id)
    return {
        "kind": (f"{action.kind}_requested", envelope.kind),
        "task": (task, envelope.task),
        **_who_and_when(action.asked_by_id, action.asked_at, action.channel, envelope),
        **_same(facts, envelope),
    }


def _who_and_when(person: int | None, at: datetime, channel: str, envelope: Envelope) -> Told:
    return {
        "person": ("" if person is None else str(person), envelope.actor),
        "time": (microseconds(at), envelope.at),
        "channel": (channel, envelope.channel),
    }


def _same(facts: Mapping[str, str | int], envelope: Envelope) -> Told:
    return {name: (ours, envelope.facts.get(name)) for name, ours in facts.items()}


def _last(arn: object) -> str:
    return str(arn).rpartition(":")[2]


def _failure(error: str, cause: str) -> bytes:
    return error.encode() + b"\0" + cause.encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _named(fact: str) -> Callable[[Envelope], str]:
    return lambda envelope: str(envelope.facts.get(fact, ""))


KEPT = (
    Kept(
        "decision",
        {"answer_decided"},
        Decision.objects.all,
        lambda envelope: envelope.decision,
        _decision,
        lambda row: {"actor_name": row.decided_by_name, "reason": row.reason},
    ),
    Kept(
        "signature",
        {"answer_signed"},
        Vote.objects.all,
        _named("vote"),
        _vote,
        lambda row: {"actor_name": row.user_name, "reason": row.reason},
    ),
    Kept(
        "withdrawal of signature",
        {"signature_withdrawn"},
        lambda: Vote.objects.exclude(withdrawn_at=None),
        _named("vote"),
        _withdrawal,
    ),
    Kept(
        "comment",
        {"comment_added"},
        Comment.objects.all,
        _named("comment"),
        _comment,
        lambda row: {"actor_name": row.user_name},
    ),
    Kept(
        "action",
        {f"{kind}_requested" for kind in RescueKind},
        RescueAction.objects.all,
        _named("action"),
        _action,
        lambda row: {"actor_name": row.asked_by_name, "reason": row.reason},
    ),
)
