"""In which state a run failed, where AWS's own words about its end say so."""

from __future__ import annotations

import re

# Before the causes of what the service itself could not do with a state, as recorded; the event id
# ends the name, which may hold anything.
_EXECUTING = re.compile(
    r"An error occurred while executing the state '(.+?)' \(entered at the event id #\d+\)",
    re.DOTALL,
)
_TOO_LARGE = re.compile(
    r"The state/task '(.+?)' returned a result with a size exceeding", re.DOTALL
)


def failed_in(*, error: str, cause: str) -> str:
    """The name of the state; "" where these words do not tell."""
    # A worker can write any cause, but who names an error of the service means to mislead.
    if not error.startswith("States."):
        return ""
    found = _EXECUTING.match(cause) or _TOO_LARGE.match(cause)
    return found[1] if found else ""
