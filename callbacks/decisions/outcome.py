"""What a task's closing says about our answer: pure, by event id and value, never by clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callbacks.asl.payload import same_value


class Verdict(StrEnum):
    WAITS = "waits"
    CONFIRMED = "confirmed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Sent:
    """Our answer, as far as the history can show it. Texts are masked as the mirror's are."""

    was_sent: bool  # a call was made that may have been applied
    output: str | None  # None: a failure
    error: str
    cause: str
    event_id_before: int | None


@dataclass(frozen=True, slots=True)
class Closing:
    """How the task ended, from its history. `answered`: by somebody's SendTask call."""

    answered: bool
    succeeded: bool
    event_id: int | None
    output: str
    error: str
    cause: str


def judge(*, sent: Sent, closing: Closing | None) -> Verdict:
    """Say whether the closing is ours.

    Equal bytes from a stranger cannot be told from ours: confirmed means "consistent with ours".
    """
    if closing is None:
        return Verdict.WAITS
    if sent.was_sent and closing.answered and _is_later(sent, closing) and _is_equal(sent, closing):
        return Verdict.CONFIRMED
    return Verdict.LOST


def _is_later(sent: Sent, closing: Closing) -> bool:
    if closing.event_id is None or sent.event_id_before is None:
        return False
    return closing.event_id > sent.event_id_before


def _is_equal(sent: Sent, closing: Closing) -> bool:
    if sent.output is not None:
        return closing.succeeded and same_value(sent.output, closing.output)
    if closing.succeeded or sent.error != closing.error:
        return False
    # Emulators drop the cause; an absent one contradicts nothing.
    return closing.cause in ("", sent.cause)
