"""An audit entry as one line of a file, and back: pure, for the file sink and its verifier."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import rfc8785


class BadLine(Exception):
    """The line is not one that we wrote."""


@dataclass(frozen=True, slots=True)
class Line:
    """`body` is the canonical text that `entry_hash` covers, as it stands in the database."""

    seq: int
    body: str
    entry_hash: str


def write_line(*, body: str, entry_hash: str) -> str:
    """Return an entry's line. It is canonical JSON itself: "body" sorts before "entry_hash"."""
    return f'{{"body":{body},"entry_hash":"{entry_hash}"}}\n'


def read_line(text: bytes) -> Line:
    """Raises BadLine."""
    try:
        parsed = json.loads(text)
        body, digest = parsed["body"], parsed["entry_hash"]
        line = Line(int(body["seq"]), rfc8785.dumps(body).decode(), str(digest))
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise BadLine("the line is not an audit entry") from exc
    if write_line(body=line.body, entry_hash=line.entry_hash).encode() != text:
        raise BadLine("the line is not in canonical form")
    return line


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the file's entries in their order. Raises BadLine and OSError.

    A last line without its end is one that is being written, or whose writer died: it was never
    relied on.
    """
    with path.open("rb") as file:
        for text in file:
            if text.endswith(b"\n"):
                yield read_line(text)
