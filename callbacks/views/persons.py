"""Who acts on a page, as the record wants to know it."""

from __future__ import annotations

from callbacks.audit import Actor
from callbacks.views.guard import PersonRequest


def actor_of(request: PersonRequest) -> Actor:
    """The signed-in person with their address; a session was begun with a password."""
    return Actor(
        user=request.user,
        channel="page",
        address=request.META.get("REMOTE_ADDR", ""),
        authentication="password",
    )
