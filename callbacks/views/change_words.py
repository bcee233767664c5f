"""How the answer that is being written differs from the one that is usual."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.differences import differences
from callbacks.asl.payload import PayloadError, check_output
from callbacks.decisions.formfields import default_output, fields_of
from callbacks.models import CallbackTask, User
from callbacks.queries.past_answers import past_outputs
from callbacks.views.answer_form import Typed

MOST_SHOWN = 20
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after` are JSON; "" where there is no such value."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    title: str
    rows: tuple[Change, ...]
    more: str = ""


def changes_of(*, task: CallbackTask, user: User, typed: Typed) -> Changes | None:
    """Against the answer that the policy begins with, or else the last one that this person may
    know of; None where there is neither, or nothing to compare. Two queries at most."""
    try:
        after = check_output(typed.output)
    except PayloadError:
        return None
    policy = task.policy
    begun_with = policy.default_output or default_output(fields_of(policy.output_schema))
    against = begun_with or _last(task, user)
    try:
        found = differences(check_output(against), after)
    except PayloadError:
        return None
    what = _("the answer to begin with") if begun_with else _("the last answer to this step")
    if not found.found:
        return Changes(_("The same as %(what)s") % {"what": what}, ())
    values = {"n": len(found.found), "total": found.total, "what": what}
    words = ngettext(
        "%(n)s of %(total)s values differs from %(what)s",
        "%(n)s of %(total)s values differ from %(what)s",
        len(found.found),
    )
    rows = tuple(
        Change(_short(one.path), _short(one.before), _short(one.after))
        for one in found.found[:MOST_SHOWN]
    )
    hidden = len(found.found) - len(rows)
    more = ngettext("and %(n)s more", "and %(n)s more", hidden) % {"n": hidden} if hidden else ""
    return Changes(words % values, rows, more)


def _last(task: CallbackTask, user: User) -> str:
    newest = past_outputs(
        tasks=CallbackTask.objects.visible_to(user),
        connection_id=task.connection_id,
        workflow=task.state_machine_name,
        state=task.state,
        most=1,
    )
    return newest[0] if newest else ""


def _short(text: str | None) -> str:
    if text is None or len(text) <= _LONGEST:
        return text or ""
    return f"{text[:_LONGEST]}…"
