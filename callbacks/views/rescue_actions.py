"""What was done to a run beside answering its tasks, in words; and the same steps in the record."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from callbacks.models import OPEN_RESCUES, RescueAction, RescueKind, RescueStatus
from callbacks.queries.rescue import actions_of
from callbacks.templatetags.words import utc_time

LONGEST_SHOWN = 2_000
# Without script the page asks again by itself while something may change.
REFRESH_SECONDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionWords:
    """One action as the run's page lists it. Times are UTC."""

    action: RescueAction
    icon: str
    title: str
    at: str
    badge: str
    badge_word: str
    text: str
    aws: str
    cause: str
    lost: str


def actions_context(*, execution_id: uuid.UUID) -> dict[str, Any]:
    """What templates/parts/rescue.html#actions takes: one query."""
    found = actions_of(execution_id=execution_id)
    return {
        "actions": [_action_words(action) for action in found],
        "refresh_seconds": REFRESH_SECONDS,
        "actions_open": any(_may_change(action) for action in found),
    }


def _may_change(action: RescueAction) -> bool:
    is_settled_beat = action.kind == RescueKind.HEARTBEAT and action.status == RescueStatus.UNKNOWN
    return action.status in OPEN_RESCUES and not is_settled_beat


_ICONS = {"heartbeat": "heartbeat", "stop": "player-stop", "redrive": "repeat"}
_BADGES = {
    RescueStatus.REQUESTED: "sending",
    RescueStatus.SENDING: "sending",
    RescueStatus.SENT: "sent",
    RescueStatus.DONE: "confirmed",
    RescueStatus.REFUSED: "refused",
    RescueStatus.UNKNOWN: "unknown",
}


def _action_words(action: RescueAction) -> ActionWords:
    is_beat = action.kind == RescueKind.HEARTBEAT
    title = _("%(what)s by %(who)s") % {
        "what": _kind_words(action),
        "who": action.asked_by_name,
    }
    taken = action.status == RescueStatus.DONE and is_beat
    words = {RescueStatus.REFUSED: _("Not done"), RescueStatus.REQUESTED: _("Asked for")}
    return ActionWords(
        action=action,
        icon=_ICONS[action.kind],
        title=title,
        at=f"{utc_time(action.asked_at)} UTC",
        badge=_BADGES[RescueStatus(action.status)],
        badge_word=_("AWS took it") if taken else words.get(RescueStatus(action.status), ""),
        text=_said(action),
        aws=_aws_said(action),
        cause=action.cause[:LONGEST_SHOWN],
        lost=_lost(action),
    )


def _kind_words(action: RescueAction) -> str:
    if action.kind == RescueKind.HEARTBEAT:
        return _("Heartbeat for %(state)s") % {
            "state": f"{action.state} {action.iteration}".strip()
        }
    return _("Stop") if action.kind == RescueKind.STOP else _("Redrive")


def _aws_said(action: RescueAction) -> str:
    parts = []
    if action.answer_code:
        parts.append(f"{action.answer_code}: {action.answer_message}".rstrip(": "))
    if action.aws_request_id:
        parts.append(_("request id %(id)s") % {"id": action.aws_request_id})
    return " · ".join(parts)


def _lost(action: RescueAction) -> str:
    if action.kind != RescueKind.STOP:
        return ""
    return _("%(tasks)d waiting, %(answers)d answers under way when it was asked for") % {
        "tasks": action.waiting_tasks,
        "answers": action.live_answers,
    }


def _said(action: RescueAction) -> str:
    """What became of it, in a sentence."""
    if action.status == RescueStatus.REFUSED:
        words = _REFUSED.get(action.outcome)
        return words() if words else _("AWS refused it; nothing was changed.")
    return _SAID[(action.kind, action.status)]()


_WAITS = lambda: _("Waits to be sent.")  # noqa: E731 - shared by the three
_SENDS = lambda: _("On its way to AWS.")  # noqa: E731
_TAKEN = lambda: _("AWS took it; the run does not show it yet.")  # noqa: E731
_LOOKS = lambda: _(  # noqa: E731
    "No trustworthy answer came. Holdpoint looks at the run until it knows."
)
_SAID: Mapping[tuple[str, str], Callable[[], str]] = {
    **{(kind, "requested"): _WAITS for kind in RescueKind.values},
    **{(kind, "sending"): _SENDS for kind in RescueKind.values},
    **{(kind, "sent"): _TAKEN for kind in RescueKind.values},
    ("heartbeat", "done"): lambda: _("AWS took the heartbeat; the heartbeat clock began anew."),
    ("heartbeat", "unknown"): lambda: _(
        "No trustworthy answer came, and AWS keeps no trace of heartbeats: whether this one "
        "counted cannot be known. Another one does no harm."
    ),
    ("stop", "unknown"): _LOOKS,
    ("stop", "done"): lambda: _("AWS shows the run as ABORTED."),
    ("redrive", "unknown"): _LOOKS,
    ("redrive", "done"): lambda: _("AWS counts one more redrive of this run."),
}
_REFUSED: Mapping[str, Callable[[], str]] = {
    "ended_first": lambda: _("The run had ended by itself; nothing was stopped."),
    "stopped_elsewhere": lambda: _("Somebody else stopped the run first."),
    "redriven_since": lambda: _("The run was redriven meanwhile; whether it was stopped before "
    "does not show any more."),
    "overtaken": lambda: _("The run was redriven before this could be sent; nothing was sent."),
    "task_gone": lambda: _("The task no longer waits; no heartbeat counts any more."),
    "not_redrivable": lambda: _("AWS does not redrive this run."),
    "forgotten": lambda: _("AWS no longer knows this run."),
    "too_many_runs": lambda: _("Too many runs are open in this account."),
    "access_denied": lambda: _("AWS denies it: Holdpoint's role lacks the right."),
    "role_denied": lambda: _("AWS does not let Holdpoint into its role for this account."),
    "credentials": lambda: _("Holdpoint has no credentials for this account."),
    "throttled": lambda: _("AWS was too busy for it, again and again; nothing was changed."),
    "unreachable": lambda: _("AWS could not be reached; nothing was changed."),
    "token_unreadable": lambda: _("The token that is kept here cannot be read."),
}  # fmt: skip

_STEPS: Mapping[str, tuple[str, Callable[[], str], Callable[[], str], Callable[[], str]]] = {
    "requested": ("flag", lambda: _("Heartbeat asked for"), lambda: _("Stop asked for"),
                  lambda: _("Redrive asked for")),
    "sending": ("send", lambda: _("Heartbeat being sent"), lambda: _("Stop being sent"),
                lambda: _("Redrive being sent")),
    "not_sent": ("clock", lambda: _("Heartbeat not sent yet"), lambda: _("Stop not sent yet"),
                 lambda: _("Redrive not sent yet")),
    "sent": ("cloud", lambda: _("AWS took the heartbeat"), lambda: _("AWS took the stop"),
             lambda: _("AWS took the redrive")),
    "done": ("cloud-check", lambda: _("AWS took the heartbeat"), lambda: _("Run stopped"),
             lambda: _("Run redriven")),
    "refused": ("circle-x", lambda: _("Heartbeat not done"), lambda: _("Stop not done"),
                lambda: _("Redrive not done")),
    "unknown": ("help-circle", lambda: _("Outcome of a heartbeat unknown"),
                lambda: _("Outcome of a stop unknown"),
                lambda: _("Outcome of a redrive unknown")),
}  # fmt: skip


# The kinds of audit entries, with icon and words: "stop_requested" and so on.
KINDS: Mapping[str, tuple[str, Callable[[], str]]] = {
    f"{kind}_{step}": (icon, words)
    for step, (icon, *of_kinds) in _STEPS.items()
    for kind, words in zip(RescueKind.values, of_kinds, strict=True)
}
