"""An answer as a person gave it, and whether it can be sent at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from callbacks.asl.payload import PayloadError, check_cause, check_error, check_output, check_text
from callbacks.decisions.errors import InvalidAnswer
from callbacks.models import Direction, ReasonRule

REASON_LIMIT_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Answer:
    """`output_text` counts for an approval, `error` and `cause` for a rejection.

    `empty_is_meant` confirms an output of `null` or `""`, which is asked about first.
    """

    direction: Direction
    output_text: str = ""
    error: str = ""
    cause: str = ""
    reason: str = ""
    empty_is_meant: bool = False

    @property
    def output(self) -> bytes | None:
        """The exact bytes that are kept and sent."""
        return self.output_text.encode() if self.direction == Direction.APPROVE else None

    @property
    def payload(self) -> bytes:
        """What the hash on the record covers: the output, or error and cause apart by a NUL."""
        if self.output is not None:
            return self.output
        return self.error.encode() + b"\0" + self.cause.encode()

    @property
    def payload_length(self) -> int:
        """Bytes that go to AWS: of the output, or of error and cause together."""
        if self.output is not None:
            return len(self.output)
        return len(self.error.encode()) + len(self.cause.encode())

    @property
    def payload_sha256(self) -> str:
        return hashlib.sha256(self.payload).hexdigest()


def check_answer(answer: Answer, *, reason_rule: ReasonRule) -> None:
    """Raise InvalidAnswer with every problem found, by field."""
    errors: dict[str, list[str]] = {}
    if answer.direction == Direction.APPROVE:
        _note(errors, "output", lambda: _check_meant(answer))
    else:
        _note(errors, "error", lambda: check_error(answer.error))
        _note(errors, "cause", lambda: check_cause(answer.cause))
    reason_problem = _reason_problem(answer, reason_rule)
    if reason_problem:
        errors["reason"] = [reason_problem]
    if errors:
        raise InvalidAnswer(errors)


def _note(errors: dict[str, list[str]], field: str, check: Callable[[], str | None]) -> None:
    try:
        message = check()
    except PayloadError as exc:
        message = str(exc.problem)
    if message:
        errors[field] = [message]


def _check_meant(answer: Answer) -> str | None:
    value = check_output(answer.output_text)
    if value in (None, "") and not answer.empty_is_meant:
        return "This answer says nothing. Tick “Send it although it is empty” if that is meant."
    return None


def _reason_problem(answer: Answer, rule: ReasonRule) -> str | None:
    if len(answer.reason) > REASON_LIMIT_CHARACTERS:
        return (
            f"The reason has {len(answer.reason):,} characters; "
            f"at most {REASON_LIMIT_CHARACTERS:,} are kept."
        )
    try:
        check_text(answer.reason)
    except PayloadError as exc:
        return str(exc.problem)
    if rule.asks(answer.direction) and not answer.reason.strip():
        return "Say why. The reason is kept with the record."
    return None
