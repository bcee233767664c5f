"""An answer as a person gave it, and whether it can be sent at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from callbacks.asl.payload import (
    PayloadError,
    check_cause,
    check_depth,
    check_error,
    check_output,
    check_text,
    parse_exact,
)
from callbacks.asl.sizes import LargePart, largest_parts
from callbacks.decisions.errors import InvalidAnswer
from callbacks.decisions.schema import misfits
from callbacks.decisions.stumbling import largest
from callbacks.models import Direction, Policy, ReasonRule, RejectionMode

REASON_LIMIT_CHARACTERS = 4_000
# What is longer than that is only counted.
_LONGEST_READ = 600_000
NOT_MEANT = (
    "Nobody has to answer this step: a job runs. The job itself goes on running; the workflow "
    "stops waiting for it. Say that this is meant."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`output_text` counts for an approval, `error` and `cause` for a rejection.

    `empty_is_meant` confirms an output of `null` or `""`, and `end_early` the end of a step whose
    job goes on: both are asked about first.
    `override`: send it although it would end the execution.
    `says_no`: the policy rejects by a success with this output instead of a failure.
    """

    direction: Direction
    output_text: str = ""
    error: str = ""
    cause: str = ""
    reason: str = ""
    empty_is_meant: bool = False
    end_early: bool = False
    override: bool = False
    says_no: str | None = None

    @property
    def output(self) -> bytes | None:
        """The exact bytes that are kept and sent; None is a failure."""
        if self.direction == Direction.APPROVE:
            return self.output_text.encode()
        return self.says_no.encode() if self.says_no is not None else None

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


def under(answer: Answer, policy: Policy) -> Answer:
    """The answer as this policy sends it: a rejection may be a success that says no."""
    if answer.direction == Direction.REJECT and policy.rejection_mode == RejectionMode.SUCCESS:
        return replace(answer, says_no=policy.rejection_output)
    return answer


def check_answer(answer: Answer, *, policy: Policy, ends_early: bool) -> None:
    """Raise InvalidAnswer with every problem found, by field; of the output's, a `Misfit` each
    where the policy asks for a form.

    `ends_early`: nobody has to answer, and the answer ends the wait for a job that goes on.
    """
    errors: dict[str, list[str]] = {}
    if ends_early and not answer.end_early:
        errors["end_early"] = [NOT_MEANT]
    if answer.direction == Direction.APPROVE:
        _note(errors, "output", lambda: _check_meant(answer) or _misfits(answer, policy))
    elif policy.rejection_mode == RejectionMode.SUCCESS:
        _note(errors, "error", lambda: _check_fixed_no(answer))
    else:
        _note(errors, "error", lambda: _check_error(answer, policy))
        _note(errors, "cause", lambda: check_cause(answer.cause))
    reason_problem = _reason_problem(answer, ReasonRule(policy.reason_rule))
    if reason_problem:
        errors["reason"] = [reason_problem]
    if errors:
        raise InvalidAnswer(errors)


def read_output(text: str) -> Any:
    """As `check_output`; of what is too large it says what makes it so. Raises PayloadError."""
    try:
        return check_output(text)
    except PayloadError as exc:
        parts = _parts(text) if exc.problem.code == "too_big" else ()
        if not parts:
            raise
        message = f"{exc.problem.message} {largest(parts)}"
        raise PayloadError(replace(exc.problem, message=message)) from None


def _note(
    errors: dict[str, list[str]], field: str, check: Callable[[], Sequence[str] | None]
) -> None:
    try:
        texts = check()
    except PayloadError as exc:
        texts = [str(exc.problem)]
    if texts:
        errors[field] = list(texts)


def _check_meant(answer: Answer) -> list[str]:
    value = read_output(answer.output_text)
    if value in (None, "") and not answer.empty_is_meant:
        return ["This answer says nothing. Tick “Send it although it is empty” if that is meant."]
    return []


def _parts(text: str) -> tuple[LargePart, ...]:
    """What makes it large, where it can be read at all."""
    try:
        check_depth(text)
        return largest_parts(parse_exact(text)) if len(text) <= _LONGEST_READ else ()
    except (ValueError, PayloadError):
        return ()


def _misfits(answer: Answer, policy: Policy) -> list[str]:
    """Where the output does not have the shape that the policy asks for."""
    if policy.output_schema is None:
        return []
    return misfits(policy.output_schema, json.loads(answer.output_text))


def _check_fixed_no(answer: Answer) -> list[str]:
    if answer.error or answer.cause:
        return ["Here a rejection is a fixed answer of the policy. Leave error and cause empty."]
    return []


def _check_error(answer: Answer, policy: Policy) -> list[str]:
    check_error(answer.error)
    names = policy.rejection_errors
    if not names or answer.error in names:
        return []
    return [f"The policy allows these error names: {', '.join(names)}."]


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
