"""Places in a list as a program gets them: signed, so that a damaged one is refused."""

from __future__ import annotations

from django.core import signing

from callbacks.api.problems import Problem, invalid


def seal(of: str, place: object) -> str:
    """`of` names the list and its order: a place in another list means nothing here."""
    return signing.dumps(str(place), salt=f"holdpoint.api.{of}")


def unseal(of: str, cursor: str) -> str:
    """Return the place, "" for the beginning. Raises Problem (422)."""
    if not cursor:
        return ""
    try:
        place = signing.loads(cursor, salt=f"holdpoint.api.{of}")
    except signing.BadSignature:
        raise bad_cursor() from None
    return str(place)


def bad_cursor() -> Problem:
    return invalid("cursor", "This is no place in this list. Take next_cursor as it was given.")
