"""Who calls: a program by its key, or a person by the session of their browser."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from callbacks.api.bodies import check_media_type
from callbacks.api.problems import Problem, unauthorised
from callbacks.audit import Actor
from callbacks.keys import count_call, find_key
from callbacks.models import ApiKey, CallbackTask, Decision, Role, Scope, User
from callbacks.models.clock import database_now, shown_now
from callbacks.queries.sight import (
    Sight,
    answerable_tasks,
    sight_of,
    visible_decisions,
    visible_tasks,
)

logger = logging.getLogger(__name__)

EVERYBODY = frozenset(Role)
SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Caller:
    """`key` is None for a person in a browser, who may do all that they may."""

    user: User
    key: ApiKey | None
    address: str
    now: datetime

    @cached_property
    def sight(self) -> Sight:
        return sight_of(user=self.user)

    @property
    def actor(self) -> Actor:
        how = "key" if self.key else "password"
        return Actor(user=self.user, channel="api", address=self.address, authentication=how)

    @property
    def machines(self) -> list[str]:
        """The state machines that the key is for; empty for all."""
        return self.key.state_machines if self.key else []

    @property
    def tasks(self) -> QuerySet[CallbackTask]:
        """What this caller may know of."""
        return self._of_key(visible_tasks(self.sight))

    @property
    def own_tasks(self) -> QuerySet[CallbackTask]:
        """What waits for the caller or their teams."""
        return self._of_key(answerable_tasks(self.sight))

    @property
    def decisions(self) -> QuerySet[Decision]:
        rows = visible_decisions(self.sight)
        return rows.filter(state_machine_name__in=self.machines) if self.machines else rows

    def _of_key(self, rows: QuerySet[CallbackTask]) -> QuerySet[CallbackTask]:
        return rows.filter(state_machine_name__in=self.machines) if self.machines else rows


class ApiRequest(HttpRequest):
    """A request behind the door."""

    auth: Caller


class _Door(AuthBase):
    """What a route asks of its caller; django-ninja asks each door in turn."""

    def __init__(self, roles: Collection[Role], scope: Scope) -> None:
        self.roles = frozenset(roles)
        self.scope = scope
        super().__init__()

    def let_in(self, request: HttpRequest, user: User, key: ApiKey | None) -> Caller:
        """Raise Problem where this person or key may not use the route."""
        if not user.roles & self.roles:
            raise Problem(403, "role", "This is for another role. Nothing was done.")
        if key is not None and self.scope not in key.scopes:
            raise Problem(403, "scope", f"This key may not do that; it needs “{self.scope}”.")
        is_safe = request.method in SAFE
        if not is_safe:
            check_media_type(request)
        # What is written, workers on other hosts compare with their "now".
        now = shown_now() if is_safe else database_now()
        return Caller(user=user, key=key, address=request.META.get("REMOTE_ADDR", ""), now=now)


class ApiKeyAuth(_Door, HttpBearer):
    """Authorization: Bearer KEY."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        now = timezone.now()
        key = find_key(text=token, now=now)
        if key is None:
            # Of the key only what people tell it by.
            logger.warning("No such key from %s", request.META.get("REMOTE_ADDR", ""))
            raise unauthorised()
        wait = count_call(key=key, limit=settings.API_CALLS_PER_MINUTE, now=now)
        if wait:
            text = f"Too many calls: try again in {wait} s."
            raise Problem(429, "too_many_calls", text, headers={"Retry-After": str(wait)})
        return self.let_in(request, key.user, key)


class SessionAuth(_Door, APIKeyCookie):
    """The browser session, with Django's check against forged requests."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Caller | None:
        if "Authorization" in request.headers or not isinstance(request.user, User):
            return None
        caller = self.let_in(request, request.user, None)
        if request.method not in SAFE and check_csrf(request) is not None:
            raise Problem(403, "csrf", "Send the CSRF token of the session as X-CSRFToken.")
        return caller

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        raise NotImplementedError  # asked only by the class's own __call__


def doors(
    *, roles: Collection[Role] = EVERYBODY, scope: Scope = Scope.READ
) -> list[ApiKeyAuth | SessionAuth]:
    """For `auth=` of a route."""
    return [ApiKeyAuth(roles, scope), SessionAuth(roles, scope)]
