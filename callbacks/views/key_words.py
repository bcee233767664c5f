"""API keys in words, for the settings: whose, what for, and whether they still open the door."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from callbacks.keys import keys_of
from callbacks.models import ApiKey, Role, Scope, User
from callbacks.templatetags.words import ago, day
from callbacks.views.guard import PersonRequest

LIFETIMES = ("30", "90", "365", "")
DEFAULT_LIFETIME = "90"
# What a form takes back after a fault.
NOTHING_TYPED: Mapping[str, Any] = {
    "label": "",
    "scopes": [str(Scope.READ)],
    "days": DEFAULT_LIFETIME,
}


@dataclass(frozen=True, slots=True)
class KeyRow:
    id: uuid.UUID
    prefix: str
    label: str
    may: str
    used: str
    state: str
    can_be_revoked: bool


def keys_context(
    request: PersonRequest,
    *,
    made: str = "",
    error: str = "",
    typed: Mapping[str, Any] = NOTHING_TYPED,
) -> dict[str, Any]:
    """What the section shows: one query, and one more where an administrator asks for another."""
    owner, now = owner_of_keys(request), timezone.now()
    return {
        "keys": [_row(key, now) for key in keys_of(user=owner)],
        "keys_owner": owner,
        "keys_are_own": owner.pk == request.user.pk,
        "may_see_others": Role.ADMIN in request.user.roles,
        "key_made": made,
        "key_error": error,
        "key_typed": typed,
        "scopes": Scope.choices,
        "lifetimes": [(days, _lifetime(days)) for days in LIFETIMES],
    }


def owner_of_keys(request: PersonRequest) -> User:
    """The person themselves, or whom an administrator names in the address."""
    name = request.GET.get("person", "")[:150].replace("\0", "")
    if name and Role.ADMIN in request.user.roles:
        return User.objects.filter(username=name).first() or request.user
    return request.user


def _row(key: ApiKey, now: datetime) -> KeyRow:
    is_over = key.expires_at is not None and key.expires_at <= now
    return KeyRow(
        id=key.pk,
        prefix=key.prefix,
        label=key.label,
        may=", ".join(str(Scope(one).label) for one in key.scopes)
        + (f" ({', '.join(key.state_machines)})" if key.state_machines else ""),
        used=ago(since=key.last_used_at, now=now) if key.last_used_at else _("never"),
        state=_state(key, is_over=is_over),
        can_be_revoked=key.revoked_at is None and not is_over,
    )


def _state(key: ApiKey, *, is_over: bool) -> str:
    if key.revoked_at is not None:
        return _("revoked %(day)s") % {"day": day(key.revoked_at)}
    if key.expires_at is None:
        return _("no end")
    words = _("ended %(day)s") if is_over else _("until %(day)s")
    return words % {"day": day(key.expires_at)}


def _lifetime(days: str) -> str:
    return _("%(days)s days") % {"days": days} if days else _("no end")
