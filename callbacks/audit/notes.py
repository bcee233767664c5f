"""Signed notes (C2SP signed-note) under Ed25519: pure, for the writer and for every verifier.

    the text, whose last line ends like all others

    — name base64(key id + signature over the text)

A verifier key is `name+key id+base64(1 + public key)`, as other tools for such notes take it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

ED25519 = b"\x01"
ID_BYTES = 4
DASH = "\N{EM DASH} "


class BadNote(Exception):
    """The text is no signed note, or nobody whom we trust has signed it."""


class BadKey(Exception):
    """The text is not a key."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Whose signature counts: a public key under a name."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        named = self.name.encode() + b"\n" + ED25519 + self.public
        return hashlib.sha256(named).digest()[:ID_BYTES]

    def text(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encode(ED25519 + self.public)}"

    def accepts(self, *, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """A name and its private key. Raises BadKey where the seed is not 32 bytes in base64url."""

    def __init__(self, *, name: str, seed: str) -> None:
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed))
        except ValueError:
            # Without the cause: it must not lead to the seed.
            raise BadKey("The signing key is not 32 bytes in base64url.") from None
        if not _is_name(name):
            raise BadKey(f"{name!r} is no name for a key: it may hold no space and no plus.")
        self.verifier = Verifier(name=name, public=self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return the note. The text ends with a line end and has no empty line."""
        signature = self.verifier.key_id + self._key.sign(text.encode())
        return f"{text}\n{DASH}{self.verifier.name} {_encode(signature)}\n"


def open_note(note: str, *, trusted: Iterable[Verifier]) -> tuple[str, Verifier]:
    """Return the text and who signed it. Raises BadNote.

    Signatures of others may stand beside it (witnesses add theirs): they neither help nor harm.
    """
    try:
        note.encode()
    except UnicodeEncodeError as exc:
        raise BadNote("it is no text") from exc
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    by_name = {(verifier.name, verifier.key_id): verifier for verifier in trusted}
    for name, key_id, signature in _signatures(signatures):
        verifier = by_name.get((name, key_id))
        if verifier is None:
            continue
        if not verifier.accepts(text=text, signature=signature):
            raise BadNote(f"its signature by {name} does not fit")
        return text, verifier
    raise BadNote("no key that is trusted here has signed it")


def read_verifier(text: str) -> Verifier:
    """Raises BadKey."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError as exc:
        raise BadKey("The verifier key cannot be read.") from exc
    verifier = Verifier(name=name, public=key[1:])
    is_sound = key[:1] == ED25519 and len(key) == 33 and verifier.key_id.hex() == key_id
    if not is_sound or not _is_name(name):
        raise BadKey("The verifier key is not one for Ed25519, or it was damaged.")
    return verifier


def _signatures(lines: str) -> list[tuple[str, bytes, bytes]]:
    if not lines.endswith("\n"):
        raise BadNote("it is no signed note")
    return [_signature(line) for line in lines[:-1].split("\n")]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except ValueError as exc:
        raise BadNote("it is no signed note") from exc
    if not line.startswith(DASH) or not _is_name(name) or len(decoded) <= ID_BYTES:
        raise BadNote("it is no signed note")
    return name, decoded[:ID_BYTES], decoded[ID_BYTES:]


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(sign.isspace() for sign in name)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
