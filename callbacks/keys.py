"""API keys: made, found by what a program sends, counted, revoked; each change is recorded."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from callbacks.audit.actor import Actor
from callbacks.audit.configuration import configuration_changed
from callbacks.models import ApiCall, ApiKey, Scope, User

MARK = "hp"
PREFIX_BYTES, SECRET_BYTES = 4, 24
LONGEST_LABEL = 80
WINDOW = timedelta(minutes=1)
# How long a repeated call gets its first answer again.
KEPT_FOR = timedelta(hours=24)


class BadKeyRequest(Exception):
    """No such key can be made; the text says why."""


def create_key(
    *,
    user: User,
    label: str,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
    state_machines: Sequence[str] = (),
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which is kept nowhere.

    Raises BadKeyRequest or AuditUnavailable.
    """
    _check(user=user, label=label, scopes=scopes, expires_at=expires_at, now=now)
    prefix = f"{MARK}_{secrets.token_hex(PREFIX_BYTES)}"
    text = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey(
        user=user,
        label=label.strip(),
        prefix=prefix,
        secret_sha256=_digest(text),
        scopes=sorted(set(scopes)),
        state_machines=sorted(set(state_machines)),
        created_at=now,
        expires_at=expires_at,
    )
    with transaction.atomic():
        key.save(force_insert=True)
        _record("api_key_created", key, actor, now)
    return key, text


def revoke_key(*, key: ApiKey, actor: Actor, now: datetime) -> None:
    """Close a key for ever, from the next call on. Does nothing where it is closed already."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            _record("api_key_revoked", key, actor, now)


def find_key(*, text: str, now: datetime) -> ApiKey | None:
    """The key that this text opens now, with its person: one query, whatever the text is."""
    prefix = "_".join(text.split("_", 2)[:2])[:16].replace("\0", "")
    key = ApiKey.objects.usable(now).select_related("user").filter(prefix=prefix).first()
    kept = key.secret_sha256 if key else ""
    return key if hmac.compare_digest(kept, _digest(text)) else None


def count_call(*, key: ApiKey, limit: int, now: datetime) -> int:
    """Count one call; return 0, or how many seconds to wait where there were too many.

    A minute begins with the first call after the last minute. One conditional update counts, so
    any number of web processes share the limit, and `last_used_at` is written once a minute.
    """
    row = ApiKey.objects.filter(pk=key.pk)
    within = Q(calls__lt=limit) if limit else Q()
    within &= Q(last_used_at__gt=now - WINDOW)
    if row.filter(within).update(calls=F("calls") + 1):
        return 0
    is_over = Q(last_used_at=None) | Q(last_used_at__lte=now - WINDOW)
    if row.filter(is_over).update(calls=1, last_used_at=now):
        return 0
    # Another call may have begun the minute while this one waited for the row.
    if row.filter(within).update(calls=F("calls") + 1):
        return 0
    begun = row.values_list("last_used_at", flat=True).first() or now
    return max(1, round((begun + WINDOW - now).total_seconds()))


def keys_of(*, user: User) -> Sequence[ApiKey]:
    """All keys of a person, the newest first."""
    return tuple(ApiKey.objects.filter(user=user).order_by("-created_at", "pk"))


def forget_calls(*, now: datetime) -> None:
    """Let go of answers that nobody repeats any more."""
    ApiCall.objects.filter(began_at__lt=now - KEPT_FOR).delete()


def _check(
    *,
    user: User,
    label: str,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    now: datetime,
) -> None:
    if not user.is_active:
        raise BadKeyRequest(f"{user.username} is not active.")
    if not label.strip() or len(label) > LONGEST_LABEL or not label.isprintable():
        raise BadKeyRequest(f"Give the key a name of at most {LONGEST_LABEL} characters.")
    if not scopes:
        raise BadKeyRequest("Choose what the key may do.")
    if expires_at is not None and expires_at <= now:
        raise BadKeyRequest("The key would be over before it begins.")


def _record(kind: str, key: ApiKey, actor: Actor, now: datetime) -> None:
    configuration_changed(
        what=kind,
        actor=actor,
        now=now,
        facts={
            "key": key.prefix,
            "person": key.user_id,
            "scopes": ",".join(key.scopes),
            "expires": key.expires_at.isoformat() if key.expires_at else "",
        },
        personal={"username": key.user.username, "label": key.label},
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
