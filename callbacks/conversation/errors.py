"""Why something cannot be said or taken: anticipated, told to the person."""

from callbacks.models import Claim


class Refused(Exception):
    """Nothing was kept. `is_forbidden`: it is this person who may not, whatever they write.

    `field` is what of the form it is about: "to", "note" or "".
    """

    def __init__(self, message: str, *, is_forbidden: bool = False, field: str = "") -> None:
        super().__init__(message)
        self.is_forbidden = is_forbidden
        self.field = field


class HeldByAnother(Exception):
    """Somebody else is on it: `claim` says who. Asked once more with `take_over`, it is taken."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"held by {claim.holder}")
        self.claim = claim
