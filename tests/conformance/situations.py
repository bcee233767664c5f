"""What could be known when a recorded state was entered or answered: its visit, read off events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import Definition, parse_definition
from callbacks.asl.payload import parse_exact
from tests.conformance.recordings import Recording

_FAILURES = ("Failed", "TimedOut")


@dataclass(frozen=True)
class Situations:
    recording: Recording

    @cached_property
    def definition(self) -> Definition | None:
        text = self.recording.definition
        return parse_definition(text) if text else None

    @cached_property
    def events(self) -> Mapping[int, Mapping[str, Any]]:
        return {event["id"]: event for event in self.recording.events}

    def visit(self, entered_id: int) -> Visit:
        """The visit that this StateEntered event begins."""
        assert self.definition is not None
        found = self.events[entered_id]["stateEnteredEventDetails"]
        return Visit(
            state=self.definition.states[found["name"]],
            input=exact(found["input"]),
            context=self._context(found["name"]),
            variables=self._variables(entered_id),
        )

    def entered_before(self, event_id: int, state: str) -> int:
        """The StateEntered event of the visit that an event of a task belongs to."""
        return next(
            event["id"]
            for event in self.back_from(event_id)
            if event["type"].endswith("StateEntered")
            and event["stateEnteredEventDetails"]["name"] == state
        )

    def errors_before(self, event_id: int, entered_id: int) -> list[str | None]:
        """Of the earlier attempts of this visit, oldest first."""
        found = []
        for event in self.back_from(self.events[event_id]["previousEventId"]):
            if event["id"] <= entered_id:
                break
            if event["type"].endswith(_FAILURES) and "StateFailed" not in event["type"]:
                found.append(details(event).get("error"))
        return found[::-1]

    def back_from(self, event_id: int) -> Iterator[Mapping[str, Any]]:
        while event_id in self.events:
            yield self.events[event_id]
            event_id = self.events[event_id]["previousEventId"]

    def _context(self, state: str) -> Mapping[str, Any]:
        # Ids, roles and times are masked in the recordings, so they are left unknown.
        return {"Execution": {"Input": exact(self.recording.execution_input)},
                "State": {"Name": state}}  # fmt: skip

    def _variables(self, entered_id: int) -> Mapping[str, Any]:
        """What was assigned before, by states outside of containers that are over."""
        entered_by_exit = {
            visit["exited_id"]: visit["entered_id"]
            for visit in self.recording.expect.get("visits", ())
            if visit.get("exited_id")
        }
        found: dict[str, Any] = {}
        at = self.events[entered_id]["previousEventId"]
        while at in self.events:
            event = self.events[at]
            assigned = event.get("stateExitedEventDetails", {}).get("assignedVariables") or {}
            found = {**{name: exact(text) for name, text in assigned.items()}, **found}
            is_container = event["type"] in ("MapStateExited", "ParallelStateExited")
            if is_container and at in entered_by_exit:
                at = entered_by_exit[at]
            at = self.events[at]["previousEventId"]
        return found


def details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    found = [value for key, value in event.items() if key.endswith("EventDetails")]
    return found[0] if found else {}


def exact(text: str) -> Any:
    return parse_exact(text)


def exact_value(value: Any) -> Any:
    """A recorded value with its numbers as the product reads them."""
    return parse_exact(json.dumps(value))
