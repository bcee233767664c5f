"""What DescribeExecution says about a stop or a redrive: pure, by state and count, not by clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OPEN = "open"
    DONE = "done"
    OTHERWISE = "otherwise"  # something else happened to the run, so that ours had no effect


@dataclass(frozen=True, slots=True)
class Seen:
    """A run as AWS describes it. `error` is AWS's, None where it has none."""

    status: str
    error: str | None
    redrive_count: int
    redrive_status: str | None = None
    redrive_status_reason: str | None = None


def judge(*, is_redrive: bool, redrive_count: int, error: str, seen: Seen) -> tuple[Verdict, str]:
    """The verdict, and a code for it. The count and the error are those of the request.

    An equal stop by a stranger cannot be told from ours: done means "consistent with ours".
    """
    if seen.redrive_count > redrive_count:
        # A stop of the generation before can no longer show.
        return (Verdict.DONE, "redriven") if is_redrive else (Verdict.OTHERWISE, "redriven_since")
    if is_redrive or seen.status == "RUNNING":
        return Verdict.OPEN, ""
    if seen.status != "ABORTED":
        return Verdict.OTHERWISE, "ended_first"
    # Emulators drop the error; an absent one contradicts nothing.
    is_ours = not seen.error or seen.error == error
    return (Verdict.DONE, "stopped") if is_ours else (Verdict.OTHERWISE, "stopped_elsewhere")
