"""In which state a run failed, by AWS's own words about it."""

from __future__ import annotations

import pytest

from callbacks.asl.located import failed_in

EXECUTING = "An error occurred while executing the state '{}' (entered at the event id #2). Why."
TOO_LARGE = (
    "The state/task '{}' returned a result with a size exceeding the maximum number of bytes"
    " service limit."
)


@pytest.mark.parametrize("name", ["Ask", 'It\'s "so"', "a'b (entered", "x" * 80, "two\nlines"])
@pytest.mark.parametrize(
    ("error", "cause"),
    [("States.Runtime", EXECUTING), ("States.DataLimitExceeded", TOO_LARGE)],
)
def test_the_words_of_the_service_name_the_state(name, error, cause) -> None:
    assert failed_in(error=error, cause=cause.format(name)) == name


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("Denied", EXECUTING.format("Ask")),
        ("", EXECUTING.format("Ask")),
        ("States.Runtime", "It said: " + EXECUTING.format("Ask")),
        ("States.Timeout", ""),
    ],
)
def test_other_words_tell_nothing(error, cause) -> None:
    assert failed_in(error=error, cause=cause) == ""
