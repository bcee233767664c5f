"""Why a heartbeat, stop or redrive cannot be: anticipated and told, never logged as a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callbacks.models import RescueAction


class RescueError(Exception):
    """Nothing was recorded and nothing was sent."""


class RescueUnknown(RescueError):
    """There is no such task or execution."""


class NotForYou(RescueError):
    """This is for operators and administrators."""


class InvalidRescue(RescueError):
    """What was typed cannot be used; `errors` holds texts by field."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(
            "; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items())
        )
        self.errors = errors


class CannotRescue(RescueError):
    """As things stand it has no effect or is not allowed; `code` is a word of `rules.Why`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AlreadyUnderWay(RescueError):
    """The same is being done to this run already, perhaps by somebody else."""

    def __init__(self, action: RescueAction) -> None:
        super().__init__(f"asked by {action.asked_by_name}")
        self.action = action


class SameIdOtherAction(RescueError):
    """This id was used before for something else."""

    def __init__(self, action: RescueAction) -> None:
        super().__init__(f"action {action.pk} is another one")
        self.action = action
