"""Who acts, through which door, from where: handed from the doors down to the record."""

from dataclasses import dataclass

from callbacks.models import User


@dataclass(frozen=True, slots=True)
class Actor:
    """`user` is None for Holdpoint itself (a sweep, a pass)."""

    user: User | None
    channel: str  # "page", "api", "command", "system"
    address: str = ""
    authentication: str = ""  # how strongly signed in: "password", "key", …

    @property
    def name(self) -> str:
        return self.user.label if self.user else "Holdpoint"


SYSTEM = Actor(user=None, channel="system")
