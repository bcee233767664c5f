"""Connections: how old their data is, what was counted of the calls, how to add one."""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from callbacks.models import Connection, ConnectionHealth, Role
from callbacks.queries.connections import (
    ConnectionDetail,
    ConnectionLine,
    connection_detail,
    list_connections,
)
from callbacks.queries.frame import ConnectionFacts
from callbacks.queries.rights import rights_seen
from callbacks.rights import Trial
from callbacks.templatetags.words import age, moment, whole
from callbacks.views.ages import Freshness, cause, freshness, is_slowed
from callbacks.views.budget_words import budget_panel
from callbacks.views.fragments import respond
from callbacks.views.frame import READERS_OF_CONNECTIONS, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.rights_policies import policy_texts
from callbacks.views.rights_words import rights_panel

# Whose click makes calls.
MAY_TRY_RIGHTS = frozenset({Role.OPERATOR, Role.ADMIN})


@page(roles=READERS_OF_CONNECTIONS)
def connections(request: PersonRequest) -> HttpResponse:
    now = frame_of(request).now
    context = {
        "rows": [_row(line, now) for line in list_connections(now=now)],
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
    context = {
        "row": _row(detail.line, now),
        "may_try": bool(request.user.roles & MAY_TRY_RIGHTS) and detail.line.connection.is_enabled,
        "budget": budget_panel(connection=detail.line.connection, now=now),
        **_detail(detail, now),
        **_rights(detail, now, trial),
    }
    return respond(request, "callbacks/connection.html", context, fragment="detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """What both pages show; figures that nobody counted are empty, not zero."""

    id: uuid.UUID
    label: str
    account: str
    way_in: str
    endpoint: str
    icon: str
    state: str
    tone: str
    age: str
    is_late: bool
    histories_read: str
    waiting: int
    throttles: int
    denials: int
    cause: str


def _row(line: ConnectionLine, now: datetime) -> ConnectionRow:
    one, health = line.connection, line.health
    facts = _facts(one, health)
    icon, word, tone = _state(facts, now)
    read = (health.figures if health else {}).get("histories_read")
    return ConnectionRow(
        id=one.pk,
        label=one.label,
        account=one.account,
        way_in=way_in(one),
        endpoint=one.endpoint_url,
        icon=icon,
        state=word,
        tone=tone,
        age=age(since=facts.read_ok_at, now=now) if facts.read_ok_at else "",
        is_late=freshness(facts=facts, now=now) in (Freshness.STALE, Freshness.DOWN),
        histories_read=whole(read) if isinstance(read, int) else "",
        waiting=line.waiting,
        throttles=line.throttles,
        denials=line.denials,
        cause=cause(facts) if facts.failing_since else "",
    )


def _facts(one: Connection, health: ConnectionHealth | None) -> ConnectionFacts:
    return ConnectionFacts(
        id=one.pk,
        name=one.name,
        region=one.region,
        account=one.account,
        is_enabled=one.is_enabled,
        read_ok_at=health.read_ok_at if health else None,
        failing_since=health.failing_since if health else None,
        error_code=health.error_code if health else "",
        error_message=health.error_message if health else "",
        throttled_at=health.throttled_at if health else None,
    )


def _state(facts: ConnectionFacts, now: datetime) -> tuple[str, str, str]:
    """Icon, word and tone of the badge."""
    state = freshness(facts=facts, now=now)
    if state == Freshness.OK and is_slowed(facts=facts, now=now):
        return "gauge", _("Slowed by AWS"), "due"
    return {
        Freshness.OK: ("circle-check", _("Up to date"), "ok"),
        Freshness.STALE: ("alert-triangle", _("Late"), "due"),
        Freshness.DOWN: ("cloud-off", _("Cannot be read"), "dying"),
        Freshness.NEW: ("hourglass", _("Not read yet"), "wait"),
        Freshness.OFF: ("player-stop", _("Switched off"), "gone"),
    }[state]


def way_in(one: Connection) -> str:
    if one.role_arn:
        return _("role %(name)s") % {"name": one.role_arn.rsplit("/", 1)[-1]}
    if one.profile:
        return _("profile %(name)s") % {"name": one.profile}
    return _("credentials of the server")


# --- one connection -----------------------------------------------------------------------------
def _detail(detail: ConnectionDetail, now: datetime) -> dict[str, Any]:
    health = detail.line.health
    return {
        "calls": detail.calls,
        "machines": detail.machines,
        "can_wait": detail.can_wait,
        "problems": detail.problems,
        "failing_since": _moment(health.failing_since if health else None, now),
        "throttled_at": _moment(health.throttled_at if health else None, now),
        "pass_finished_at": _moment(health.pass_finished_at if health else None, now),
        "figures": _figures(health.figures if health else {}),
    }


def _rights(detail: ConnectionDetail, now: datetime, trial: Trial | None) -> dict[str, Any]:
    one = detail.line.connection
    seen = rights_seen(
        connection=one,
        health=detail.line.health,
        problems=[problem for _name, problem in detail.problems],
        now=now,
    )
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
