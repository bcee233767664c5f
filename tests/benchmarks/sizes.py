"""How much each section does: the real sizes, and small ones to see that all still runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    few_tasks: int
    many_tasks: int
    # Requests of each page per size.
    rounds: int
    histories: int
    answers: int
    passes: tuple[int, ...]
    crowd: int
    # Waiting executions, and in how many state machines.
    first_mirror: tuple[int, int]
    quiet: tuple[int, int]
    # Waiting executions, and for how many seconds they come and go.
    churn: tuple[int, int]
    overload: tuple[int, int]
    # Events; AWS ends an execution at 25,000.
    long_history: int
    # Of the answer that is forecast; 3,000 make about 250 kB.
    answer_rows: int


FULL = Sizes(
    few_tasks=100,
    many_tasks=100_000,
    rounds=200,
    histories=10_000,
    answers=200,
    passes=(1_000, 10_000),
    crowd=100_000,
    first_mirror=(100_000, 200),
    quiet=(1_000, 100_000),
    churn=(100_000, 300),
    overload=(100_000, 600),
    long_history=24_000,
    answer_rows=3_000,
)
QUICK = Sizes(
    few_tasks=100,
    many_tasks=2_000,
    rounds=15,
    histories=400,
    answers=20,
    passes=(100,),
    crowd=5_000,
    first_mirror=(3_000, 60),
    quiet=(200, 2_000),
    churn=(1_000, 120),
    overload=(1_000, 60),
    long_history=3_000,
    answer_rows=500,
)
TINY = Sizes(
    few_tasks=100,
    many_tasks=160,
    rounds=1,
    histories=20,
    answers=3,
    passes=(5,),
    crowd=100,
    first_mirror=(30, 3),
    quiet=(10, 40),
    churn=(20, 25),
    overload=(20, 25),
    long_history=1_010,
    answer_rows=10,
)
