"""The audit record outside the database: its last checkpoint, and roll-backs to acknowledge."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from callbacks.audit import rollback
from callbacks.models import Role, User
from callbacks.queries.outside import last_checkpoint, open_rollbacks
from callbacks.templatetags.words import age
from callbacks.views.ages import Banner
from callbacks.views.guard import PersonRequest, page
from callbacks.views.persons import actor_of

TEMPLATE = "callbacks/audit_rollback.html"
LONGEST_REASON = 2_000
WINDOWS = 2


def outside_context(*, user: User, now: datetime) -> dict[str, Any]:
    """What the audit page tells of it: two queries."""
    last = last_checkpoint()
    late = timedelta(seconds=WINDOWS * settings.AUDIT_CHECKPOINT_SECONDS)
    return {
        "checkpoint": last,
        "checkpoint_age": age(since=last.at, now=now) if last else "",
        "is_silent": last is None or now - last.at > late,
        "rollbacks": open_rollbacks(),
        "may_acknowledge": Role.ADMIN in user.roles,
    }


def rollback_banners(*, user: User) -> list[Banner]:
    """On every page of an administrator, until it is acknowledged: one query for them only."""
    if Role.ADMIN not in user.roles or not open_rollbacks():
        return []
    return [
        Banner(
            kind="down",
            icon="shield-x",
            title=_("The database has lost entries of the audit record."),
            text=_(
                "No answer is sent until an administrator has acknowledged it. Answers are kept."
            ),
            url=reverse("audit_rollback"),
            label=_("Look at it"),
        )
    ]


@page(roles={Role.ADMIN}, methods=("GET", "HEAD", "POST"))
def audit_rollback(request: PersonRequest) -> HttpResponse:
    """Show what was lost; take the reason of the administrator who lets it go on."""
    if request.method != "POST":
        return _show(request)
    reason = request.POST.get("reason", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        return _show(request, error=_("Say in up to 2,000 characters what happened."), kept=reason)
    rollback.acknowledge(
        ids=[int(text) for text in request.POST.getlist("id") if _is_number(text)],
        reason=reason,
        actor=actor_of(request),
        now=timezone.now(),
    )
    return HttpResponseRedirect(reverse("audit"))


def _show(request: PersonRequest, *, error: str = "", kept: str = "") -> HttpResponse:
    context = {"rollbacks": open_rollbacks(), "error": error, "reason": kept}
    return render(request, TEMPLATE, context, status=422 if error else 200)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15
