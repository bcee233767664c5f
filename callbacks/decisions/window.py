"""How long an answer is held for undo."""

from __future__ import annotations

from django.conf import settings

from callbacks.models import Policy, User


def undo_window(*, user: User, policy: Policy, asked: int | None) -> int:
    """Seconds: those asked for with the answer, else the person's, else the shared ones."""
    for seconds in (asked, user.undo_seconds):
        if seconds is not None:
            return seconds
    return shared_window(policy)


def shared_window(policy: Policy) -> int:
    """The policy's seconds, else the installation's.

    Where several sign, the window belongs to all of them and no single one sets it.
    """
    return int(settings.UNDO_SECONDS) if policy.undo_seconds is None else policy.undo_seconds
