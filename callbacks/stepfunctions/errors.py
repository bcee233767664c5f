"""What can go wrong between us and Step Functions, in our own words."""

from __future__ import annotations

from enum import StrEnum


class NotSentKind(StrEnum):
    """Why a request never left us."""

    UNREACHABLE = "unreachable"  # AWS, or who gives us credentials, is out of reach: repeat later
    CREDENTIALS = "credentials"  # none, or the role or profile gives none
    ROLE_DENIED = "role_denied"  # STS does not let us into the connection's role
    CONFIGURATION = "configuration"  # region, profile or endpoint are wrong


class RefusedKind(StrEnum):
    """Why Step Functions said no, so far as its code tells."""

    ACCESS_DENIED = "access_denied"
    EXPIRED_CREDENTIALS = "expired_credentials"
    BAD_CREDENTIALS = "bad_credentials"
    CLOCK = "clock"
    INVALID_REQUEST = "invalid_request"
    KMS = "kms"  # the caller may not use the key that encrypts the state machine
    KEY_STATE = "key_state"  # nobody can use that key now
    OTHER = "other"  # a code that we do not know: it stays visible in `code`


class StepFunctionsError(Exception):
    """A call that did not do what it was asked to.

    `certainly_not_applied` is True only where this call cannot have changed anything in AWS.
    `message` is AWS's own text with the task token masked; nothing else of the request is kept.
    """

    certainly_not_applied = False

    def __init__(
        self,
        *,
        operation: str,
        code: str,
        message: str = "",
        request_id: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{operation}: {code or 'no code'}: {message}")
        self.operation = operation
        self.code = code
        self.message = message
        self.request_id = request_id
        self.status = status


class NotSent(StepFunctionsError):
    """No byte of the request reached AWS: the same bytes may be sent again at any time.

    With ROLE_DENIED, `resource` is the role and `principal` who asked for it, as far as STS names
    them.
    """

    certainly_not_applied = True

    def __init__(
        self,
        *,
        kind: NotSentKind,
        operation: str,
        code: str,
        message: str = "",
        resource: str | None = None,
        principal: str | None = None,
    ) -> None:
        super().__init__(operation=operation, code=code, message=message)
        self.kind = kind
        self.resource = resource
        self.principal = principal


class Unanswered(StepFunctionsError):
    """AWS may have done it and may not have: only the history can tell."""


class IncompleteAnswer(Unanswered):
    """An answer came with a 200 but is cut, foreign, or has a hole: it must not be believed."""


class Throttled(StepFunctionsError):
    """The quota is used up; nothing was done."""

    certainly_not_applied = True


class KeyThrottled(Throttled):
    """KMS is slow with the key of one state machine; no quota of Step Functions is used up."""


class Refused(StepFunctionsError):
    """AWS said no and did nothing; the task may still wait.

    With ACCESS_DENIED and KMS, `action`, `resource` and `principal` say what was missing where AWS
    did; with KEY_STATE, `key_state` is how the key stands (API_KmsInvalidStateException).
    """

    certainly_not_applied = True

    def __init__(
        self,
        *,
        kind: RefusedKind,
        operation: str,
        code: str,
        message: str = "",
        request_id: str | None = None,
        status: int | None = None,
        action: str | None = None,
        resource: str | None = None,
        principal: str | None = None,
        key_state: str | None = None,
    ) -> None:
        super().__init__(
            operation=operation, code=code, message=message, request_id=request_id, status=status
        )
        self.kind = kind
        self.action = action
        self.resource = resource
        self.principal = principal
        self.key_state = key_state


class TaskGone(StepFunctionsError):
    """The token answers nothing any more (TaskTimedOut, InvalidToken, TaskDoesNotExist).

    This is what the second of two answers gets, also when the first was ours and its reply was
    lost. So it is no evidence of a timeout, and `certainly_not_applied` stays False: the history
    decides.
    """


class InvalidOutput(StepFunctionsError):
    """AWS could not read the output as JSON; the task still waits."""

    certainly_not_applied = True


class NotFound(StepFunctionsError):
    """There is no such execution or state machine (any more)."""

    certainly_not_applied = True


class PageExpired(StepFunctionsError):
    """A listing cannot be continued: its page token is no longer good. Start over."""

    certainly_not_applied = True
