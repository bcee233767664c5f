"""Random tampering of ten kinds by the database's owner: one checkpoint kept outside finds each.

`HOLDPOINT_TAMPERINGS` says how many there are in all; 1,000 take some ten seconds.
"""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from callbacks.audit import keys, sink
from callbacks.audit.checkpoint import Signed, open_checkpoint, sign
from callbacks.audit.envelope import GENESIS, entry_hash
from callbacks.audit.faults import Fault
from callbacks.audit.merkle import Tree
from callbacks.audit.notes import BadNote, Signer
from callbacks.audit.rollback import KIND
from callbacks.audit.verify import compare_with_file, verify_chain
from callbacks.audit.verify_checkpoints import Watch
from callbacks.models import AuditEntry
from tests.audit.chains import NOW, add, without_triggers
from tests.audit.checkpoints import later, made

pytestmark = pytest.mark.django_db
ENTRIES = 40
TAMPERINGS = int(os.environ.get("HOLDPOINT_TAMPERINGS", "50"))
# Far from the numbers of the chain, to move rows without meeting one.
APART = 1_000_000
Pick = random.Random


# --- what an owner may do: each returns the first entry that is no longer what it was -------------
def edited(pick: Pick) -> int:
    row = _row(pick.randint(1, ENTRIES))
    _put(row, _with(row, facts={"n": pick.randint(-9, -1)}), rehash=pick.random() < 0.5)
    return row.chain_seq


def deleted(pick: Pick) -> int:
    seq = pick.randint(1, ENTRIES - 1)
    _raw(seq, seq)
    if pick.random() < 0.5:
        _renumber(range(seq + 1, ENTRIES + 1), by=-1)
    return seq


def inserted(pick: Pick) -> int:
    seq = pick.randint(2, ENTRIES)
    _renumber(range(ENTRIES, seq - 1, -1), by=1)
    before = _row(seq - 1)
    body = _with(before, seq=seq, previous=before.entry_hash, facts={"put": "in"})
    # Twice the same `previous_hash` is refused by the database: the column holds another.
    _insert(before, seq, body, previous="f" * 64)
    return seq


def swapped(pick: Pick) -> int:
    one, two = sorted(pick.sample(range(1, ENTRIES + 1), 2))
    for seq, place in ((one, APART), (two, one), (APART, two)):
        AuditEntry.objects.filter(chain_seq=seq).update(chain_seq=place)
    return one


def cut(pick: Pick) -> int:
    seq = pick.randint(1, ENTRIES)
    _raw(seq, ENTRIES)
    return seq


def rewritten(pick: Pick) -> int:
    seq = pick.randint(1, ENTRIES)
    _rewrite(seq, lambda row: {"facts": {"n": -row.chain_seq}} if row.chain_seq == seq else {})
    return seq


def older(pick: Pick) -> int:
    """A snapshot that has gone on since, or not."""
    seq = cut(pick)
    for _ in range(pick.choice([0, 1, ENTRIES - seq + 1, ENTRIES])):
        add("signed_out")
    return seq


def acknowledged(pick: Pick) -> int:
    """The rewrite explains itself: a roll-back of just these entries, that "somebody" noted."""
    head = _row(ENTRIES).entry_hash
    seq = pick.choice([rewritten, older])(pick)
    common = pick.choice([0, seq - 1])
    facts = {"place": "checkpoints.jsonl", "outside_entries": ENTRIES, "outside_hash": head}
    facts |= {"common_entries": common, "database_entries": AuditEntry.objects.count()}
    add(KIND, now=later(5), facts=facts, personal={"reason": "Restored."})
    return seq


def retimed(pick: Pick) -> int:
    seq = pick.randint(1, ENTRIES)
    moved = {"at": json.loads(_row(seq).body)["at"] - pick.randint(1, 10**9)}
    if pick.random() < 0.5:
        _rewrite(seq, lambda row: moved if row.chain_seq == seq else {})
    elif pick.random() < 0.5:
        _put(_row(seq), _with(_row(seq), **moved), rehash=True)
    else:
        AuditEntry.objects.filter(chain_seq=seq).update(at=NOW - timedelta(seconds=1))
    return seq


KINDS: dict[str, Callable[[Pick], int]] = {
    "edit": edited,
    "delete": deleted,
    "insert": inserted,
    "swap": swapped,
    "cut tail": cut,
    "consistent rewrite": rewritten,
    "older snapshot": older,
    "time": retimed,
    "acknowledged rewrite": acknowledged,
    # The rewrite comes with a checkpoint of its own, under a key of the owner's.
    "key": rewritten,
}


# --- the means ------------------------------------------------------------------------------------
def _row(seq: int) -> AuditEntry:
    return AuditEntry.objects.get(chain_seq=seq)


def _with(row: AuditEntry, **changes: Any) -> str:
    body = json.loads(row.body) | changes
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _put(row: AuditEntry, body: str, *, rehash: bool) -> None:
    values = json.loads(body)
    at = later(0) + timedelta(microseconds=values["at"] - json.loads(_row(row.pk).body)["at"])
    digest = entry_hash(body) if rehash else row.entry_hash
    AuditEntry.objects.filter(pk=row.pk).update(
        body=body, entry_hash=digest, previous_hash=values["previous"], at=at
    )


def _insert(like: AuditEntry, seq: int, body: str, *, previous: str) -> None:
    AuditEntry.objects.create(
        chain_seq=seq,
        kind=like.kind,
        at=like.at,
        body=body,
        previous_hash=previous,
        entry_hash=entry_hash(body),
    )


def _raw(first: int, last: int) -> None:
    AuditEntry.objects.filter(chain_seq__range=(first, last))._raw_delete("default")


def _renumber(numbers: range, *, by: int) -> None:
    for seq in numbers:
        AuditEntry.objects.filter(chain_seq=seq).update(chain_seq=seq + by)


def _rewrite(start: int, change: Callable[[AuditEntry], dict[str, Any]]) -> None:
    """Alter entries and make all hashes from there on anew, so that the chain holds by itself."""
    previous = _row(start - 1).entry_hash if start > 1 else GENESIS
    for row in AuditEntry.objects.filter(chain_seq__gte=start).order_by("chain_seq"):
        body = _with(row, previous=previous, **change(row))
        _put(row, body, rehash=True)
        previous = entry_hash(body)


@contextmanager
def undone() -> Iterator[None]:
    """A copy of the database to tamper with: a transaction that is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def kept() -> Signed:
    """The chain, with the one checkpoint that somebody keeps outside."""
    for number in range(ENTRIES):
        add(facts={"n": number})
    sink.catch_up()
    return made(minutes=1)


def forged(genuine: Signed) -> str:
    """A checkpoint of the rewritten chain, as our own would be but for the key."""
    tree = Tree()
    hashes = list(AuditEntry.objects.order_by("chain_seq").values_list("entry_hash", flat=True))
    tree.extend(bytes.fromhex(digest) for digest in hashes)
    theirs = Signer(name=settings.AUDIT_ORIGIN, seed=base64.urlsafe_b64encode(bytes(32)).decode())
    fields = {name: getattr(genuine.checkpoint, name) for name in ("origin", "at", "readings")}
    made_up = type(genuine.checkpoint)(size=tree.size, root=tree.root, head=hashes[-1], **fields)
    return sign(made_up, signer=theirs).note


def assert_found(kind: str, seed: int, kept: Signed) -> None:
    about = f"{kind}, seed {seed}"
    with undone():
        bad = KINDS[kind](random.Random(seed))
        with pytest.raises(Fault) as told:
            verify_chain(Watch([kept]))
        assert told.value.first <= bad <= told.value.seq, f"{about}: {told.value}, not {bad}"
        if kind == "key":
            with pytest.raises(BadNote):
                open_checkpoint(forged(kept), trusted=keys.trusted())


@pytest.mark.parametrize("kind", KINDS)
def test_every_tampering_is_found_and_its_first_entry_named(kind: str, kept: Signed) -> None:
    assert verify_chain(Watch([kept])).entries == ENTRIES
    start = list(KINDS).index(kind)
    with without_triggers():
        for seed in range(start, TAMPERINGS, len(KINDS)):
            assert_found(kind, seed, kept)
    assert verify_chain(Watch([kept])).entries == ENTRIES


@pytest.mark.parametrize(
    "kind", ["consistent rewrite", "older snapshot", "cut tail", "acknowledged rewrite", "key"]
)
def test_the_audit_file_names_exactly_the_first_of_rewritten_entries(
    kind: str, kept: Signed
) -> None:
    with without_triggers():
        for seed in range(10):
            with undone():
                bad = KINDS[kind](random.Random(seed))
                with pytest.raises(Fault) as told:
                    compare_with_file(sink.sink_path())
                assert told.value.seq == bad
