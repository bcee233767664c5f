"""What is wrong with a policy before it is put in force: by field, in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sized
from functools import partial
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Count, Q, QuerySet

from callbacks.asl.lookup import PathError, check_path
from callbacks.asl.payload import PayloadError, check_error, check_output
from callbacks.decisions.schema import SchemaProblem, check_schema, misfits
from callbacks.models import Policy, ReasonRule, RejectionMode, Role, User
from callbacks.models.naming import looks
from callbacks.policies.fields import (
    LONGEST_UNDO_SECONDS,
    MOST_SIGNATURES,
    NAMES,
    PolicyFields,
)
from callbacks.policies.keepable import why_not_kept
from callbacks.sync.matching import NEEDS_NO_VALUE, TESTS
from callbacks.sync.summary import paths_in

LIMITS = {
    "name": 100,
    "state_machine": 100,
    "state": 100,
    "requester_path": 200,
    "headline": 200,
    "question": 2_000,
    "approve_label": 40,
    "reject_label": 40,
    "default_output": 100_000,
}
# What is looked through for every task, and what a schema costs, has a limit.
MOST_ENTRIES = {
    "connections": 100,
    "tags": 50,
    "conditions": 20,
    "key_fields": 20,
    "teams": 100,
    "users": 500,
    "rejection_errors": 200,
}
LONGEST_ENTRY = 256
MOST_CHOICES = 1_000
BY_SIZE = ("above", "at_least", "below", "at_most")
LONGEST_SCHEMA = 50_000


def problems(policy: PolicyFields) -> dict[str, list[str]]:
    """Return everything that is wrong, by field; nothing where it may be put in force."""
    unkept = {name: why_not_kept(getattr(policy, name)) for name in NAMES}
    found = {name: [why] for name, why in unkept.items() if why}
    if found:
        # Nothing else can be asked of what no database takes.
        return found
    for check in _CHECKS:
        for name, text in check(policy):
            found.setdefault(name, []).append(text)
    return found


Found = Iterator[tuple[str, str]]


def _texts(policy: PolicyFields) -> Found:
    if not policy.name.strip():
        yield "name", "Every policy needs a name."
    for name, limit in LIMITS.items():
        text = getattr(policy, name)
        if len(text) > limit:
            yield name, f"This has {len(text):,} characters; at most {limit:,} are kept."


def _name(policy: PolicyFields) -> Found:
    """People tell policies apart by their names; one that is in force stays what it was."""
    in_force = set(Policy.objects.current().values_list("name", flat=True))
    if policy.name in in_force:
        return
    if not policy.name.isprintable() or policy.name != " ".join(policy.name.split()):
        yield "name", "A name is one line of visible characters, with single spaces between words."
    for other in sorted(in_force):
        if looks(other) == looks(policy.name):
            yield "name", f"“{other}” is in force, and the two names look alike."


def _sizes(policy: PolicyFields) -> Found:
    for name, most in MOST_ENTRIES.items():
        entries: Sized = getattr(policy, name)
        if len(entries) > most:
            yield name, f"These are {len(entries):,}; at most {most} are kept."
    named = {"connections": policy.connections, "tags": [*policy.tags, *policy.tags.values()]}
    for name, texts in named.items():
        if any(len(text) > LONGEST_ENTRY for text in texts):
            yield name, f"One of them is longer than {LONGEST_ENTRY} characters."


def _choices(policy: PolicyFields) -> Found:
    if policy.reason_rule not in ReasonRule.values:
        yield "reason_rule", f"Choose one of {', '.join(ReasonRule.values)}."
    if policy.rejection_mode not in RejectionMode.values:
        yield "rejection_mode", f"Choose one of {', '.join(RejectionMode.values)}."


def _covers(policy: PolicyFields) -> Found:
    narrow = ("connections", "state_machine", "state", "tags", "conditions")
    if policy.is_default and any(getattr(policy, name) for name in narrow):
        yield "name", "The default policy covers whatever no other one covers, so it has no limits."
    for condition in policy.conditions:
        yield from _condition(condition)


def _condition(condition: dict[str, Any]) -> Found:
    strange = set(condition) - {"path", "is", "value"}
    if strange:
        yield "conditions", f"A condition has path, is and value, not {', '.join(sorted(strange))}."
    test, path = condition.get("is"), condition.get("path")
    if not isinstance(test, str) or test not in TESTS:
        yield "conditions", f"“{test}” is none of the comparisons: {', '.join(TESTS)}."
    else:
        wrong = _wrong_value(test, condition)
        if wrong:
            yield "conditions", f"“{path!s:.200} {test}” {wrong}"
    yield from _path("conditions", path)


def _wrong_value(test: str, condition: dict[str, Any]) -> str:
    """Why nothing could ever be compared with this value; "" where it can.

    A condition that holds for nothing leaves its requests to a weaker policy, unseen.
    """
    if test in NEEDS_NO_VALUE:
        return "takes no value." if "value" in condition else ""
    if "value" not in condition:
        return "lacks a value to compare with."
    value = condition["value"]
    if test == "one_of":
        return _wrong_choices(value)
    # Only a number is at least itself.
    if test in BY_SIZE and not TESTS["at_least"](value, value):
        return f"compares numbers, and {_shown(value)} is none; write one as in 1000 or 0.5."
    return ""


def _wrong_choices(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return 'needs a list of values, as in ["a", "b"].'
    return f"has more than {MOST_CHOICES:,} values." if len(value) > MOST_CHOICES else ""


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f"“{value:.40}”"
    return f"{json.dumps(value, ensure_ascii=False):.40}"


def _paths(policy: PolicyFields) -> Found:
    if policy.requester_path:
        yield from _path("requester_path", policy.requester_path)
    for path in paths_in(policy.headline):
        yield from _path("headline", path)
    for one in policy.key_fields:
        if set(one) != {"label", "path"} or not all(isinstance(v, str) for v in one.values()):
            yield "key_fields", "Each key field has a label and a path."
        else:
            yield from _path("key_fields", one["path"])


def _path(name: str, path: Any) -> Found:
    try:
        check_path(path if isinstance(path, str) else "")
    except PathError as exc:
        yield name, f"{path or 'An empty path'!s:.200}: {exc}"


def _people(policy: PolicyFields) -> Found:
    known = set(Group.objects.filter(name__in=policy.teams).values_list("name", flat=True))
    for team in sorted(set(policy.teams) - known):
        yield "teams", f"There is no team “{team}”."
    users = set(User.objects.filter(username__in=policy.users).values_list("username", flat=True))
    for username in sorted(set(policy.users) - users):
        yield "users", f"There is nobody with the username “{username}”."


def _quorum(policy: PolicyFields) -> Found:
    for name in ("approvals_needed", "rejections_needed"):
        if not 1 <= getattr(policy, name) <= MOST_SIGNATURES:
            yield name, f"Between 1 and {MOST_SIGNATURES} signatures can be asked for."
    yield from _shares(policy)
    needed = max(policy.approvals_needed, policy.rejections_needed)
    people = who_may_answer(policy).count()
    if people == 0:
        yield "approvals_needed", "Nobody may answer under this policy now."
    elif people < needed:
        said = f"It takes {needed} people, and only {people} may answer under this policy now."
        yield "approvals_needed", said


def _shares(policy: PolicyFields) -> Found:
    """What each team is to give, and whether there are people enough in it."""
    people = Count("user", filter=Q(user__in=who_may_answer(policy)), distinct=True)
    rows = Group.objects.filter(name__in=policy.teams).annotate(people=people)
    able = dict(rows.values_list("name", "people"))
    for team, count in policy.teams.items():
        if count > policy.approvals_needed:
            yield "teams", f"“{team}” is to give {count} of {policy.approvals_needed} signatures."
        elif count > able.get(team, count):
            few = f"only {able[team]} of its people may answer now."
            yield "teams", f"“{team}” is to give {count} signatures, and {few}"


def who_may_answer(policy: PolicyFields) -> QuerySet[User]:
    """Active approvers whom the policy names, by name."""
    people = User.objects.filter(is_active=True, role_grants__role=Role.APPROVER)
    if policy.teams or policy.users:
        people = people.filter(Q(groups__name__in=policy.teams) | Q(username__in=policy.users))
    return people.distinct().order_by("last_name", "username")


def _answers(policy: PolicyFields) -> Found:
    for error in policy.rejection_errors:
        yield from _refused("rejection_errors", partial(check_error, error))
    if policy.rejection_mode == RejectionMode.SUCCESS:
        yield from _refused("rejection_output", lambda: check_output(policy.rejection_output))
    elif policy.rejection_output:
        yield "rejection_output", "Only a rejection that is a success sends an output."
    if policy.undo_seconds is not None and policy.undo_seconds > LONGEST_UNDO_SECONDS:
        yield "undo_seconds", f"An answer is held for at most {LONGEST_UNDO_SECONDS} seconds."


def _refused(name: str, check: Callable[[], Any]) -> Found:
    try:
        check()
    except PayloadError as exc:
        yield name, str(exc.problem)


def _schema(policy: PolicyFields) -> Found:
    if policy.output_schema is False:
        yield "output_schema", "No answer fits false, so nobody could ever approve."
        return
    if policy.output_schema is not None:
        length = len(json.dumps(policy.output_schema, ensure_ascii=False))
        if length > LONGEST_SCHEMA:
            yield "output_schema", f"This has {length:,} characters; at most {LONGEST_SCHEMA:,}."
            return
        try:
            check_schema(policy.output_schema)
        except SchemaProblem as exc:
            yield "output_schema", str(exc)
            return
    if not policy.default_output:
        return
    faulty = list(_refused("default_output", lambda: check_output(policy.default_output)))
    yield from faulty
    if not faulty and policy.output_schema is not None:
        for misfit in misfits(policy.output_schema, json.loads(policy.default_output)):
            yield "default_output", f"It does not fit the schema: {misfit}"


_CHECKS = (_texts, _name, _sizes, _choices, _covers, _paths, _people, _quorum, _answers, _schema)
