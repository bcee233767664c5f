"""Each section runs, in a size of seconds. No time is asserted: a busy machine is not a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import (
    answers,
    churn,
    crowd,
    histories,
    long,
    mirror,
    overload,
    pages,
    passes,
    quiet,
)
from tests.benchmarks.sizes import TINY
from tests.benchmarks.tables import Table, write_tables

# Its execution's row, its time, and its place in the queue.
MOST_STATEMENTS_OF_A_READING = 6


@pytest.fixture
def plenty(settings: Any) -> None:
    """The budget of calls that a benchmark has."""
    settings.SYNC_QUOTA_SHARE = 1_000_000.0


@pytest.mark.django_db(transaction=True)
def test_no_page_asks_more_of_the_database_when_more_tasks_wait() -> None:
    shown = next(iter(pages.run(TINY)))
    numbers = zip(
        shown.column("page"),
        shown.column("queries"),
        shown.column("queries, many"),
        strict=True,
    )
    assert [one for one in numbers if one[1] != one[2]] == []


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_measured_beside_a_bare_call(plenty: None) -> None:
    table = next(answers.run(TINY))
    assert answers.BARE in table.column("step")


@pytest.mark.django_db(transaction=True)
def test_a_pass_tells_its_calls_by_name(plenty: None) -> None:
    table = next(passes.run(TINY))
    assert "ListStateMachines 1" in str(table.column("calls")[0])


@pytest.mark.django_db(transaction=True)
def test_the_first_mirror_makes_hardly_a_call_too_many() -> None:
    table = next(mirror.run(TINY))
    assert table.column("throttled") == [0]


@pytest.mark.django_db(transaction=True)
def test_a_pass_without_changes_costs_no_more_statements_when_more_wait() -> None:
    few, many = next(quiet.run(TINY)).rows
    per_history = (many[2] - few[2]) / (many[4] - few[4])
    assert per_history <= MOST_STATEMENTS_OF_A_READING


@pytest.mark.django_db(transaction=True)
def test_what_comes_and_goes_is_followed() -> None:
    plain, its_calls, hinted, hinted_calls = churn.run(TINY)
    assert None not in [*plain.column("median s"), *hinted.column("median s")]
    assert its_calls.column("throttled") == hinted_calls.column("throttled") == [0]


@pytest.mark.django_db(transaction=True)
def test_after_too_much_the_mirror_catches_up_and_is_not_throttled() -> None:
    (table,) = overload.run(TINY)
    assert table.column("throttled") == [0]
    assert table.column("not shown yet")[0] > 0


@pytest.mark.django_db(transaction=True)
def test_a_long_history_is_read_on_with_one_call() -> None:
    whole, on = next(long.run(TINY)).column("calls")
    assert (whole, on) == (3, 1)


def test_histories_are_read_and_masked() -> None:
    assert len(list(histories.run(TINY))) == 3


def test_the_simulator_is_filled() -> None:
    table = next(crowd.run(TINY))
    assert table.column("executions") == [TINY.crowd, TINY.crowd // 10]


def test_tables_are_kept_as_text_and_as_data(tmp_path: Path) -> None:
    table = Table("Ages", ("who", "years"), [["Ana", 41], ["Bo", 7.5]])
    write_tables(tmp_path, {"ages": [table]}, {"cores": 2})
    assert (tmp_path / "ages.txt").read_text().splitlines()[-2:] == ["Ana     41", "Bo    7.50"]
    assert '"cores": 2' in (tmp_path / "ages.json").read_text()
