"""The frame of every page: navigation by role, counts, ages, the person, toasts and banners.

A context processor whose values are computed only where a template uses them, so that fragments
and sign-in cost nothing; whatever a page uses of it, the queries are asked once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callbacks.models import DecisionStatus, Role, User
from callbacks.models.clock import database_now, shown_now
from callbacks.queries.frame import FrameFacts, frame_facts
from callbacks.queries.sight import Sight, sight_of
from callbacks.templatetags.words import many
from callbacks.views.ages import Banner, age_line, banners
from callbacks.views.audit_outside import rollback_banners
from callbacks.views.toasts import toast

EVERYBODY = frozenset(Role)
READERS_OF_AUDIT = frozenset({Role.AUDITOR, Role.ADMIN})
READERS_OF_POLICIES = frozenset({Role.OPERATOR, Role.AUDITOR, Role.ADMIN})
READERS_OF_CONNECTIONS = frozenset({Role.OPERATOR, Role.AUDITOR, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation; `routes` are the pages that count as being there."""

    key: str
    icon: str
    label: Any
    roles: frozenset[Role]
    routes: tuple[str, ...]
    # Whether g and the first letter of `key` lead there: no two places may share one.
    has_shortcut: bool = True


PLACES = (
    Place("inbox", "inbox", gettext_lazy("Inbox"), EVERYBODY, ("inbox",)),
    Place("waiting", "hourglass", gettext_lazy("Waiting"), EVERYBODY, ("waiting",)),
    Place("history", "history", gettext_lazy("History"), EVERYBODY, ("history",)),
    Place("audit", "shield-check", gettext_lazy("Audit"), READERS_OF_AUDIT, ("audit",)),
    Place(
        "workflows",
        "sitemap",
        gettext_lazy("Workflows"),
        EVERYBODY,
        ("workflows", "workflow"),
        has_shortcut=False,
    ),
    Place(
        "policies",
        "users",
        gettext_lazy("Policies"),
        READERS_OF_POLICIES,
        ("policies", "policy", "new_policy", "edit_policy"),
    ),
    Place(
        "connections",
        "plug-connected",
        gettext_lazy("Connections"),
        READERS_OF_CONNECTIONS,
        ("connections", "connection"),
    ),
)


class Frame:
    """What base.html names, computed when it is first asked for."""

    def __init__(self, request: HttpRequest, user: User, now: datetime) -> None:
        self.request = request
        self.user = user
        self.now = now

    @cached_property
    def sight(self) -> Sight:
        return sight_of(user=self.user)

    @cached_property
    def facts(self) -> FrameFacts:
        return frame_facts(user=self.user, sight=self.sight)

    @cached_property
    def nav(self) -> list[dict[str, Any]]:
        here = self.request.resolver_match.url_name if self.request.resolver_match else ""
        # An empty place needs no number.
        counts = {"inbox": self.facts.for_me or None, "waiting": self.facts.waiting or None}
        return [
            {
                "key": place.key,
                "shortcut": f"g{place.key[0]}" if place.has_shortcut else "",
                "url": reverse(place.key),
                "icon": place.icon,
                "label": place.label,
                "count": many(counts.get(place.key)),
                "urgent": False,
                "current": here in place.routes,
            }
            for place in PLACES
            if place.roles & self.user.roles
        ]

    @cached_property
    def ages(self) -> list[dict[str, str]]:
        return [age_line(facts=facts, now=self.now) for facts in self.facts.connections]

    @cached_property
    def person(self) -> dict[str, Any]:
        return {
            "name": self.user.label,
            "initials": initials(self.user.label),
            "role": " · ".join([*role_names(self.user), *self.sight.teams]),
            "theme": self.user.theme,
            "keys": self.user.keys_enabled,
            "settings_url": reverse("settings"),
        }

    @cached_property
    def toasts(self) -> list[dict[str, Any]]:
        # What a connection that is off holds may stand still for days: its pages and rows tell it.
        off = self.facts.off
        return [
            toast(answer=answer, now=self.now)
            for answer in self.facts.own_answers
            if answer.status != DecisionStatus.HELD or answer.connection_id not in off
        ]

    @cached_property
    def banners(self) -> list[Banner]:
        found = banners(
            connections=self.facts.connections,
            last_pulse=self.facts.last_pulse,
            may_open=bool(READERS_OF_CONNECTIONS & self.user.roles),
            now=self.now,
        )
        return [*rollback_banners(user=self.user), *found]


def frame_of(request: HttpRequest) -> Frame:
    """The one frame of this request. Somebody must be signed in."""
    frame: Frame | None = request.__dict__.get("_frame")
    if frame is None:
        if not isinstance(request.user, User):
            raise TypeError("Only a signed-in person has a frame.")
        frame = request.__dict__["_frame"] = Frame(request, request.user, _now(request))
    return frame


def _now(request: HttpRequest) -> datetime:
    """What a post writes, workers on other hosts compare; what is only shown costs no query."""
    return database_now() if request.method == "POST" else shown_now()


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the names that base.html's own comment lists."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    part: Callable[[str], Any] = lambda name: SimpleLazyObject(  # noqa: E731 - one expression
        lambda: getattr(frame_of(request), name)
    )
    return {name: part(name) for name in ("nav", "ages", "person", "toasts", "banners")}


def initials(name: str) -> str:
    words = name.split()
    letters = words[0][:1] + words[-1][:1] if len(words) > 1 else name[:2]
    return letters.upper()


def role_names(user: User) -> list[str]:
    """The person's roles in words, the everyday one first."""
    return [str(role.label) for role in Role if role in user.roles] or [_("No role yet")]
