"""Signed notes as C2SP writes them, and every forgery of one is refused."""

import base64
from collections.abc import Callable

import pytest

from callbacks.audit.checkpoint import open_checkpoint, sign
from callbacks.audit.notes import BadKey, BadNote, Signer, open_note, read_verifier
from tests.audit.checkpoints import checkpoint

SEED = base64.urlsafe_b64encode(bytes(32)).decode()
OTHER = base64.urlsafe_b64encode(bytes([1] * 32)).decode()
SIGNER = Signer(name="example.com/audit", seed=SEED)
# The example of Go's package sumdb/note, which began the format.
PUBLISHED = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"  # noqa: E501
)


def test_a_published_note_is_read() -> None:
    verifier = read_verifier(PUBLISHED)
    text, signed_by = open_note(PUBLISHED_NOTE, trusted=[verifier])
    assert signed_by == verifier
    assert text.endswith("what your problem is.\n")


def test_a_verifier_key_is_written_as_it_was_read() -> None:
    assert read_verifier(PUBLISHED).text() == PUBLISHED
    assert read_verifier(SIGNER.verifier.text()) == SIGNER.verifier


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PUBLISHED.replace("c74f20a3", "c74f20a4"),
        PUBLISHED.replace("+ARpc", "+ARpd"),
        PUBLISHED.replace("+AR", "+BR"),
        "a+00000000+AQ==",
        "a+00000000+ä",
    ],
)
def test_a_damaged_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        read_verifier(text)


@pytest.mark.parametrize("seed", ["", "c2hvcnQ=", "ä", "!" * 44])
def test_a_signing_key_of_another_form_is_refused_and_not_repeated(seed: str) -> None:
    with pytest.raises(BadKey) as refused:
        Signer(name="a", seed=seed)
    assert seed == "" or seed not in str(refused.value)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_name_that_would_break_the_line_is_refused(name: str) -> None:
    with pytest.raises(BadKey):
        Signer(name=name, seed=SEED)


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    made = sign(checkpoint(SIGNER.verifier.name, size=7), signer=SIGNER)
    assert open_checkpoint(made.note, trusted=[SIGNER.verifier]) == made


def test_a_witness_may_add_its_signature() -> None:
    made = sign(checkpoint(SIGNER.verifier.name), signer=SIGNER)
    body = made.note.partition("\n\n")[0] + "\n"
    witness = Signer(name="witness", seed=OTHER).sign(body).partition("\n\n")[2]
    opened = open_checkpoint(made.note + witness, trusted=[SIGNER.verifier])
    assert opened.checkpoint == made.checkpoint


FORGERIES: dict[str, Callable[[str], str]] = {
    "another size": lambda note: note.replace("\n5\n", "\n6\n"),
    "another time": lambda note: note.replace("at 2026", "at 2025"),
    "another root": lambda note: note.replace("=\nat", "=\nat").replace("AAAA", "BAAA", 1),
    "more text": lambda note: note.replace("\n\n", "\nmore\n\n", 1),
    "no signature": lambda note: note.partition("\n\n")[0] + "\n\n",
    "no note": lambda note: "nonsense",
    "nothing": lambda note: "",
    "a short signature": lambda note: note[:-20] + "\n",
    "no line end": lambda note: note[:-1],
    "a hyphen for the dash": lambda note: note.replace("\N{EM DASH}", "-"),
    "somebody else's key": lambda note: Signer(name=SIGNER.verifier.name, seed=OTHER).sign(
        note.partition("\n\n")[0] + "\n"
    ),
    "our key id before somebody else's signature": lambda note: other_signature(note),
    "a key under another name": lambda note: Signer(name="example.com/other", seed=SEED).sign(
        note.partition("\n\n")[0] + "\n"
    ),
    "another origin under our key": lambda note: SIGNER.sign(
        note.partition("\n\n")[0].replace("example.com/audit", "example.com/other") + "\n"
    ),
    "a leading zero": lambda note: SIGNER.sign(
        note.partition("\n\n")[0].replace("\n5\n", "\n05\n") + "\n"
    ),
    "a time that is none": lambda note: SIGNER.sign(
        note.partition("\n\n")[0].replace("at 2026-03", "at 2026-13") + "\n"
    ),
    "a root of other bits": lambda note: SIGNER.sign(
        note.partition("\n\n")[0].replace("AA=\n", "AB=\n") + "\n"
    ),
}


def other_signature(note: str) -> str:
    body = note.partition("\n\n")[0] + "\n"
    theirs = Signer(name=SIGNER.verifier.name, seed=OTHER).sign(body).split(" ")[-1]
    mixed = SIGNER.verifier.key_id + base64.b64decode(theirs)[4:]
    return f"{body}\n\N{EM DASH} {SIGNER.verifier.name} {base64.b64encode(mixed).decode()}\n"


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_checkpoint_is_refused(forgery: str) -> None:
    note = sign(checkpoint(SIGNER.verifier.name), signer=SIGNER).note
    forged = FORGERIES[forgery](note)
    assert forged != note
    with pytest.raises(BadNote):
        open_checkpoint(forged, trusted=[SIGNER.verifier])
