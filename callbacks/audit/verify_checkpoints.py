"""Hold the entries, as they go by, against checkpoints that were kept outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from callbacks.audit.checkpoint import Checkpoint, Signed, open_checkpoint
from callbacks.audit.checkpoint_files import read_notes
from callbacks.audit.commitments import readings_between
from callbacks.audit.envelope import EPOCH, GENESIS, Envelope
from callbacks.audit.faults import Fault
from callbacks.audit.lines import BadLine
from callbacks.audit.merkle import Tree
from callbacks.audit.notes import BadNote, Verifier
from callbacks.audit.rollback import KIND


@dataclass(frozen=True, slots=True)
class Gap:
    """A roll-back that somebody acknowledged: checkpoints of the lost entries need not fit."""

    seq: int
    at: int
    common: int
    outside: int

    def explains(self, checkpoint: Checkpoint) -> bool:
        is_earlier = (checkpoint.at - EPOCH) // timedelta(microseconds=1) <= self.at
        return is_earlier and self.common < checkpoint.size <= self.outside

    def __str__(self) -> str:
        return (
            f"entries {self.common + 1} to {self.outside} as they once were are lost; "
            f"acknowledged by entry {self.seq}"
        )


class Watch:
    """Checkpoints that wait for the entry which they were made at.

    What does not fit is told at the end only: an acknowledgement further on may explain it.
    """

    def __init__(self, checkpoints: Iterable[Signed] = ()) -> None:
        self._waiting: dict[int, list[Checkpoint]] = defaultdict(list)
        for signed in checkpoints:
            self._waiting[signed.checkpoint.size].append(signed.checkpoint)
        self._tree = Tree()
        self._misfits: list[tuple[Checkpoint, int]] = []
        self._good = 0
        self.fitting: list[Checkpoint] = []
        self.gaps: list[Gap] = []
        self._compare(GENESIS)

    @property
    def good(self) -> int:
        """Up to this entry the last checkpoint fits."""
        return self._good

    def see(self, envelope: Envelope, digest: str) -> None:
        """Take the next entry, whose own link was checked. Raises Fault where no hash is one."""
        self._tree.append(bytes.fromhex(digest))
        if envelope.kind == KIND:
            self._note_gap(envelope)
        self._compare(digest)

    def end(self) -> None:
        """Raises Fault where a checkpoint does not fit and no acknowledgement explains it."""
        size = self._tree.size
        beyond = [(one, self._good) for at in sorted(self._waiting) for one in self._waiting[at]]
        for checkpoint, good in [*self._misfits, *beyond]:
            if not any(gap.explains(checkpoint) for gap in self.gaps):
                raise _misfit(checkpoint, good=good, size=size)

    def check_readings(self) -> None:
        """Raises Fault where the rows that a checkpoint committed are others now."""
        for checkpoint in self.fitting:
            kept = checkpoint.readings
            if readings_between(after=kept.after, upto=kept.upto) != kept and not any(
                gap.common <= checkpoint.size <= gap.outside for gap in self.gaps
            ):
                raise Fault(
                    0,
                    f"readings {kept.after + 1} to {kept.upto} are not the {kept.count} that the "
                    f"checkpoint of {checkpoint.at:%Y-%m-%d %H:%M:%S} UTC committed",
                )

    def _compare(self, head: str) -> None:
        found = self._waiting.pop(self._tree.size, ())
        root = self._tree.root if found else b""
        fits = [one for one in found if (one.root, one.head) == (root, head)]
        self._misfits += [(one, self._good) for one in found if one not in fits]
        self.fitting += fits
        if fits:
            self._good = self._tree.size

    def _note_gap(self, envelope: Envelope) -> None:
        try:
            common, outside = (
                int(envelope.facts[name]) for name in ("common_entries", "outside_entries")
            )
        except (KeyError, ValueError) as exc:
            raise Fault(envelope.seq, "it does not say which roll-back it acknowledges") from exc
        self.gaps.append(Gap(envelope.seq, envelope.at, common, outside))


def read_checkpoints(path: Path, *, trusted: Iterable[Verifier]) -> list[Signed]:
    """Return all checkpoints of a file. Raises Fault where one does not count, and OSError."""
    keys = list(trusted)
    found: list[Signed] = []
    try:
        for note in read_notes(path):
            found.append(open_checkpoint(note, trusted=keys))
    except (BadLine, BadNote) as exc:
        raise Fault(0, f"number {len(found) + 1} of {path} is no checkpoint: {exc}") from exc
    return found


def _misfit(checkpoint: Checkpoint, *, good: int, size: int) -> Fault:
    made = f"the checkpoint of {checkpoint.at:%Y-%m-%d %H:%M:%S} UTC"
    if checkpoint.size > size:
        # What ends too early may also have other entries at its end than it once had.
        what = f"the last is missing, or they were altered; {made} has {checkpoint.size} entries"
        return Fault(size + 1, what, good + 1)
    return Fault(
        checkpoint.size, f"{made} does not fit: an entry from {good + 1} on was altered", good + 1
    )
