"""Lint of where the task token goes: to nobody, to a step that does not wait, or beside another.

Sources: dg/connect-to-resource (the suffix, `.sync` and the token in it),
dg/input-output-contextobject (how it is referred to), API_TaskScheduledEventDetails (parameters
stand in the history).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from callbacks.asl.definition import JSONATA, SYNC_SUFFIXES, WAIT_SUFFIX, Definition, State
from callbacks.asl.finding import Finding, Severity, quoted
from callbacks.asl.lint_clocks import waits

# `Task` holds nothing but the token.
_OWN = re.compile(
    r"""(?:\$\$|\$states\s*\.\s*context)\s*(?:\.\s*`?Task\b|\[\s*['"]Task['"]\s*\])"""
)
# A token that comes with the data, by what everybody calls it.
_OF_DATA = re.compile(r"""\$[\w.$\[\]'"]*?task[_-]?token\b""", re.IGNORECASE)
_WHOLE = re.compile(
    r"""(?:\$|\$\$|\$\$\.Execution(?:\.Input)?|\$states\.input|\$states"""
    r"""|\$states\.context(?:\.Execution(?:\.Input)?)?)"""
)


@dataclass(frozen=True, slots=True)
class Expression:
    """What a member of a template is computed by, without the marks of its language."""

    member: str
    text: str

    @property
    def is_own_token(self) -> bool:
        return bool(_OWN.search(self.text))

    @property
    def is_other_token(self) -> bool:
        """A token that the data brought along: of the parent, or of a step before."""
        if self.member == "TaskToken":
            return "$" in self.text and not self.is_own_token
        return bool(_OF_DATA.search(self.text))

    @property
    def is_everything(self) -> bool:
        """The whole input or context, and with it whatever token is in there."""
        return bool(_WHOLE.fullmatch(self.text))


def token_not_passed(_definition: Definition, state: State) -> Iterator[Finding]:
    if not (waits(state) and state.waits_for_token) or state.passes_token:
        return
    field, written = _how_to_pass(state)
    yield Finding(
        code="token_not_passed",
        severity=Severity.ERROR,
        state=state.name,
        title="Token never passed on",
        message="It waits for its token to come back, but sends it to nobody: only a timeout or a "
        f"stop can end the wait.{_literal_token(state)}",
        mend=f"Put {written} into {field}.",
    )


def _how_to_pass(state: State) -> tuple[str, str]:
    if state.query_language == JSONATA:
        return "Arguments", '"taskToken": "{% $states.context.Task.Token %}"'
    return "Parameters", '"taskToken.$": "$$.Task.Token"'


def _literal_token(state: State) -> str:
    """The usual slip: the reference stands there, but as a mere text."""
    if not any("Task.Token" in text for text in _texts(state.template)):
        return ""
    if state.query_language == JSONATA:
        return " The reference to it is a mere text without {% … %} around it."
    return " The reference to it is a mere text where the member's name does not end in .$"


def token_without_suffix(_definition: Definition, state: State) -> Iterator[Finding]:
    if state.type != "Task" or waits(state) or state.resource.endswith(SYNC_SUFFIXES):
        return
    if any(expression.is_own_token for expression in expressions(state)):
        yield Finding(
            code="token_without_suffix",
            severity=Severity.ERROR,
            state=state.name,
            title="Does not wait",
            message="It sends its task token away, but its Resource does not end in "
            f"{WAIT_SUFFIX}: the run does not wait here for an answer.",
            mend=f"End the Resource in {WAIT_SUFFIX} (a Lambda function is called by "
            f"arn:aws:states:::lambda:invoke{WAIT_SUFFIX}), or leave the token out.",
            field="Resource",
        )


def several_tokens(definition: Definition, state: State) -> Iterator[Finding]:
    """Only where the definition shows that the data brings another token along."""
    if not (waits(state) and state.waits_for_token and state.passes_token):
        return
    sent = list(expressions(state))
    other = next((expression for expression in sent if expression.is_other_token), None)
    if other is None and any(expression.is_everything for expression in sent):
        other = _other_token(definition)
    if other is not None:
        yield Finding(
            code="several_tokens",
            severity=Severity.WARNING,
            state=state.name,
            title="More than one token",
            message="Beside its own token it sends data in which another one may be "
            f"({quoted(other.text)}): a worker that takes the wrong one answers another wait.",
            mend="Send the worker only what it needs instead of all of the input or context, and "
            "its own token under a name of its own.",
        )


def _other_token(definition: Definition) -> Expression | None:
    found = (one for state in definition.states.values() for one in expressions(state))
    return next((one for one in found if one.is_other_token), None)


def token_in_history(definition: Definition) -> Iterator[Finding]:
    """Once per machine: it is so by AWS's design, and access is what one can do about it."""
    if any(waits(state) and state.passes_token for state in definition.states.values()):
        yield Finding(
            code="token_in_history",
            severity=Severity.NOTE,
            state="",
            title="Tokens stand in the history",
            message="What is sent, and with it each token, stands in the run's history: whoever "
            "has states:GetExecutionHistory and states:SendTaskSuccess on it can answer, past "
            "every policy.",
            mend="Give states:GetExecutionHistory on these runs to as few people and roles as "
            "states:SendTaskSuccess.",
        )


def expressions(state: State) -> Iterator[Expression]:
    """Every expression of a state's Parameters or Arguments."""
    is_jsonata = state.query_language == JSONATA
    for member, text in _members(state.template):
        stripped = text.strip()
        if is_jsonata and stripped.startswith("{%") and stripped.endswith("%}"):
            yield Expression(member, stripped[2:-2].strip())
        elif not is_jsonata and member.endswith(".$"):
            yield Expression(member[:-2], stripped)


def _texts(template: Any) -> Iterator[str]:
    return (text for _member, text in _members(template))


def _members(template: Any) -> Iterator[tuple[str, str]]:
    """Every text with the name that it stands under; without recursion, for any depth."""
    waiting: list[tuple[str, Any]] = [("", template)]
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, str):
            yield name, node
        elif isinstance(node, dict):
            waiting.extend(reversed(node.items()))
        elif isinstance(node, list):
            waiting.extend((name, item) for item in reversed(node))
