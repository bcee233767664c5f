"""Who has a request open just now: told by pings of open pages, forgotten when they stop."""

from __future__ import annotations

from datetime import datetime, timedelta

from callbacks.models import CallbackTask, Presence, User

# Open pages say so every ten seconds, and every minute while the server is out of reach.
FRESH_FOR = timedelta(seconds=35)


def arrive(*, task: CallbackTask, user: User, now: datetime) -> tuple[str, ...]:
    """Note that this person has the request open; return who else has, by name.

    A fixed number of queries, however many there are. Nothing of it is kept.
    """
    Presence.objects.filter(user=user, at__lt=now - FRESH_FOR).delete()
    Presence.objects.update_or_create(user=user, request_id=task.request_id, defaults={"at": now})
    others = Presence.objects.filter(request_id=task.request_id, at__gte=now - FRESH_FOR)
    people = [one.user for one in others.exclude(user=user).select_related("user")]
    return tuple(sorted(person.label for person in people if person.is_active))
