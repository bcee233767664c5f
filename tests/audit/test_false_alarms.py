"""An honest record raises no alarm: eight writers, checkpoints all the while, then the check.

`HOLDPOINT_HONEST_ENTRIES` says how many entries there are in all.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from callbacks.audit import keys, sink
from callbacks.audit.checkpoint_files import checkpoint_paths
from callbacks.audit.checkpointing import keep_up, write_checkpoint
from callbacks.audit.verify import compare_with_file, verify_chain
from callbacks.audit.verify_checkpoints import Watch, read_checkpoints
from tests.audit.chains import add, run_verify

ENTRIES = int(os.environ.get("HOLDPOINT_HONEST_ENTRIES", "400"))
WRITERS = 8


def closing(job: Callable[[], None]) -> Callable[[], None]:
    """A job of a thread, which has a database connection of its own."""

    def done() -> None:
        try:
            job()
        finally:
            connection.close()

    return done


@contextmanager
def checkpoints_meanwhile() -> Iterator[threading.Event]:
    """As the periodic job does: the file outside, and a checkpoint as often as one is due.

    Yields what is set when the job was done for the first time.
    """
    ended, once = threading.Event(), threading.Event()

    def go_on() -> None:
        while not ended.wait(0.25):
            sink.keep_up()
            keep_up(now=timezone.now())
            once.set()

    thread = threading.Thread(target=closing(go_on))
    thread.start()
    try:
        yield once
    finally:
        ended.set()
        thread.join()


def write(first: int, *, last_after: threading.Event) -> None:
    """One writer's share; its last entry only when a checkpoint is behind the others."""
    numbers = range(first, ENTRIES, WRITERS)
    for number in numbers:
        if number == numbers[-1]:
            assert last_after.wait(60), "no checkpoint came to be while entries were written"
        add(facts={"n": number}, personal={"reason": f"Honest {number}."})


@contextmanager
def timed(what: str, record: Callable[[str, object], None]) -> Iterator[None]:
    begun = time.monotonic()
    yield
    record(what, f"{ENTRIES:,} entries in {time.monotonic() - begun:,.1f} s")


@pytest.mark.django_db(transaction=True)
def test_eight_honest_writers_raise_no_false_alarm(
    audit_sink: Path, record_property: Callable[[str, object], None]
) -> None:
    with timed("written", record_property), checkpoints_meanwhile() as once:
        jobs = [closing(partial(write, first, last_after=once)) for first in range(WRITERS)]
        threads = [threading.Thread(target=job) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    sink.catch_up()
    write_checkpoint(now=timezone.now())
    kept = read_checkpoints(checkpoint_paths()[0], trusted=keys.trusted())
    watch = Watch(kept)
    with timed("verified", record_property):
        assert verify_chain(watch).entries == ENTRIES
    record_property("checkpoints", len(kept))
    assert len(watch.fitting) == len(kept) > 1
    assert compare_with_file(audit_sink) == ENTRIES
    assert run_verify()[0] == 0
