"""Which executions a pass reads, and in which order."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from callbacks.stepfunctions import ExecutionSummary
from callbacks.sync.candidates import Candidates, Listing, Row, find_candidates

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MACHINE = uuid.uuid4()


def a_row(arn: str, **fields: Any) -> Row:
    values: dict[str, Any] = {
        "arn": arn,
        "name": arn,
        "machine_id": MACHINE,
        "status": "RUNNING",
        "started_at": NOW,
        "redrive_count": 0,
        "last_event_id": 5,
        "definition_id": "d",
        "read_at": NOW - timedelta(seconds=5),
        "read_next_at": NOW + timedelta(hours=1),
        "problem": "",
    }
    return Row(**{**values, **fields})


def listed(*arns: str, redrive_count: int = 0) -> Listing:
    return Listing(
        MACHINE,
        [
            ExecutionSummary(
                arn=arn,
                name=arn,
                state_machine_arn="m",
                status="RUNNING",
                started_at=NOW - timedelta(seconds=number),
                redrive_count=redrive_count,
            )
            for number, arn in enumerate(arns)
        ],
    )


def find(*rows: Row, listings: tuple[Listing, ...] = (), **options: Any) -> Candidates:
    given: dict[str, Any] = {"gone_machines": set(), "now": NOW, "everything": False, **options}
    return find_candidates(rows={row.arn: row for row in rows}, listings=listings, **given)


def urgent(found: Candidates) -> list[tuple[str, bool]]:
    return [(one.target.arn, one.target.has_left) for one in found.urgent]


def rest(found: Candidates) -> list[str]:
    return [one.target.arn for one in found.rest]


def test_of_the_new_ones_the_longest_waiting_comes_first() -> None:
    assert urgent(find(listings=(listed("young", "old"),))) == [("old", False), ("young", False)]


def test_one_that_is_missing_from_a_whole_list_has_left() -> None:
    assert urgent(find(a_row("a"), listings=(listed(),))) == [("a", True)]


def test_without_its_list_nothing_is_said_about_an_execution() -> None:
    found = find(a_row("a"))

    assert (urgent(found), rest(found)) == ([], ["a"])


def test_executions_of_a_machine_that_is_gone_have_left_its_list() -> None:
    assert urgent(find(a_row("a"), gone_machines={MACHINE})) == [("a", True)]


def test_what_is_due_or_redriven_is_urgent() -> None:
    due = a_row("due", read_next_at=NOW)
    redriven = a_row("again")

    found = find(due, redriven, listings=(listed("due", "again", redrive_count=1),))

    assert {arn for arn, _ in urgent(found)} == {"due", "again"}


def test_the_rest_is_read_longest_unread_first() -> None:
    rows = [a_row(f"{age}", read_at=NOW - timedelta(seconds=age)) for age in (3, 9, 6)]

    assert rest(find(*rows)) == ["9", "6", "3"]


def test_one_with_a_problem_is_left_alone_until_its_time() -> None:
    early = a_row("early", problem="bad")
    due = a_row("due", problem="bad", read_next_at=NOW)

    found = find(early, due, listings=(listed("early", "due"),))

    assert (urgent(found), rest(found)) == ([("due", False)], [])


def test_an_end_that_is_not_read_yet_is_read_when_it_is_due() -> None:
    early = a_row("early", status="SUCCEEDED")
    due = a_row("due", status="SUCCEEDED", read_next_at=NOW)

    assert urgent(find(early, due, listings=(listed(),))) == [("due", True)]


def test_many_that_end_do_not_keep_out_one_that_begins() -> None:
    rows = [a_row(f"ends-{number}") for number in range(5)]

    found = find(*rows, listings=(listed("begins"),))

    assert urgent(found)[1] == ("begins", False)


def test_only_what_was_read_with_its_own_definition_is_settled() -> None:
    rows = [a_row("sure"), a_row("unsure", definition_id=None), a_row("never", last_event_id=0)]

    settled = {one.target.arn: one.target.is_settled for one in find(*rows).rest}

    assert settled == {"sure": True, "unsure": False, "never": False}


def test_a_full_pass_folds_everything_again() -> None:
    found = find(a_row("sure"), everything=True)

    assert [one.target.is_settled for one in found.rest] == [False]
