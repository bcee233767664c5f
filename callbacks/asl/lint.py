"""What in a definition can hang, leak its token, or never be answered well: the rules, in order.

Each rule is one function beside its kind: clocks, tokens, answers. A definition that cannot be read
is a finding too, so that whoever lints many gets to the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from callbacks.asl import lint_answers, lint_clocks, lint_tokens
from callbacks.asl.definition import (
    JSONATA,
    JSONPATH,
    Definition,
    DefinitionError,
    State,
    parse_definition,
)
from callbacks.asl.finding import Finding, Severity, quoted

Rule = Callable[[Definition, State], Iterable[Finding]]

# These need no expression to be understood.
_OF_ANY_LANGUAGE: tuple[Rule, ...] = (
    lint_clocks.no_deadline,
    lint_clocks.misspelled_deadline,
    lint_clocks.heartbeat_not_below_timeout,
    lint_clocks.heartbeat_is_deadline,
    lint_answers.rejection_retries,
    lint_answers.rejection_fails_run,
    lint_answers.choice_without_default,
)
_OF_KNOWN_LANGUAGES: tuple[Rule, ...] = (
    lint_tokens.token_not_passed,
    lint_tokens.token_without_suffix,
    lint_tokens.several_tokens,
    lint_answers.output_path_needs_key,
    lint_answers.selector_needs_key,
    lint_answers.output_needs_key,
)


def lint(*, text: str) -> tuple[Finding, ...]:
    """Every finding about a definition, the worst first. Never raises, whatever the text is."""
    try:
        definition = parse_definition(text)
    except DefinitionError as exc:
        return (_unreadable(str(exc)),)
    machine = json.loads(text)
    found = [*_of_machine(definition, machine), *_of_states(definition, machine)]
    return tuple(sorted(found, key=lambda finding: finding.severity.rank))


def is_unreadable(findings: Iterable[Finding]) -> bool:
    """Whether the text was no definition at all, so that nothing was checked."""
    return any(finding.code == "unreadable" for finding in findings)


def counts(finding: Finding) -> bool:
    """Whether it is worse than a note: what a check in CI fails for."""
    return finding.severity != Severity.NOTE


def _of_machine(definition: Definition, machine: Mapping[str, Any]) -> Iterator[Finding]:
    yield from lint_clocks.misspelled_machine_deadline(machine)
    yield from _unknown_language(machine, "")
    yield from lint_tokens.token_in_history(definition)


def _of_states(definition: Definition, machine: Mapping[str, Any]) -> Iterator[Finding]:
    for state in definition.states.values():
        yield from _unknown_language(state.raw, state.name)
        known = _is_known(state.raw.get("QueryLanguage", machine.get("QueryLanguage", JSONPATH)))
        for rule in (*_OF_ANY_LANGUAGE, *(_OF_KNOWN_LANGUAGES if known else ())):
            yield from rule(definition, state)


def _is_known(language: Any) -> bool:
    return language in (JSONPATH, JSONATA)


def _unknown_language(raw: Mapping[str, Any], state: str) -> Iterator[Finding]:
    language = raw.get("QueryLanguage", JSONPATH)
    if not _is_known(language):
        yield Finding(
            code="unknown_language",
            severity=Severity.WARNING,
            state=state,
            title="Unknown query language",
            message=f"{quoted(language)} is no query language that is known here, so nothing that "
            "stands in expressions was checked.",
            mend="Write JSONPath or JSONata, or update Holdpoint if AWS has a new language.",
        )


def _unreadable(why: str) -> Finding:
    return Finding(
        code="unreadable",
        severity=Severity.ERROR,
        state="",
        title="Cannot be read",
        message=f"This is no state machine that can be read: {why}. Nothing was checked.",
        mend="Give the definition itself as JSON, as AWS shows it.",
    )
