"""Lint of what an answer does: which ones kill the run, and what becomes of a rejection.

Sources: dg/concepts-error-handling (which names Retry and Catch match, what nothing catches),
dg/input-output-outputpath, dg/transforming-data (JSONata: an undefined value is an error).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from callbacks.asl.definition import JSONATA, JSONPATH, Definition, State
from callbacks.asl.finding import Finding, Severity, in_words, quoted
from callbacks.asl.lint_clocks import waits

ANY_REJECTION = frozenset({"States.ALL", "States.TaskFailed"})
_STEP = re.compile(
    r"""\.([^.\[\]'"*?()@,\s$]+)|\[\s*'([^']*)'\s*\]|\[\s*"([^"]*)"\s*\]|\[\s*(\d+)\s*\]"""
)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
# Of an intrinsic function, a path into the answer; not one into the context, or a variable's.
_ARGUMENT = re.compile(r"(?<![\w$.])\$((?:\.\w+)+)")
_RESULT = re.compile(r"\{%\s*\$states\.result((?:\.\w+)+)\s*%\}")
_NAMES_SHOWN = 3
# AWS's own limit (dg/concepts-error-handling).
_MOST_ATTEMPTS = 99_999_999


def output_path_needs_key(_definition: Definition, state: State) -> Iterator[Finding]:
    """The answer is the result as it is, without a wrapper that a direct call would have."""
    if not _is_jsonpath_wait(state) or isinstance(state.result_selector, dict):
        return
    placed, taken = _steps(state.result_path), _steps(state.output_path)
    if placed is None or taken is None or taken[: len(placed)] != placed or taken == placed:
        return
    yield _needs_key(
        state,
        "OutputPath",
        [taken[len(placed)]],
        f"OutputPath {quoted(state.output_path)} finds nothing in it. No Catch or Retry takes that "
        "(States.Runtime).",
        "Take OutputPath away, or have every answer wrapped so, by a schema in the policy.",
    )


def selector_needs_key(_definition: Definition, state: State) -> Iterator[Finding]:
    if not _is_jsonpath_wait(state):
        return
    keys = [path[0] for path in _selected(state.result_selector) if path]
    if keys:
        yield _needs_key(
            state,
            "ResultSelector",
            keys,
            "ResultSelector takes it out of the answer, and no Catch is sure to take that.",
            "Select only what every answer has, or require it by a schema in the policy.",
        )


def output_needs_key(_definition: Definition, state: State) -> Iterator[Finding]:
    """JSONata: only whole expressions, for inside a larger one an absent value may be meant."""
    if not waits(state) or state.query_language != JSONATA:
        return
    for field in ("Output", "Assign"):
        keys = _results_of(state.raw.get(field))
        if keys:
            yield _needs_key(
                state,
                field,
                keys,
                f"{field} takes it out of the answer, and what is undefined is a "
                "States.QueryEvaluationError.",
                "Take only what every answer has, catch that error, or require it by a schema in "
                "the policy.",
            )


def _results_of(value: Any) -> list[str]:
    """What whole expressions in it take out of the answer."""
    found = (_RESULT.fullmatch(text.strip()) for text in _strings([value]))
    return [match[1].split(".")[1] for match in found if match]


def _needs_key(state: State, field: str, keys: Iterable[str], why: str, mend: str) -> Finding:
    names = list(dict.fromkeys(quoted(key) for key in keys))
    shown = ", ".join(names[:_NAMES_SHOWN]) + (" …" if len(names) > _NAMES_SHOWN else "")
    return Finding(
        code="answer_needs_key",
        severity=Severity.WARNING,
        state=state.name,
        title=f"Answer needs {shown}",
        message=f"An answer without {shown} kills the execution: {why}",
        mend=mend,
        field=field,
    )


def rejection_retries(_definition: Definition, state: State) -> Iterator[Finding]:
    """The first rule that fits counts, so one before it may spare the rejection's own error."""
    if not waits(state):
        return
    for number, rule in enumerate(state.retry, start=1):
        taken = ANY_REJECTION.intersection(rule.error_equals)
        if rule.max_attempts <= 0 and any(map(_may_reject, rule.error_equals)):
            return
        if taken and rule.max_attempts > 0:
            yield Finding(
                code="rejection_retries",
                severity=Severity.WARNING,
                state=state.name,
                title="A rejection only retries",
                message=f"Retry rule {number} takes {min(taken)}: a rejection runs the worker "
                f"again after {_delay(rule.interval_seconds)} and asks anew, up to "
                f"{min(rule.max_attempts, _MOST_ATTEMPTS)} times.",
                mend="Name the worker's own errors in Retry, or put a rule before it that names "
                "the rejection's error, with MaxAttempts 0.",
                field="Retry",
            )
            return


def _delay(seconds: float) -> str:
    return in_words(int(seconds)) if seconds == int(seconds) else f"{seconds:g} s"


def rejection_fails_run(definition: Definition, state: State) -> Iterator[Finding]:
    around = definition.containers(state.name)
    if not waits(state) or any(_catches_rejection(one) for one in (state, *around)):
        return
    what = "the run of this item" if any(one.is_distributed for one in around) else "the whole run"
    yield Finding(
        code="rejection_fails_run",
        severity=Severity.WARNING,
        state=state.name,
        title="No Catch for a rejection",
        message=f"Nothing catches a rejection: it fails {what}.",
        mend="Catch the rejection's error (or States.TaskFailed) and go on with what a no means, "
        "or let the policy reject with a success that says no.",
    )


def _catches_rejection(state: State) -> bool:
    return any(_may_reject(name) for rule in state.catch for name in rule.error_equals)


def _may_reject(name: str) -> bool:
    """Whether a person's error can be meant; AWS's and a service's own are never a person's."""
    is_of_aws = name.startswith(("States.", "Lambda.")) or name.endswith("Exception")
    return name in ANY_REJECTION or not is_of_aws


def choice_without_default(definition: Definition, state: State) -> Iterator[Finding]:
    behind = definition.state(state.next) if waits(state) and state.next else None
    if behind is None or behind.type != "Choice" or isinstance(behind.raw.get("Default"), str):
        return
    yield Finding(
        code="choice_without_default",
        severity=Severity.WARNING,
        state=state.name,
        title="Choice without Default behind it",
        message=f"The answer is looked at by {quoted(behind.name)}, which has no Default: one that "
        "fits none of its rules kills the execution (States.NoChoiceMatched).",
        mend=f"Give {quoted(behind.name)} a Default that treats what is not understood as a no.",
    )


# --- paths --------------------------------------------------------------------------------------
def _is_jsonpath_wait(state: State) -> bool:
    return waits(state) and state.query_language == JSONPATH


def _steps(path: str | None) -> tuple[str, ...] | None:
    """The names of a path into data that has to be there; None for any other form."""
    if path is None or not path.startswith("$"):
        return None
    steps, at = [], 1
    while found := _STEP.match(path, at):
        steps.append(next(group for group in found.groups() if group is not None))
        at = found.end()
    return tuple(steps) if at == len(path) else None


def _selected(selector: Any) -> Iterator[tuple[str, ...]]:
    """The paths into the answer that a ResultSelector takes."""
    waiting: list[Any] = [selector]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(reversed(node))
        elif isinstance(node, dict):
            texts = [text for name, text in node.items() if name.endswith(".$")]
            yield from (path for text in texts if isinstance(text, str) for path in _paths(text))
            waiting.extend(value for name, value in node.items() if not name.endswith(".$"))


def _paths(text: str) -> Iterator[tuple[str, ...]]:
    if text.startswith("$"):
        yield _steps(text) or ()
    else:
        unquoted = _QUOTED.sub("''", text)
        yield from (tuple(match[1].split(".")[1:]) for match in _ARGUMENT.finditer(unquoted))


def _strings(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            waiting.extend(reversed(node.values()))
        elif isinstance(node, list):
            waiting.extend(reversed(node))
