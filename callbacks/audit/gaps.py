"""Acknowledged roll-backs in the record: what each names, and what it may excuse.

Whoever can rewrite the record can put an acknowledgement into it. So one by itself excuses nothing:
it must name the end of a checkpoint that is kept outside, and whoever verifies must name it, by a
hash that covers everything before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from callbacks.audit.checkpoint import Checkpoint
from callbacks.audit.envelope import EPOCH, Envelope
from callbacks.audit.faults import Fault
from callbacks.audit.rollback import KIND


@dataclass(frozen=True, slots=True)
class Gap:
    """A roll-back that somebody acknowledged: checkpoints of the lost entries need not fit."""

    seq: int
    at: int
    common: int
    outside: int
    outside_hash: str
    digest: str

    @property
    def name(self) -> str:
        """How somebody who verifies names it: a rewritten record has no entry of this name."""
        return f"{self.seq}:{self.digest}"

    def covers(self, checkpoint: Checkpoint) -> bool:
        is_earlier = (checkpoint.at - EPOCH) // timedelta(microseconds=1) <= self.at
        return is_earlier and self.common < checkpoint.size <= self.outside

    def __str__(self) -> str:
        return (
            f"entries {self.common + 1} to {self.outside} as they once were are lost; "
            f"acknowledged by entry {self.seq}"
        )


class Gaps:
    """The acknowledgements that were met so far, and which of them count."""

    def __init__(self, kept: Iterable[Checkpoint], *, accepted: Iterable[str]) -> None:
        self._ends = {(checkpoint.size, checkpoint.head) for checkpoint in kept}
        self._accepted = frozenset(accepted)
        self.found: list[Gap] = []

    def see(self, envelope: Envelope, digest: str) -> None:
        """Take the next entry. Raises Fault where it acknowledges nothing that can be read."""
        if envelope.kind == KIND:
            self.found.append(_read(envelope, digest))

    @property
    def counting(self) -> list[Gap]:
        return [gap for gap in self.found if gap.name in self._accepted and self._is_kept(gap)]

    def excuse(self, checkpoint: Checkpoint) -> bool:
        return any(gap.covers(checkpoint) for gap in self.counting)

    def check_accepted(self) -> None:
        """Raises Fault where somebody accepts what is not in the record: it may be a rewritten one.

        Told last: where the record also differs from a checkpoint, that says more.
        """
        missing = self._accepted - {gap.name for gap in self.found}
        if missing:
            raise Fault(0, f"the acknowledgement {min(missing)} is not in the record")

    def lines(self) -> list[str]:
        """One line for people about each."""
        return [f"Gap on record: {gap}. {self._standing(gap)}" for gap in self.found]

    def _standing(self, gap: Gap) -> str:
        if not self._is_kept(gap):
            return "No checkpoint that was read ends with what it names, so it excuses none."
        if gap.name in self._accepted:
            return "It is accepted."
        return f"Only if you know of it: --accept-gap {gap.name}"

    def _is_kept(self, gap: Gap) -> bool:
        return (gap.outside, gap.outside_hash) in self._ends


def _read(envelope: Envelope, digest: str) -> Gap:
    facts = envelope.facts
    try:
        return Gap(
            seq=envelope.seq,
            at=envelope.at,
            common=int(facts["common_entries"]),
            outside=int(facts["outside_entries"]),
            outside_hash=str(facts["outside_hash"]),
            digest=digest,
        )
    except (KeyError, ValueError) as exc:
        raise Fault(envelope.seq, "it does not say which roll-back it acknowledges") from exc
