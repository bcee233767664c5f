"""Why an answer cannot stand: anticipated, told to the person, never logged as a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callbacks.asl.forecast import Forecast
from callbacks.models import CallbackTask, Decision


class DecisionError(Exception):
    """Nothing was decided and nothing was sent."""


class TaskUnknown(DecisionError):
    """There is no such task, or this person may not know of it."""


class InvalidAnswer(DecisionError):
    """What was typed cannot be sent; `errors` says why, by field."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(
            "; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items())
        )
        self.errors = errors


class WouldKill(DecisionError):
    """The answer would end the execution (`forecast`), and that was not overridden.

    `may_override`: this person could, with a reason. `of_item`: the execution is a Map Run's child.
    """

    def __init__(self, forecast: Forecast, *, may_override: bool, of_item: bool) -> None:
        super().__init__(f"fatal: {forecast.failure.error if forecast.failure else ''}")
        self.forecast = forecast
        self.may_override = may_override
        self.of_item = of_item


class NotYours(DecisionError):
    """The policy names other people; `code` is a word of `decisions.policy.Refusal`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AlreadyDecided(DecisionError):
    """Somebody's answer is there already, perhaps one's own from another page."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"decided by {decision.decided_by_name}")
        self.decision = decision


class AlreadySigned(DecisionError):
    """This person's signature is under this very answer already; others are missing."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("signed already")
        self.decision = decision


class SameIdOtherAnswer(DecisionError):
    """This decision id was used before for another answer: `decision`, where it is to this task.

    None where it is to another task, of which the person need not know.
    """

    def __init__(self, decision: Decision | None) -> None:
        super().__init__("the id was used for another answer")
        self.decision = decision


class TaskOver(DecisionError):
    """The wait ended before the answer; `task` says how."""

    def __init__(self, task: CallbackTask) -> None:
        super().__init__(f"task is {task.status}")
        self.task = task


class NoToken(DecisionError):
    """The task waits, but its token is not to be had, so nobody can answer it from here."""

    def __init__(self, task: CallbackTask) -> None:
        super().__init__(f"token is {task.token_state}")
        self.task = task


class ConnectionOff(DecisionError):
    """The task waits in an account that somebody has switched off here: nothing is sent there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the connection {name} is switched off")
        self.name = name


class ShownChanged(DecisionError):
    """What the person read is not what holds now; `changed` names parts of `consent.PARTS`."""

    def __init__(self, changed: Sequence[str]) -> None:
        super().__init__(f"changed: {', '.join(changed)}")
        self.changed = tuple(changed)


class TooLate(DecisionError):
    """The answer cannot be taken back or hurried any more; `decision` says how it stands."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"decision is {decision.status}")
        self.decision = decision
