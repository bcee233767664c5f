"""Connections: how old their data is, what was counted of the calls, what may be done there."""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from callbacks.models import Role
from callbacks.queries.connections import ConnectionDetail, connection_detail, list_connections
from callbacks.queries.rights import RightsSeen, rights_of_each, rights_seen
from callbacks.rights import Trial
from callbacks.sync.trail import ages
from callbacks.templatetags.words import moment, span, whole
from callbacks.views.ages import cause, stale_after
from callbacks.views.budget_words import budget_panel
from callbacks.views.connection_words import connection_row, facts_of
from callbacks.views.fragments import respond
from callbacks.views.frame import READERS_OF_CONNECTIONS, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.rights_policies import policy_texts
from callbacks.views.rights_words import rights_panel
from callbacks.views.trail_words import age_chart

# Whose click makes calls.
MAY_TRY_RIGHTS = frozenset({Role.OPERATOR, Role.ADMIN})


@page(roles=READERS_OF_CONNECTIONS)
def connections(request: PersonRequest) -> HttpResponse:
    now = frame_of(request).now
    lines = list_connections(now=now)
    rights = rights_of_each(places=[line.place for line in lines], now=now)
    context = {
        "rows": [
            connection_row(line=line, rights=rights[line.connection.pk], now=now) for line in lines
        ],
        "interval": settings.SYNC_INTERVAL_SECONDS,
        "share": round(settings.SYNC_QUOTA_SHARE * 100),
    }
    return respond(request, "callbacks/connections.html", context, fragment="list")


@page(roles=READERS_OF_CONNECTIONS)
def connection(request: PersonRequest, connection_id: uuid.UUID) -> HttpResponse:
    return show_connection(request, connection_id)


def show_connection(
    request: PersonRequest, connection_id: uuid.UUID, *, trial: Trial | None = None
) -> HttpResponse:
    """The page, with what a trial of the rights of reading has just shown, if there was one."""
    now = frame_of(request).now
    detail = connection_detail(connection_id=connection_id, now=now)
    if detail is None:
        raise Http404
    seen = rights_seen(place=detail.line.place, now=now)
    context = {
        "row": connection_row(line=detail.line, rights=seen, now=now),
        "may_try": bool(request.user.roles & MAY_TRY_RIGHTS) and detail.line.connection.is_enabled,
        "budget": budget_panel(connection=detail.line.connection, now=now),
        **_detail(detail, now),
        **_rights(detail, seen, now, trial),
    }
    return respond(request, "callbacks/connection.html", context, fragment="detail")


# --- one connection -----------------------------------------------------------------------------
def _detail(detail: ConnectionDetail, now: datetime) -> dict[str, Any]:
    one, health = detail.line.connection, detail.line.health
    facts = facts_of(one, health)
    return {
        "calls": detail.calls,
        "machines": detail.machines,
        "can_wait": detail.can_wait,
        "problems": detail.line.problems,
        "failing_since": _moment(facts.failing_since, now),
        "cause": cause(facts) if facts.failing_since else "",
        "throttled_at": _moment(facts.throttled_at, now),
        "pass_finished_at": _moment(health.pass_finished_at if health else None, now),
        "figures": _figures(health.figures if health else {}),
        "has_hints": bool(one.hint_queue_url),
        "late_after": span(stale_after(facts).total_seconds()),
        "chart": age_chart(
            ages(health.ages if health else (), now=now),
            known_at=facts.read_ok_at,
            is_enabled=one.is_enabled,
            late_after=stale_after(facts),
            now=now,
        ),
    }


def _rights(
    detail: ConnectionDetail, seen: RightsSeen, now: datetime, trial: Trial | None
) -> dict[str, Any]:
    one = detail.line.connection
    panel = rights_panel(connection=one, seen=seen, now=now, trial=trial)
    return {
        "rights": panel,
        "policies": policy_texts(connection=one, panel=panel),
        "policy_command": f"python manage.py iam_policy {shlex.quote(one.name)}",
    }


def _moment(at: datetime | None, now: datetime) -> str:
    return moment(at=at, now=now) if at else ""


def _figures(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The last pass's figures that were counted, in the words of the page."""
    words = {
        "executions_listed": _("Runs listed"),
        "histories_read": _("Histories read"),
        "tasks_opened": _("Requests found"),
        "tasks_closed": _("Requests closed"),
        "throttles": _("Throttled"),
        "problems": _("Histories that could not be used"),
        "machines_behind": _("Workflows not looked at for minutes"),
    }
    counted = [
        (label, whole(figures[name]))
        for name, label in words.items()
        if isinstance(figures.get(name), int)
    ]
    seconds = figures.get("seconds")
    if isinstance(seconds, int | float):
        counted.append((_("Took"), _("%(n).1f s") % {"n": seconds}))
    return counted
