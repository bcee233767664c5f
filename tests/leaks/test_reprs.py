"""What carries a token does not print it: in a debugger, a log line or an error report."""

from __future__ import annotations

from collections.abc import Callable
from pprint import pformat
from typing import Any

import pytest

from callbacks.asl.definition import parse_definition
from callbacks.asl.history import read_history
from callbacks.asl.masking import Masker
from callbacks.asl.spellings import Finder
from callbacks.models import CallbackTask
from callbacks.models.secret import decrypt_token
from callbacks.stepfunctions import Access, Reader
from callbacks.sync.storable import Storable
from tests import making
from tests.leaks.spellings import Detector
from tests.simulator.control import running_simulator

Carried = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def carried() -> Carried:
    """A token, and all that holds it on its way from AWS to the row."""
    with running_simulator() as simulator:
        arn = simulator.start(simulator.create("orders", making.DEFINITION), {"order": 7})
        token = simulator.tokens(arn)[0]["token"]
        access = Access(region="eu-west-1", endpoint_url=simulator.url)
        events = Reader(access=access).history(execution_arn=arn)
    history = read_history(events=events, definition=parse_definition(making.DEFINITION))
    assert history.tasks[0].token == token
    return (
        token,
        {
            "events": events,
            "history": history,
            "task of the history": history.tasks[0],
            "masker": Masker([token]),
            "finder": Finder([token]),
            "what is found": Finder([token]).present(token),
            "storable texts": Storable([token]),
            "access": access,
        },
    )


PRINTS: dict[str, Callable[[Any], str]] = {
    "repr": repr,
    "str": str,
    "pprint": pformat,
    "in a list": lambda value: f"{[value]}",
}


@pytest.mark.parametrize("printed", PRINTS.values(), ids=PRINTS)
def test_nothing_on_the_way_prints_the_token(
    carried: Carried, printed: Callable[[Any], str]
) -> None:
    token, carriers = carried
    detector = Detector()
    detector.add(token)
    found = {name: detector.search(printed(one), [token]) for name, one in carriers.items()}
    assert {name for name, hits in found.items() if hits} == set()


def test_a_row_shows_only_the_ciphertext(db: None) -> None:
    task = making.make_task(token="AQCEAAAAKgAAAAM" + "b3JkZXIgbnVtYmVyIHNldmVu" * 20)
    row = CallbackTask.objects.get(pk=task.pk)
    token = decrypt_token(ciphertext=row.token_ciphertext, task_id=row.pk)
    detector = Detector()
    detector.add(token)
    shown = f"{row!r} {row} {vars(row)!r} {pformat(vars(row))}"
    assert detector.search(shown, [token]) == set()
    assert len(token) == row.token_length
