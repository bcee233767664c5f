"""Lint of the clocks of a wait: none at all, misspelled ones, and heartbeats that nobody sends.

Sources: dg/state-task (both clocks, their default of 99,999,999 seconds, and that a heartbeat has
to be the shorter one), dg/service-quotas (an execution runs for a year at most).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callbacks.asl.deadline import NO_TIMEOUT_SECONDS
from callbacks.asl.definition import Definition, State
from callbacks.asl.finding import Finding, Severity, in_words, quoted

# From here on a heartbeat is no slip beside the timeout, but another kind of clock.
MUCH_SHORTER = 4
# What people and tools write for the two fields; AWS knows none of these.
_MEANT = {
    "timeout": "TimeoutSeconds",
    "timeoutsecond": "TimeoutSeconds",
    "timeoutseconds": "TimeoutSeconds",
    "timeoutinseconds": "TimeoutSeconds",
    "heartbeat": "HeartbeatSeconds",
    "heartbeatsecond": "HeartbeatSeconds",
    "heartbeatseconds": "HeartbeatSeconds",
    "heartbeatinseconds": "HeartbeatSeconds",
}


def waits(state: State) -> bool:
    """Somebody outside has to answer: by a token, or as the worker of an activity."""
    return state.type == "Task" and (state.waits_for_token or state.is_activity)


def no_deadline(definition: Definition, state: State) -> Iterator[Finding]:
    if not waits(state) or _has_timeout(state) or _has_heartbeat(state):
        return
    limit = definition.timeout_seconds
    if limit is not None and limit < NO_TIMEOUT_SECONDS:
        yield _only_run_deadline(state, limit)
        return
    yield Finding(
        code="no_deadline",
        severity=Severity.ERROR,
        state=state.name,
        title="Can hang for a year",
        message="It has neither TimeoutSeconds nor HeartbeatSeconds: if no answer comes, it may "
        "hang for a year, and no alarm on failed runs will tell.",
        mend="Give it a TimeoutSeconds as long as an answer may take, and a Catch for "
        "States.Timeout.",
    )


def _only_run_deadline(state: State, limit: int) -> Finding:
    return Finding(
        code="only_run_deadline",
        severity=Severity.NOTE,
        state=state.name,
        title="Only the run's own limit ends it",
        message="It has no clock of its own; the run's TimeoutSeconds "
        f"({in_words(limit)}) ends it, and with it the whole run, which no Catch can take.",
        mend="Give it a shorter TimeoutSeconds, and a Catch for States.Timeout.",
    )


def misspelled_deadline(_definition: Definition, state: State) -> Iterator[Finding]:
    if state.type == "Task":
        yield from _misspelled(state.raw, state.name)


def misspelled_machine_deadline(machine: Mapping[str, Any]) -> Iterator[Finding]:
    """The same for the machine's own TimeoutSeconds."""
    yield from _misspelled(machine, "")


def _misspelled(raw: Mapping[str, Any], state: str) -> Iterator[Finding]:
    for name in raw:
        meant = _MEANT.get(name.casefold())
        if meant is None or name == meant:
            continue
        yield Finding(
            code="misspelled_deadline",
            severity=Severity.ERROR,
            state=state,
            title=f"{name} is not {meant}",
            message=f"AWS knows no field {quoted(name)}: it sets no clock.",
            mend=f"Write {meant}.",
            field=name,
        )


def heartbeat_not_below_timeout(_definition: Definition, state: State) -> Iterator[Finding]:
    beat, timeout = state.heartbeat_seconds, state.timeout_seconds
    if beat is None or timeout is None or beat < timeout:
        return
    yield Finding(
        code="heartbeat_not_below_timeout",
        severity=Severity.ERROR,
        state=state.name,
        title="Heartbeat is not below the timeout",
        message=f"HeartbeatSeconds ({in_words(beat)}) has to be smaller than TimeoutSeconds "
        f"({in_words(timeout)}); as it is, no heartbeat is ever due.",
        mend="Make it smaller, or leave it out where nobody sends heartbeats.",
        field="HeartbeatSeconds",
    )


def heartbeat_is_deadline(definition: Definition, state: State) -> Iterator[Finding]:
    """A worker may beat, a person does not: then the heartbeat is how long the person has."""
    if not (waits(state) and state.waits_for_token and _has_heartbeat(state)):
        return
    beat, timeout = state.heartbeat_seconds, state.timeout_seconds
    every = in_words(beat) if beat is not None else "the time that HeartbeatSeconds names"
    if not _has_timeout(state):
        rest = "" if definition.timeout_seconds else "; with them nothing ends it for a year"
        yield _heartbeat(
            state,
            Severity.WARNING,
            f"Without a heartbeat every {every} it fails, and a person sends none{rest}.",
        )
    elif beat is not None and timeout is not None and beat * MUCH_SHORTER <= timeout:
        yield _heartbeat(
            state,
            Severity.NOTE,
            f"It looks as if an answer may take {in_words(timeout)}, but without a heartbeat it "
            f"fails after {every}. That is right only where a worker sends them.",
        )


def _heartbeat(state: State, severity: Severity, message: str) -> Finding:
    return Finding(
        code="heartbeat_is_deadline",
        severity=severity,
        state=state.name,
        title="The heartbeat is the deadline",
        message=message,
        mend="Where a person answers, leave out HeartbeatSeconds and set TimeoutSeconds.",
        field="HeartbeatSeconds" if "HeartbeatSeconds" in state.raw else "HeartbeatSecondsPath",
    )


def _has_timeout(state: State) -> bool:
    return _is_set(state.timeout_seconds, state.timeout_reference)


def _has_heartbeat(state: State) -> bool:
    return _is_set(state.heartbeat_seconds, state.heartbeat_reference)


def _is_set(seconds: int | None, reference: str) -> bool:
    return bool(reference) or (seconds is not None and seconds < NO_TIMEOUT_SECONDS)
