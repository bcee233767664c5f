"""The table tells what the runs came to, and of each fault whether it was run at all."""

import pytest

from tests.faults.balance import Balance
from tests.faults.matrix import FAULTS
from tests.faults.table import BEGIN, END, Row, lines, put_into

PLACE = f"Before.\n{BEGIN}\n{END}\nAfter.\n"
SUMS = Balance(runs=3, given=1200, confirmed=1000, explained=199, lost=1, applied=1000)


def test_a_fault_that_was_not_run_is_shown_as_such():
    made = lines({}, database="SQLite")
    assert len(made) == len(FAULTS)
    assert all("| SQLite | not run |" in line for line in made)


def test_the_figures_are_those_of_the_runs():
    made = lines({"F04": Row(SUMS)}, database="SQLite")
    assert [line for line in made if "not run" not in line] == [
        f"| F04 | {FAULTS['F04']} | SQLite | 3 | 1,200 | 1,000 | 199 | 1 | 0 | 0 |"
    ]


def test_a_failed_run_is_told():
    (line, *_) = lines({"F01": Row(SUMS) + Row(failed=2)}, database="SQLite")
    assert "| 3, and 2 failed |" in line


def test_a_run_on_one_database_leaves_the_rows_of_the_other():
    both = put_into(
        put_into(PLACE, lines({"F01": Row(SUMS)}, database="SQLite")),
        lines({"F01": Row(SUMS)}, database="PostgreSQL"),
    )
    assert both.count("| 1,200 |") == 2
    assert both.startswith("Before.\n")
    assert both.endswith("\nAfter.\n")


def test_a_run_of_some_faults_leaves_the_rows_of_the_others():
    first = put_into(PLACE, lines({"F01": Row(SUMS), "F02": Row(SUMS)}, database="SQLite"))
    again = put_into(first, lines({"F02": Row(failed=1), "F03": Row(SUMS)}, database="SQLite"))
    assert (again.count("| 1,200 |"), again.count("not run")) == (2, len(FAULTS) - 3)
    assert "| 0, and 1 failed |" in again


def test_a_document_without_a_place_is_not_changed():
    with pytest.raises(ValueError, match="no place"):
        put_into("Before.", [])
