"""The two ways things go wrong: a call that is refused, and a state that fails."""

from __future__ import annotations


class ServiceError(Exception):
    """A refusal that the caller sees: AWS's error code, message and HTTP status."""

    def __init__(
        self, code: str, message: str, status: int = 400, more: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.more = more or {}
        self.code = code
        self.message = message
        self.status = status


class StateError(Exception):
    """An error of a running state, as Retry and Catch and the history see it."""

    def __init__(self, error: str, cause: str, *, located: bool = False) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        # AWS puts "An error occurred while executing the state ..." before most causes.
        self.located = located


def runtime(cause: str) -> StateError:
    return StateError("States.Runtime", cause, located=True)


class QueryFailure(StateError):
    """A field of a JSONata state has no usable value; the history has an event for that.

    `location` is the field as AWS writes it, `Output/a/b[0]`; None where AWS names none."""

    def __init__(self, cause: str, location: str | None) -> None:
        super().__init__("States.QueryEvaluationError", cause, located=True)
        self.location = location
