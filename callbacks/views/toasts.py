"""The floating messages of a person's own answers under way, as parts/toast.html takes them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from callbacks.models import DecisionStatus, Direction
from callbacks.queries.frame import OwnAnswer
from callbacks.templatetags.words import shown_plain, stamp
from callbacks.views.places import decision_page, send_door, withdraw_door


def toast(*, answer: OwnAnswer, now: datetime) -> dict[str, Any]:
    """Word one answer: on hold with its countdown and Undo, else where it stands."""
    words: dict[str, Any] = {"id": answer.id, "text": shown_plain(answer.headline)}
    if answer.status == DecisionStatus.HELD and answer.send_after > now:
        return words | _held(answer, now)
    look = ("due", "help-circle") if answer.status == DecisionStatus.UNKNOWN else ("", "loader")
    return words | {
        "tone": look[0],
        "icon": look[1],
        "title": _doing(answer),
        "url": decision_page(answer.id),
        "label": _("Look"),
    }


def _held(answer: OwnAnswer, now: datetime) -> dict[str, Any]:
    left = math.ceil((answer.send_after - now).total_seconds())
    seconds = max(1, math.ceil((answer.send_after - answer.status_at).total_seconds()))
    title = _("Approving in {}") if answer.direction == Direction.APPROVE else _("Rejecting in {}")
    return {
        "until": stamp(answer.send_after),
        "seconds": seconds,
        "left": left,
        "title": title,
        "title_now": title.replace("{}", _("%(n)d s") % {"n": left}),
        "undo_url": withdraw_door(answer.id),
        "send_url": "" if answer.is_shared else send_door(answer.id),
    }


def _doing(answer: OwnAnswer) -> str:
    if answer.status == DecisionStatus.UNKNOWN:
        return _("Outcome unknown")
    return _("Approving") if answer.direction == Direction.APPROVE else _("Rejecting")
