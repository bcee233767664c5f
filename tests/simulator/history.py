"""Events as GetExecutionHistory shows them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tests.simulator.jsontext import Json
from tests.simulator.model import Event, Execution
from tests.simulator.tokens import PLACEHOLDER, TokenMint

TRUNCATION = {"truncated": False}
DATA = ("input", "output")
# These carry a details member even where it is empty.
ALWAYS_DETAILED = {
    "ExecutionStarted",
    "ExecutionSucceeded",
    "ExecutionFailed",
    "ExecutionAborted",
    "ExecutionTimedOut",
    "ActivityStarted",
}


@lru_cache(maxsize=256)
def details_key(type_: str) -> str:
    if type_.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if type_.endswith("StateExited"):
        return "stateExitedEventDetails"
    return f"{type_[0].lower()}{type_[1:]}EventDetails"


def wire_event(event: Event, event_id: int, mint: TokenMint, *, data: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "timestamp": event.at,
        "type": event.type,
        "id": event_id,
        "previousEventId": event.previous,
    }
    if event.details or event.type in ALWAYS_DETAILED:
        shown[details_key(event.type)] = _details(event.details or {}, mint, data)
    return shown


def _details(details: dict[str, Json], mint: TokenMint, data: bool) -> dict[str, Any]:
    shown = dict(details)
    number = shown.pop(PLACEHOLDER, None)
    if number is not None:
        shown["parameters"] = shown["parameters"].replace(PLACEHOLDER, mint.token(number))
    for key in DATA:
        if key in shown:
            shown[f"{key}Details"] = TRUNCATION
    if "assignedVariables" in shown:
        shown["assignedVariablesDetails"] = TRUNCATION
    return shown if data else _without_data(shown)


def _without_data(shown: dict[str, Any]) -> dict[str, Any]:
    # `parameters` is a required member, so it stays and says nothing.
    hidden = (*DATA, "assignedVariables", "error", "cause")
    kept = {key: value for key, value in shown.items() if key not in hidden}
    return {**kept, "parameters": ""} if "parameters" in kept else kept


def wire_history(
    execution: Execution, ids: range, mint: TokenMint, *, data: bool = True
) -> list[dict[str, Any]]:
    events = execution.events
    return [wire_event(events[at - 1], at, mint, data=data) for at in ids]
