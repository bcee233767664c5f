"""Workflows: the definitions that are mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callbacks.models import StateMachine


@dataclass(frozen=True, slots=True)
class MirroredDefinition:
    """`text` is None where sync has not read it yet."""

    name: str
    connection: str
    text: str | None


def mirrored_definitions(*, connection: str | None) -> Iterator[MirroredDefinition]:
    """Today's definition of every state machine that AWS lists, by connection and name."""
    rows = StateMachine.objects.without_map_runs().filter(gone_at=None)
    if connection is not None:
        rows = rows.filter(connection__name=connection)
    ordered = rows.order_by("connection__name", "name", "id")
    columns = ordered.values_list("name", "connection__name", "definition__text")
    # Each may be a megabyte.
    return (MirroredDefinition(*row) for row in columns.iterator(chunk_size=50))
