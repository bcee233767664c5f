"""Which task has which workflow, policy and words. Pure.

The first hundred are the same at every size. Of some kinds there are no more than these, of some
one in a hundred or a thousand of all that come later: so a list of fifty rows is full at both
sizes, and only what the database passes over differs.
"""

from __future__ import annotations

WORKFLOWS = ("order-release", "refund", "identity-check", "photo-review", "spark-settlement")
# Each has so many policies. Who is in "desk" is in "finance" too, and has fifty in all.
TEAMS = {"finance": 1, "desk": 48, "corner": 50, "legal": 1}
FIRST = 100
# Of the first hundred that have what many have: a page of fifty is full, and there is a next one,
# also for who may see four out of five.
MANY = 70


def workflow(number: int) -> str:
    """Seven in ten are of the first; of the last there are twenty."""
    if number % 100 < MANY:
        return WORKFLOWS[0]
    if number < FIRST:
        return WORKFLOWS[1 if number % 3 == 0 else 4]
    return WORKFLOWS[1 + number % 3]


def policy(number: int) -> tuple[str, int]:
    """The team and which of its policies; team "" is the default policy, of the team "finance"."""
    place, later = number * 37 % 100, number >= FIRST
    if later and number % 1000 == 0:
        return "legal", 0
    if place < 30:
        return "", 0
    if place < 55:
        return "finance", 0
    if place < 80 or later:
        return "desk", number // 3 % TEAMS["desk"]
    return "corner", place % TEAMS["corner"]


def words(number: int) -> dict[str, str]:
    """Words that so many have: in the headline, in a key field, or in the name of who asked."""
    few = number < FIRST and number % 5 == 0
    return {
        "headline": " express" * few + " fragile" * _is_one_in(1000, number),
        "depot": "Lisbon" if few else "Porto",
        "asked_by": "kiosk-nine" if few else f"service-{number % 40}",
        "note": "scarce" if _is_one_in(100, number) else "plenty",
    }


def is_answered(number: int) -> bool:
    """Whether it has an earlier attempt that somebody answered."""
    return number < MANY or number % 10 == 0


def _is_one_in(many: int, number: int) -> bool:
    return number < MANY or number % many == 0
