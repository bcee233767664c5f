"""Reading histories: what fold, search for tokens and masking cost beside JSON alone."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from callbacks.asl.definition import Definition, parse_definition
from callbacks.asl.history import CallbackTask, History, read_history
from callbacks.asl.masking import Masker
from tests import making
from tests.benchmarks.filling import order_input
from tests.benchmarks.measuring import stopwatch
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.workflows import WORKFLOWS
from tests.simulator.control import Control, running_simulator

STEPS = ("json.loads of the same text", "read_history", "masking what is kept")


@dataclass(frozen=True)
class Pattern:
    """A history as the simulator wrote it, with its tokens, to be made anew for each execution."""

    text: str
    tokens: tuple[str, ...]
    definition: Definition

    def made_anew(self, number: int) -> str:
        """Another execution's: other tokens, another order."""
        text = self.text.replace("2026-000000", f"2026-{number:06}")
        for token in self.tokens:
            text = text.replace(token, making.make_token())
        return text


def run(sizes: Sizes) -> Iterator[Table]:
    patterns = _patterns()
    names = list(patterns)
    chosen = [names[number % len(names)] for number in range(sizes.histories)]
    texts = [patterns[name].made_anew(number) for number, name in enumerate(chosen)]
    spent: Counter[str] = Counter()
    events = waiting = 0
    for name, text in zip(chosen, texts, strict=True):
        history, seconds = _read(text, patterns[name].definition)
        events += history.last_event_id
        waiting += len(history.waiting)
        spent.update(seconds)
    yield _by_step(spent, sizes.histories, events)
    yield Table(
        "What was read",
        ("histories", "events", "waiting tasks", "MB"),
        [[sizes.histories, events, waiting, sum(map(len, texts)) / 1e6]],
        [f"Kinds in turn: {', '.join(names)}; every one with its own tokens and order number."],
    )
    yield _by_kind(patterns)


def _read(text: str, definition: Definition) -> tuple[History, dict[str, float]]:
    marks = [time.process_time()]
    events = json.loads(text)
    marks.append(time.process_time())
    history = read_history(events=events, definition=definition)
    marks.append(time.process_time())
    _mask(history)
    marks.append(time.process_time())
    each = [end - begin for begin, end in pairwise(marks)]
    return history, dict(zip(STEPS, each, strict=True))


def _mask(history: History) -> int:
    """Mask as sync does: each text once, of the execution and of every task that waits."""
    masker = Masker(history.tokens)
    texts = {history.input, *(text for task in history.waiting for text in _texts(task))}
    return sum(len(masker.text(text)) for text in texts)


def _texts(task: CallbackTask) -> tuple[str, str, str]:
    return task.input, task.context or "", task.parameters


def _by_step(spent: Counter[str], histories: int, events: int) -> Table:
    plain = spent[STEPS[0]]
    rows: list[list[Any]] = [_step(name, spent[name], histories, events, plain) for name in STEPS]
    ours = spent["read_history"] + spent["masking what is kept"]
    rows.append(_step("all of it, JSON included", plain + ours, histories, events, plain))
    return Table(
        "Reading histories",
        ("step", "cpu seconds", "events/s", "histories/s", "x json.loads"),
        rows,
        [
            "Own work in one process: pure functions, so that a busy machine changes little.",
            "read_history has the definition and finds each waiting task's own token.",
        ],
    )


def _step(name: str, seconds: float, histories: int, events: int, plain: float) -> list[Any]:
    return [name, seconds, round(events / seconds), round(histories / seconds), seconds / plain]


def _by_kind(patterns: dict[str, Pattern]) -> Table:
    rows = []
    for name, pattern in patterns.items():
        events = json.loads(pattern.text)
        with stopwatch() as reading:
            history = read_history(events=events, definition=pattern.definition)
        with stopwatch() as masking:
            _mask(history)
        rows.append(
            [name, len(events), len(pattern.text) / 1000, reading.seconds * 1000,
             masking.seconds * 1000]
        )  # fmt: skip
    return Table("One history of each kind", ("kind", "events", "kB", "fold ms", "mask ms"), rows)


def _patterns() -> dict[str, Pattern]:
    with running_simulator() as simulator:
        return {
            name: _pattern(simulator, name, definition) for name, definition in WORKFLOWS.items()
        }


def _pattern(simulator: Control, name: str, definition: dict[str, Any]) -> Pattern:
    machine = simulator.create(name, definition)
    execution = simulator.start(machine, order_input(0))
    tokens = tuple(str(task["token"]) for task in simulator.tokens(execution))
    return Pattern(
        text=json.dumps(simulator.history(execution)),
        tokens=tokens,
        definition=parse_definition(json.dumps(definition)),
    )
