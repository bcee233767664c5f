"""Sign-ins, sign-outs and lock-outs go to the audit record.

A sign-in that cannot be recorded still happens, loudly: reading works when recording does not, and
nothing can be decided until it does.
"""

import logging
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import Error, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from callbacks.audit.actor import Actor
from callbacks.audit.chain import append
from callbacks.audit.configuration import COMMAND, configuration_changed
from callbacks.audit.errors import AuditUnavailable
from callbacks.models import User

logger = logging.getLogger(__name__)
# Somebody may type anything there, at any length.
NAME_LENGTH = 150


@receiver(user_logged_in)
def record_sign_in(*, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    _record("signed_in", _actor(request, user, authentication="password"))


@receiver(user_logged_out)
def record_sign_out(*, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    # None: a session that had ended already was signed out.
    if user is not None:
        _record("signed_out", _actor(request, user))


@receiver(user_login_failed)
def record_failure(
    *, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    # Runs after the counting of failures, which is connected first. Once locked out, further
    # tries add nothing: a record that strangers can fill at will is worth less.
    if _failures(request) <= settings.AXES_FAILURE_LIMIT:
        name = str(credentials.get("username", ""))[:NAME_LENGTH]
        _record("sign_in_failed", _actor(request), name=name)


@receiver(user_locked_out)
def record_lock_out(*, request: HttpRequest, username: str | None, **kwargs: Any) -> None:
    if _failures(request) == settings.AXES_FAILURE_LIMIT:
        _record("locked_out", _actor(request), name=(username or "")[:NAME_LENGTH])


@receiver(post_save, sender=User)
def record_superuser(*, instance: User, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """`createsuperuser` makes an administrator, by whichever command or code it was run."""
    if created and instance.is_superuser and not raw:
        with transaction.atomic():
            configuration_changed(
                what="superuser_created",
                actor=COMMAND,
                now=timezone.now(),
                facts={"person": instance.pk},
                personal={"username": instance.username},
            )


def _actor(
    request: HttpRequest | None, user: User | None = None, authentication: str = ""
) -> Actor:
    address = request.META.get("REMOTE_ADDR", "") if request is not None else ""
    return Actor(user=user, channel="page", address=address, authentication=authentication)


def _failures(request: HttpRequest | None) -> int:
    return int(getattr(request, "axes_failures_since_start", None) or 0)


def _record(kind: str, actor: Actor, *, name: str = "") -> None:
    try:
        with transaction.atomic():
            append(
                kind=kind,
                now=timezone.now(),
                actor=actor,
                facts={},
                personal={"username": name},
            )
    except (AuditUnavailable, Error):
        logger.exception("The audit record did not take %s.", kind)
