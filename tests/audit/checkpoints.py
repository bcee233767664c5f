"""Checkpoints to test with."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from callbacks.audit.checkpoint import Checkpoint, Readings, Signed
from callbacks.audit.checkpointing import write_checkpoint
from callbacks.audit.envelope import GENESIS
from tests.audit.chains import NOW

NO_READINGS = Readings(after=0, upto=0, count=0, digest=hashlib.sha256().hexdigest())


def checkpoint(origin: str, *, size: int = 5, **fields: Any) -> Checkpoint:
    values = {"root": bytes(32), "at": NOW, "head": GENESIS, "readings": NO_READINGS, **fields}
    return Checkpoint(origin=origin, size=size, **values)


def made(*, minutes: float = 0) -> Signed:
    """Write a checkpoint of the chain as it is, so many minutes after its entries."""
    return write_checkpoint(now=later(minutes))


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)
