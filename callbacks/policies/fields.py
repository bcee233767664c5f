"""What one version of a policy says, as plain values: for forms, files and comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

import yaml

from callbacks.models import Policy, ReasonRule, RejectionMode

MOST_SIGNATURES = 20
LONGEST_UNDO_SECONDS = 600
# Columns that have the same name and meaning in the table.
SAME = (
    "connections",
    "state_machine",
    "state",
    "tags",
    "conditions",
    "approvals_needed",
    "rejections_needed",
    "own_requests_allowed",
    "requester_path",
    "reason_rule",
    "rejection_mode",
    "rejection_errors",
    "rejection_output",
    "undo_seconds",
    "headline",
    "question",
    "key_fields",
    "approve_label",
    "reject_label",
    "default_output",
    "output_schema",
)


@dataclass(frozen=True, slots=True)
class PolicyFields:
    """A policy without its history; see `models.Policy` for what each field means.

    `teams` are names with how many approvals must be theirs at least; `users` are usernames.
    """

    name: str
    is_default: bool = False
    connections: list[str] = field(default_factory=list)
    state_machine: str = ""
    state: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    conditions: list[dict[str, Any]] = field(default_factory=list)
    teams: dict[str, int] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    approvals_needed: int = 1
    rejections_needed: int = 1
    own_requests_allowed: bool = False
    requester_path: str = ""
    reason_rule: str = str(ReasonRule.REJECT)
    rejection_mode: str = str(RejectionMode.FAILURE)
    rejection_errors: list[str] = field(default_factory=list)
    rejection_output: str = ""
    undo_seconds: int | None = None
    headline: str = ""
    question: str = ""
    key_fields: list[dict[str, str]] = field(default_factory=list)
    approve_label: str = ""
    reject_label: str = ""
    default_output: str = ""
    output_schema: Any = None

    def __post_init__(self) -> None:
        """The order of people, teams and tags says nothing: the same policy is always equal."""
        users = sorted(set(self.users))
        object.__setattr__(self, "users", users)
        for name in ("teams", "tags"):
            object.__setattr__(self, name, dict(sorted(getattr(self, name).items())))


NAMES = tuple(one.name for one in fields(PolicyFields))


def fields_of(policy: Policy) -> PolicyFields:
    """What this version says; two queries, none where teams and users are prefetched."""
    return PolicyFields(
        name=policy.name,
        is_default=policy.is_default,
        teams={one.team.name: one.approvals for one in policy.policy_teams.all()},
        users=[user.username for user in policy.users.all()],
        **{name: getattr(policy, name) for name in SAME},
    )


def said_by(policy: PolicyFields) -> dict[str, Any]:
    """Only what differs from the default of each field, in the order of the fields."""
    values = asdict(policy) | {
        "conditions": [_in_order(one, ("path", "is", "value")) for one in policy.conditions],
        "key_fields": [_in_order(one, ("label", "path")) for one in policy.key_fields],
    }
    return {one.name: values[one.name] for one in fields(policy) if values[one.name] != _usual(one)}


def as_text(policy: PolicyFields) -> str:
    """The version as YAML: what people compare, and what a file holds."""
    return yaml.safe_dump(said_by(policy), sort_keys=False, allow_unicode=True, width=100)


def from_mapping(values: Mapping[str, Any]) -> tuple[PolicyFields | None, dict[str, list[str]]]:
    """The fields of a mapping as a file has it, and what is wrong with its form, by field."""
    errors: dict[str, list[str]] = {
        str(name): ["There is no such field."] for name in values if name not in NAMES
    }
    if "name" not in values:
        errors["name"] = ["Every policy needs a name."]
    for one in fields(PolicyFields):
        if one.name in values and not _fits(one.name, values[one.name]):
            errors[one.name] = [f"This must be {_FORMS[one.name]}."]
    return (None, errors) if errors else (PolicyFields(**values), {})


def _in_order(entry: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """PostgreSQL gives the names of an object back in an order of its own."""
    known = [name for name in names if name in entry]
    return {name: entry[name] for name in [*known, *sorted(set(entry) - set(names))]}


def _usual(one: Any) -> Any:
    if one.default is not MISSING:
        return one.default
    return one.default_factory() if one.default_factory is not MISSING else MISSING


_TEXT, _YES_NO = "a text", "true or false"
_NUMBER = f"a whole number from 1 to {MOST_SIGNATURES}"
_SECONDS = f"a whole number from 0 to {LONGEST_UNDO_SECONDS}, or empty"
_COUNTS = f"team names with whole numbers from 0 to {MOST_SIGNATURES}"
_FORMS = {
    **dict.fromkeys(NAMES, _TEXT),
    **dict.fromkeys(("approvals_needed", "rejections_needed"), _NUMBER),
    **dict.fromkeys(("is_default", "own_requests_allowed"), _YES_NO),
    **dict.fromkeys(("connections", "users", "rejection_errors"), "a list of texts"),
    **dict.fromkeys(("conditions", "key_fields"), "a list of entries with names"),
    "tags": "names with texts",
    "teams": _COUNTS,
    "undo_seconds": _SECONDS,
    "output_schema": "a JSON Schema or empty",
}


def _fits(name: str, value: Any) -> bool:
    tests = {
        _TEXT: lambda: isinstance(value, str),
        _NUMBER: lambda: _is_number(value, 1, MOST_SIGNATURES),
        _YES_NO: lambda: isinstance(value, bool),
        "a list of texts": lambda: _all(value, list, str),
        "a list of entries with names": lambda: _all(value, list, dict),
        "names with texts": lambda: _all(value, dict, str),
        _COUNTS: lambda: (
            _all(value, dict, int)
            and all(_is_number(count, 0, MOST_SIGNATURES) for count in value.values())
        ),
        _SECONDS: lambda: value is None or _is_number(value, 0, LONGEST_UNDO_SECONDS),
        "a JSON Schema or empty": lambda: value is None or isinstance(value, dict | bool),
    }
    return tests[_FORMS[name]]()


def _is_number(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _all(value: Any, container: type, member: type) -> bool:
    if not isinstance(value, container):
        return False
    if isinstance(value, dict):
        return all(isinstance(k, str) and isinstance(v, member) for k, v in value.items())
    members: Any = value
    return all(isinstance(one, member) for one in members)
