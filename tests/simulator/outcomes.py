"""What tasks do that nobody has to answer: a plain default, or what a test configured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulator.jsontext import Json, parse
from tests.simulator.model import TaskVisit
from tests.simulator.tasks import Outcome

Source = Callable[[TaskVisit], Outcome | None]


@dataclass(slots=True)
class _Rule:
    machine: str | None
    state: str | None
    resource: str | None
    times: int | None
    outcome: Outcome

    def fits(self, visit: TaskVisit) -> bool:
        machine = visit.scope.execution.machine
        resource = visit.state.resource
        return (
            self.times != 0
            and self.machine in (None, machine.arn, machine.name)
            and self.state in (None, visit.state.name)
            and (self.resource is None or (resource is not None and resource.arn == self.resource))
        )


class Outcomes:
    """Configured rules, the first that fits and has uses left; a source, where set, goes first."""

    def __init__(self) -> None:
        self.source: Source | None = None
        self._rules: list[_Rule] = []

    def add(self, rule: dict[str, Json]) -> None:
        """Keys: machine, state, resource (each optional), times, and the outcome's own."""
        fields = ("kind", "output", "error", "cause", "submitted")
        outcome = Outcome(**{key: rule[key] for key in fields if key in rule})
        self._rules.append(
            _Rule(
                rule.get("machine"),
                rule.get("state"),
                rule.get("resource"),
                rule.get("times"),
                outcome,
            )
        )

    def find(self, visit: TaskVisit) -> Outcome | None:
        if self.source is not None:
            return self.source(visit)
        for rule in self._rules:
            if rule.fits(visit):
                if rule.times is not None:
                    rule.times -= 1
                return rule.outcome
        return None


def default_result(visit: TaskVisit) -> Json:
    """A plain success: functions echo their payload, other services say that all went well."""
    resource = visit.state.resource
    details = visit.scope.execution.events[visit.scheduled - 1].details or {}
    given = parse(details.get("input") or details.get("parameters") or "{}")
    if resource is not None and resource.kind == "lambda":
        return given
    if resource is not None and resource.type == "lambda":
        payload = given.get("Payload", {}) if isinstance(given, dict) else {}
        return {"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200}
    return {"SdkHttpMetadata": {"HttpStatusCode": 200}}
