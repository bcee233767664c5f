"""The workflows whose executions are read, synced and answered here, of the field's usual kinds."""

from __future__ import annotations

from typing import Any

WAIT = "arn:aws:states:::lambda:invoke.waitForTaskToken"
WORK = "arn:aws:states:::lambda:invoke"


def _ask(**more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": WAIT,
        "Parameters": {
            "FunctionName": "ask",
            "Payload": {"input.$": "$", "context.$": "$$"},
        },
        "TimeoutSeconds": 86_400,
        **more,
    }


def _work(following: str) -> dict[str, Any]:
    parameters = {"FunctionName": "work", "Payload.$": "$"}
    return {
        "Type": "Task",
        "Resource": WORK,
        "Parameters": parameters,
        # Its result is thrown away: each state passes on the same input.
        "ResultPath": None,
        "Next": following,
    }


def _machine(start: str, **states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": start, "States": states}


SHORT = _machine("Review", Review=_ask(End=True))
CHAIN = _machine(
    "Load",
    Load=_work("Enrich"),
    Enrich=_work("Score"),
    Score=_work("Review"),
    Review=_ask(ResultPath="$.review", Next="Done"),
    Done={"Type": "Succeed"},
)
PHOTOS = _machine(
    "Load",
    Load=_work("Photos"),
    Photos={
        "Type": "Map",
        "ItemsPath": "$.items",
        "Iterator": _machine("Resize", Resize=_work("Review"), Review=_ask(End=True)),
        "End": True,
    },
)
BRANCHES = _machine(
    "Both",
    Both={
        "Type": "Parallel",
        "Branches": [
            _machine("Legal", Legal=_ask(End=True)),
            _machine("Load", Load=_work("Finance"), Finance=_ask(End=True)),
        ],
        "End": True,
    },
)
# Asks again and again: ten events a round.
LOOP = _machine(
    "Count",
    Count={"Type": "Pass", "Next": "Enough"},
    Enough={
        "Type": "Choice",
        "Choices": [{"Variable": "$.round", "IsPresent": True, "Next": "Review"}],
        "Default": "Done",
    },
    Review=_ask(Next="Count"),
    Done={"Type": "Succeed"},
)
WORKFLOWS = {"short": SHORT, "chain": CHAIN, "photos": PHOTOS, "branches": BRANCHES}
