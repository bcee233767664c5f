"""Definitions for tests of drawing them, among them any that hypothesis thinks of."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from callbacks.asl.definition import Definition, parse_definition
from tests.asl.histories import callback, machine

CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]


def task(to: str = "", **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", **_on(to), **fields}


def ask(to: str = "", **fields: Any) -> dict[str, Any]:
    found = {**callback(), **fields}
    if to:
        del found["End"]
        found["Next"] = to
    return found


def choice(default: str = "", **rules: str) -> dict[str, Any]:
    """`choice("B", A="x")` goes to A where $.way is "x"."""
    made = [{"Variable": "$.way", "StringEquals": text, "Next": to} for to, text in rules.items()]
    return {"Type": "Choice", "Choices": made, **({"Default": default} if default else {})}


def part(states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def parallel(*branches: dict[str, Any], to: str = "", **fields: Any) -> dict[str, Any]:
    return {"Type": "Parallel", "Branches": [part(b) for b in branches], **_on(to), **fields}


def each(states: dict[str, Any], to: str = "", **fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": part(states), **_on(to), **fields}


def _on(to: str) -> dict[str, Any]:
    return {"Next": to} if to else {"End": True}


def order_release() -> Definition:
    """The picture of the founding case: a choice, a question, and two ways on."""
    return machine(
        {
            "Load": task("Limit"),
            "Limit": choice("Charge", Ask="much"),
            "Ask": ask("Charge", Catch=CATCH_ALL),
            "Charge": task("Confirm"),
            "Confirm": task(),
            "Sorry": task("Denied"),
            "Denied": {"Type": "Fail"},
        }
    )


def long_chain(count: int, **fields: Any) -> Definition:
    states = {f"S{n}": task(f"S{n + 1}", **fields) for n in range(count - 1)}
    return machine({**states, f"S{count - 1}": task()})


_TYPES = ["Task", "Choice", "Wait", "Pass", "Succeed", "Fail", "Parallel", "Map", "Novelty"]
_NAMES = st.sampled_from(["A", "B", "C", "D", "<b>", "שלום", "x" * 90, "\u202e", ""])


@st.composite
def any_states(draw: st.DrawFn, depth: int, prefix: str = "") -> dict[str, Any]:
    """Sound or not: ways to nowhere, circles, parts without a start."""
    names = draw(st.lists(_NAMES, min_size=1, max_size=5, unique=True))
    states: dict[str, Any] = {}
    for number, name in enumerate(names):
        kind = draw(st.sampled_from(_TYPES if depth else _TYPES[:6]))
        to = st.sampled_from([prefix + one for one in [*names, "nowhere"]])
        state: dict[str, Any] = {"Type": kind}
        if draw(st.booleans()):
            state["Next"] = draw(to)
        if draw(st.booleans()):
            state["End"] = draw(st.booleans())
        state["Choices"] = [{"Next": draw(to)} for _ in range(draw(st.integers(0, 3)))]
        state["Catch"] = [{"ErrorEquals": ["E"], "Next": draw(to)}] * draw(st.integers(0, 2))
        if kind in ("Parallel", "Map"):
            inside = {
                "StartAt": draw(st.sampled_from(["A", 7, None])),
                "States": draw(any_states(depth - 1, f"{prefix}{number}.")),
            }
            state |= {"Branches": [inside]} if kind == "Parallel" else {"Iterator": inside}
        states[prefix + name] = state
    return states


@st.composite
def any_definition(draw: st.DrawFn) -> Definition:
    start = draw(st.sampled_from(["A", "nowhere", "<b>"]))
    return parse_definition(json.dumps({"StartAt": start, "States": draw(any_states(2))}))
