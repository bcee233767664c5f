"""All policies in force as one YAML file, for review in version control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Q

from callbacks.audit.actor import Actor
from callbacks.models import Policy
from callbacks.models.naming import looks
from callbacks.policies.check import problems
from callbacks.policies.fields import PolicyFields, fields_of, from_mapping, said_by
from callbacks.policies.versions import Entry, PolicyProblems, lock, move, put_in_force, retire
from callbacks.policies.written import NotRead, StandsTwice, read_yaml

HEADER = (
    "# Holdpoint's policies in force, in the order in which they are tried: first match wins.\n"
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a file does to one policy: "new", "changed", "same" or "retired"."""

    name: str
    what: str


def export() -> str:
    said = [said_by(fields_of(policy)) for policy in _in_force()]
    return HEADER + yaml.safe_dump(
        {"policies": said}, sort_keys=False, allow_unicode=True, width=100
    )


def read(text: str) -> list[PolicyFields]:
    """Read a file. Raises PolicyProblems with everything wrong in it, by policy and field."""
    rows = _rows(text)
    found: dict[str, list[str]] = {}
    read_rows = [_read(number, row, found) for number, row in enumerate(rows, start=1)]
    policies = [policy for policy in read_rows if policy is not None]
    _check_whole(policies, found)
    if found:
        raise PolicyProblems(found)
    return policies


def _rows(text: str) -> list[dict[Any, Any]]:
    try:
        document = read_yaml(text)
    except StandsTwice as exc:
        raise PolicyProblems({"file": [f"Nothing may stand twice: {exc}."]}) from None
    except NotRead as exc:
        raise PolicyProblems({"file": [f"This is not YAML: {exc}."]}) from None
    rows = document.get("policies") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PolicyProblems({"file": ["A file holds a list of policies under “policies”."]})
    strange = [f"“{name!s:.40}”" for name in document if name != "policies"]
    if strange:
        said = f"At the top stands “policies” alone, and not {', '.join(strange)}."
        raise PolicyProblems({"file": [said]})
    return rows


def plan(policies: Sequence[PolicyFields]) -> list[Change]:
    """What applying would change; what is not in the file is retired."""
    now = {policy.name: fields_of(policy) for policy in _in_force()}
    wanted = {policy.name for policy in policies}
    changes = [Change(policy.name, _what(now.get(policy.name), policy)) for policy in policies]
    return changes + [Change(name, "retired") for name in now if name not in wanted]


def apply(
    *, policies: Sequence[PolicyFields], note: str, actor: Actor, now: datetime
) -> list[Change]:
    """Bring what is in force to the file, all or nothing. Raises PolicyProblems."""
    entries: list[Entry] = []
    record = entries.append
    with transaction.atomic():
        _lock(policies)
        changes = plan(policies)
        for change in changes:
            if change.what == "retired":
                retire(name=change.name, note=note, actor=actor, now=now, record=record)
        for policy in policies:
            put_in_force(fields=policy, note=note, actor=actor, now=now, record=record)
        _put_in_order(policies, actor, now, record)
        for append in entries:
            append()
    return changes


def _lock(policies: Sequence[PolicyFields]) -> None:
    """All that may change, before anything does."""
    names = [policy.name for policy in policies]
    lock(Policy.objects.filter(Q(name__in=names) | Q(retired_at=None)))


def _in_force() -> Sequence[Policy]:
    rows = Policy.objects.current().in_order()
    return list(rows.prefetch_related("policy_teams__team", "users"))


def _what(before: PolicyFields | None, policy: PolicyFields) -> str:
    if before is None:
        return "new"
    return "same" if before == policy else "changed"


def _read(number: int, row: dict[Any, Any], found: dict[str, list[str]]) -> PolicyFields | None:
    fields, errors = from_mapping(row)
    if fields is not None:
        errors = problems(fields)
    where = str(row.get("name") or f"policy {number}")
    for name, texts in errors.items():
        found[f"{where}, {name}"] = texts
    return fields


def _check_whole(policies: Sequence[PolicyFields], found: dict[str, list[str]]) -> None:
    names = [looks(policy.name) for policy in policies]
    for policy in policies:
        if names.count(looks(policy.name)) > 1:
            found[policy.name] = ["Two policies have this name, or names that look alike."]
    default = Policy.objects.current().get(is_default=True).name
    defaults = [policy.name for policy in policies if policy.is_default]
    if defaults != [default]:
        found["file"] = [f"Exactly one policy has is_default: true, and its name is “{default}”."]


def _put_in_order(
    policies: Sequence[PolicyFields], actor: Actor, now: datetime, record: Callable[[Entry], None]
) -> None:
    wanted = [policy.name for policy in policies if not policy.is_default]
    for place, name in enumerate(wanted):
        order = list(Policy.objects.current().filter(is_default=False).in_order())
        if order[place].name != name:
            move(name=name, to=place, actor=actor, now=now, record=record)
