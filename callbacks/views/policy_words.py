"""Policies in words: a line of the list, and how two versions differ."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.models import Policy
from callbacks.policies.fields import as_text, fields_of
from callbacks.views.answer_locks import named_in
from callbacks.views.policy_form import condition_line


@dataclass(frozen=True, slots=True)
class Line:
    """A policy in the list; `place` is where the list shows it."""

    url: str
    place: str
    name: str
    version: int
    is_default: bool
    covers: str
    who: str
    signatures: str
    is_first: bool = False
    is_last: bool = False


def difference(against: Policy | None, policy: Policy) -> list[tuple[str, str]]:
    return diff(as_text(fields_of(against)) if against else "", as_text(fields_of(policy)))


def diff(before: str, after: str) -> list[tuple[str, str]]:
    """Lines of the newer text with those of the older one between: class and text.

    Of a first version, where nothing was before, just its lines.
    """
    if not before:
        return [("", line) for line in after.splitlines()]
    classes = {"+ ": "add", "- ": "bad", "  ": ""}
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [(classes[line[:2]], line) for line in lines if line[:2] in classes]


def line_of(policy: Policy, order: Sequence[Policy] = ()) -> Line:
    return Line(
        url=reverse("policy", args=[policy.pk]),
        place=place_of(policy),
        name=policy.name,
        version=policy.version,
        is_default=policy.is_default,
        covers=_covers(policy),
        who=named_in(policy),
        signatures=_signatures(policy),
        is_first=bool(order) and policy == order[0],
        is_last=bool(order) and policy == order[-1],
    )


def place_of(policy: Policy) -> str:
    return f"policy-{policy.pk}"


def _covers(policy: Policy) -> str:
    if policy.is_default:
        return _("whatever no other policy covers")
    words = [
        " / ".join(part for part in (policy.state_machine or "*", policy.state) if part),
        *policy.connections,
        *(f"{name}={value}" for name, value in policy.tags.items()),
        *(condition_line(one) for one in policy.conditions),
    ]
    return " · ".join(words)


def _signatures(policy: Policy) -> str:
    count = policy.approvals_needed
    said = ngettext("%(n)d\u00a0signature", "%(n)d\u00a0signatures", count) % {"n": count}
    of = [
        _("%(n)d of %(team)s") % {"n": one.approvals, "team": one.team.name}
        for one in policy.policy_teams.all()
        if one.approvals
    ]
    return ", ".join([said, *of])
