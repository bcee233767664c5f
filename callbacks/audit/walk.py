"""The hashes of the chain in the order of their numbers, page by page."""

from __future__ import annotations

from collections.abc import Iterator

from callbacks.audit.envelope import GENESIS
from callbacks.models import AuditEntry

PAGE = 2_000


def entry_hashes(*, after: int = 0) -> Iterator[tuple[int, str]]:
    """Yield number and hash of each entry behind `after`, as the table has them."""
    while True:
        rows = AuditEntry.objects.filter(chain_seq__gt=after).order_by("chain_seq")
        page = list(rows.values_list("chain_seq", "entry_hash")[:PAGE])
        if not page:
            return
        yield from page
        after = page[-1][0]


def is_on_chain(*, seq: int, digest: str) -> bool:
    """Whether the entry of this number has this hash; before the first stands nothing."""
    if seq == 0:
        return digest == GENESIS
    return AuditEntry.objects.filter(chain_seq=seq, entry_hash=digest).exists()


def last_seq() -> int:
    row = AuditEntry.objects.order_by("-chain_seq").values_list("chain_seq", flat=True).first()
    return row or 0
