"""Our compact range has the roots of RFC 6962: an independent library finds the same."""

import hashlib

import pytest
from pymerkle import InmemoryTree

from callbacks.audit.merkle import EMPTY_ROOT, Tree, read_tree

LEAVES = [hashlib.sha256(str(number).encode()).digest() for number in range(70)]


def tree_of(leaves: list[bytes]) -> Tree:
    tree = Tree()
    tree.extend(leaves)
    return tree


@pytest.mark.parametrize("size", range(71))
def test_an_independent_library_has_the_same_root(size: int) -> None:
    other = InmemoryTree(algorithm="sha256")
    for leaf in LEAVES[:size]:
        other.append_entry(leaf)
    assert tree_of(LEAVES[:size]).root == other.get_root()


def test_an_empty_tree_has_the_root_that_the_standard_says() -> None:
    assert Tree().root == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 64, 70])
def test_a_kept_tree_goes_on_as_if_it_had_never_stopped(size: int) -> None:
    first = tree_of(LEAVES[:size])
    kept = read_tree(size=size, text=first.text())
    assert kept is not None
    kept.extend(LEAVES[size:])
    assert kept.root == tree_of(LEAVES).root


@pytest.mark.parametrize(
    ("size", "text"), [(1, ""), (0, "00" * 32), (1, "00" * 31), (1, "zz"), (3, "00" * 32)]
)
def test_what_can_be_no_tree_of_this_size_is_refused(size: int, text: str) -> None:
    assert read_tree(size=size, text=text) is None
