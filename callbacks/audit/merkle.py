"""The Merkle tree of RFC 6962 over entry hashes, kept as a compact range: pure.

Of a tree that only grows from the right, the roots of its perfect subtrees are enough to go on:
as many as its size has bits, however many leaves there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

EMPTY_ROOT = hashlib.sha256().digest()
NODE_BYTES = 32


@dataclass(slots=True)
class Tree:
    """`nodes` are the roots of the perfect subtrees from the left, the largest first."""

    size: int = 0
    nodes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        node = hashlib.sha256(b"\0" + leaf).digest()
        # Each trailing 1 of the size is a subtree that the new leaf makes twice as large.
        size = self.size
        while size & 1:
            node = _join(self.nodes.pop(), node)
            size >>= 1
        self.nodes.append(node)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        for leaf in leaves:
            self.append(leaf)

    @property
    def root(self) -> bytes:
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = _join(node, root)
        return root

    def text(self) -> str:
        return " ".join(node.hex() for node in self.nodes)


def read_tree(*, size: int, text: str) -> Tree | None:
    """Return the tree that `text` keeps; None where it cannot be one of this size."""
    try:
        nodes = [bytes.fromhex(part) for part in text.split()]
    except ValueError:
        return None
    is_whole = len(nodes) == size.bit_count() and all(len(node) == NODE_BYTES for node in nodes)
    return Tree(size=size, nodes=nodes) if is_whole else None


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
