"""What went wrong between us and AWS, as a code and in words for people who wait."""

from __future__ import annotations

from dataclasses import dataclass

from callbacks.stepfunctions import (
    IncompleteAnswer,
    KeyThrottled,
    NotFound,
    NotSent,
    NotSentKind,
    Refused,
    RefusedKind,
    StepFunctionsError,
    Throttled,
    Unanswered,
)
from callbacks.stepfunctions.rights import ASSUME_ROLE, DECRYPT, KEY_DENIED

LONGEST = 500
KEY_OFF = "Nobody can use the key"


@dataclass(frozen=True, slots=True)
class Trouble:
    """`code` is for pages and metrics, `message` one sentence without payload."""

    code: str
    message: str


_NOT_SENT = {
    NotSentKind.UNREACHABLE: Trouble("unreachable", "Step Functions cannot be reached."),
    NotSentKind.CREDENTIALS: Trouble("credentials", "There are no usable AWS credentials."),
    NotSentKind.CONFIGURATION: Trouble(
        "configuration", "The connection's region, profile or endpoint is not usable."
    ),
}
_REFUSED = {
    RefusedKind.EXPIRED_CREDENTIALS: Trouble("credentials", "The AWS credentials have expired."),
    RefusedKind.BAD_CREDENTIALS: Trouble("credentials", "AWS does not accept the credentials."),
    RefusedKind.CLOCK: Trouble("clock", "This machine's clock differs too much from AWS's."),
}
# After several attempts the boundary no longer says that no byte has left us; for a reading that
# makes no difference.
_NO_CONNECTION = ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError")
ABOUT_KEYS = (RefusedKind.KMS, RefusedKind.KEY_STATE)
# Nothing that is asked next on this connection would fare better.
_OF_THE_CONNECTION = (
    RefusedKind.EXPIRED_CREDENTIALS,
    RefusedKind.BAD_CREDENTIALS,
    RefusedKind.CLOCK,
)


def describe_trouble(error: StepFunctionsError, *, key: str = "") -> Trouble:
    """Say it in our words; a code of AWS's that we do not know stays visible.

    `key`: of the state machine that it is about, where it is known: AWS's answers do not name it.
    """
    if isinstance(error, NotSent):
        return _no_role(error) if error.kind is NotSentKind.ROLE_DENIED else _NOT_SENT[error.kind]
    if isinstance(error, KeyThrottled):
        return Trouble("key_throttled", f"KMS is slow with {_the_key(key)}."[:LONGEST])
    if isinstance(error, NotFound):
        return Trouble("gone", f"AWS no longer knows what {error.operation} asks about.")
    if isinstance(error, Throttled):
        return Trouble("throttled", f"AWS slows us down: the quota of {error.operation} is used.")
    if isinstance(error, IncompleteAnswer):
        return Trouble(
            "incomplete", f"The answer to {error.operation} was not whole: {error.message}."
        )
    if isinstance(error, Refused):
        return _refusal(error, key)
    if error.code in _NO_CONNECTION:
        return _NOT_SENT[NotSentKind.UNREACHABLE]
    return Trouble("unanswered", f"Step Functions gave no usable answer to {error.operation}.")


def is_of_the_connection(error: StepFunctionsError) -> bool:
    """Whether to ask nothing more in this pass."""
    if isinstance(error, Refused):
        return error.kind in _OF_THE_CONNECTION
    return isinstance(error, NotSent) or error.code in _NO_CONNECTION


def is_silence(error: StepFunctionsError) -> bool:
    """Whether there was no usable answer at all, which may be a matter of moments."""
    return isinstance(error, Unanswered) and not isinstance(error, IncompleteAnswer)


def is_denial(error: StepFunctionsError) -> bool:
    return isinstance(error, Refused) and error.kind in (
        RefusedKind.ACCESS_DENIED,
        RefusedKind.KMS,
    )


def is_denied_right(error: StepFunctionsError) -> bool:
    """Whether a right of ours is missing, which somebody may give at any moment; not of a key."""
    return isinstance(error, Refused) and error.kind is RefusedKind.ACCESS_DENIED


def without_resource(denial: str) -> str:
    """Such a sentence up to what it is about, without its full stop."""
    said, *_ = denial.partition(" on ")
    return said.rstrip(".")


def is_about_key(problem: str) -> bool:
    """Whether a sentence of ours says that a key may or can not be used: lists need none."""
    return problem.startswith((KEY_DENIED, KEY_OFF))


def _no_role(error: NotSent) -> Trouble:
    """The external id is a secret between two accounts, so it is named and not said."""
    role = error.resource or "the connection's role"
    who = f" to {error.principal}" if error.principal else ""
    said = (
        f"AWS denied {ASSUME_ROLE} on {role}{who}: check the role's trust policy and the "
        "external id, and that the caller may assume it."
    )
    return Trouble(NotSentKind.ROLE_DENIED, said[:LONGEST])


def _refusal(error: Refused, key: str) -> Trouble:
    if error.kind is RefusedKind.KMS:
        action = error.action or DECRYPT
        where = _the_key(error.resource or key)
        return Trouble("denied", f"AWS denied {action} on {where}."[:LONGEST])
    if error.kind is RefusedKind.KEY_STATE:
        state = f" ({error.key_state})" if error.key_state else ""
        return Trouble("key_state", f"{KEY_OFF} now{state}: {_the_key(key)}."[:LONGEST])
    if error.kind is RefusedKind.ACCESS_DENIED:
        action = error.action or f"states:{error.operation}"
        where = f" on {error.resource}" if error.resource else ""
        return Trouble("denied", f"AWS denied {action}{where}."[:LONGEST])
    known = _REFUSED.get(error.kind)
    if known is not None:
        return known
    return Trouble("refused", f"AWS refused {error.operation} with {error.code}."[:LONGEST])


def _the_key(key: str) -> str:
    return f"{key}, which encrypts the state machine" if key else "the key of the state machine"
