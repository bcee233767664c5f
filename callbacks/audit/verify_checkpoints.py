"""Hold the entries, as they go by, against checkpoints that were kept outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from callbacks.audit.checkpoint import Checkpoint, Signed, open_checkpoint
from callbacks.audit.checkpoint_files import read_notes
from callbacks.audit.commitments import readings_between
from callbacks.audit.envelope import GENESIS, Envelope
from callbacks.audit.faults import Fault
from callbacks.audit.gaps import Gaps
from callbacks.audit.lines import BadLine
from callbacks.audit.merkle import Tree
from callbacks.audit.notes import BadNote, Verifier


class Watch:
    """Checkpoints that wait for the entry which they were made at.

    What does not fit is told at the end only: an acknowledgement further on may excuse it, if it is
    among the `accepted` (see `gaps`).
    """

    def __init__(self, checkpoints: Iterable[Signed] = (), *, accepted: Iterable[str] = ()) -> None:
        kept = [signed.checkpoint for signed in checkpoints]
        self._waiting: dict[int, list[Checkpoint]] = defaultdict(list)
        for checkpoint in kept:
            self._waiting[checkpoint.size].append(checkpoint)
        self._tree = Tree()
        self._misfits: list[Checkpoint] = []
        self.fitting: list[Checkpoint] = []
        self.gaps = Gaps(kept, accepted=accepted)
        self._compare(GENESIS)

    def see(self, envelope: Envelope, digest: str) -> None:
        """Take the next entry, whose own link was checked. Raises Fault where no hash is one."""
        self._tree.append(bytes.fromhex(digest))
        self.gaps.see(envelope, digest)
        self._compare(digest)

    def end(self) -> None:
        """Raises Fault where a checkpoint does not fit and no accepted gap excuses it."""
        size = self._tree.size
        beyond = [one for at in sorted(self._waiting) for one in self._waiting[at]]
        for checkpoint in [*self._misfits, *beyond]:
            if not self.gaps.excuse(checkpoint):
                raise _misfit(checkpoint, good=self._good_before(checkpoint), size=size)
        self.gaps.check_accepted()

    def check_readings(self) -> None:
        """Raises Fault where the rows that a checkpoint committed are others now."""
        for checkpoint in self.fitting:
            kept = checkpoint.readings
            if readings_between(after=kept.after, upto=kept.upto) != kept and not any(
                gap.common <= checkpoint.size <= gap.outside for gap in self.gaps.counting
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
        self._misfits += [one for one in found if one not in fits]
        self.fitting += fits

    def _good_before(self, misfit: Checkpoint) -> int:
        """Up to here the record is what it was then: later ones may fit what was put in since."""
        sizes = (one.size for one in self.fitting if one.at <= misfit.at)
        return max((size for size in sizes if size <= misfit.size), default=0)


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
