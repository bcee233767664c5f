"""One audit entry as canonical text (RFC 8785) and its hash: pure, for writer and verifier."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785

VERSION = 1
# What stands before the first entry.
GENESIS = "0" * 64
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How long a personal value's salt is, in hex digits: a fixed length, so that salt and value
# cannot be split in two ways.
SALT_LENGTH = 32

Fact = str | int


class BadEnvelope(Exception):
    """The text is not an envelope that we wrote."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What the chain holds of one entry: strings and small integers only; "" where there is none.

    `at` is whole microseconds since 1970, because that is what the databases keep. `personal`
    holds commitments, never values.
    """

    seq: int
    kind: str
    at: int
    actor: str
    channel: str
    authentication: str
    decision: str
    task: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    previous: str
    version: int = VERSION

    def text(self) -> str:
        """Return the canonical JSON. Raises ValueError for an integer of 2^53 or more."""
        names = self.__dataclass_fields__
        return rfc8785.dumps({name: getattr(self, name) for name in names}).decode()


def read_envelope(body: str) -> Envelope:
    """Return the envelope of a stored text. Raises BadEnvelope, also where it is not canonical."""
    try:
        envelope = Envelope(**_object(body))
        _check_types(envelope)
        canonical = envelope.text()
    except (ValueError, TypeError, RecursionError) as exc:
        raise BadEnvelope(f"the text is not a readable entry ({type(exc).__name__})") from exc
    if envelope.version != VERSION:
        raise BadEnvelope(f"version {envelope.version} is unknown to this program")
    if canonical != body:
        raise BadEnvelope("the text is not in canonical form")
    return envelope


def entry_hash(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _check_types(envelope: Envelope) -> None:
    """Raise TypeError: JSON has more kinds of values than we write."""
    texts = [
        *(envelope.kind, envelope.actor, envelope.channel, envelope.authentication),
        *(envelope.decision, envelope.task, envelope.previous),
    ]
    numbers = [envelope.seq, envelope.at, envelope.version]
    facts, personal = envelope.facts, envelope.personal
    if not (
        all(type(one) is int for one in numbers)
        and all(type(one) is str for one in texts)
        and type(facts) is type(personal) is dict
        and all(type(one) in (str, int) for one in facts.values())
        and all(type(one) is str for one in personal.values())
    ):
        raise TypeError("a value of another type")


def is_committed(*, salt: str, value: str, to: str) -> bool:
    """Whether this is the personal value that the chain holds a commitment to, or it was erased."""
    is_erased = value == "" and salt == ""
    return is_erased or commitment(salt=salt, value=value) == to


def commitment(*, salt: str, value: str) -> str:
    """Return what the chain holds of a personal value; without the salt it tells nothing."""
    return hashlib.sha256((salt + value).encode()).hexdigest()


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _object(body: str) -> dict[str, Any]:
    loaded = json.loads(body)
    if not isinstance(loaded, dict):
        raise ValueError("not an object")
    return loaded
