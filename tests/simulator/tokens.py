"""Task tokens: long, opaque, single use, and derived from a seed so that a restart knows them."""

from __future__ import annotations

import base64
import hashlib

# Real tokens are two base64 texts joined, so "==" stands in the middle and no decoder takes the
# whole; 684 characters is one of the lengths measured on real ones.
PREFIX = "AQCEAAAAKgAAAAM"
FIRST_BYTES = 85
SECOND_BYTES = 414
PLACEHOLDER = "\x00"


class TokenMint:
    """Makes token number n, and finds n in a token, without keeping the long texts."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._pad = int.from_bytes(hashlib.sha256(self._seed + b"pad").digest()[:8], "big")

    def token(self, number: int) -> str:
        head = self._mask(number) + self._stream(number, b"head", FIRST_BYTES - 8)
        first = base64.b64encode(head).decode()
        second = base64.b64encode(self._stream(number, b"tail", SECOND_BYTES)).decode()
        return f"{PREFIX}A{first}{second}"

    def number(self, token: str) -> int | None:
        """The number of a token that this mint could have made, else None."""
        try:
            head = base64.b64decode(token[len(PREFIX) + 1 :][:12], validate=True)[:8]
        except ValueError:
            return None
        if len(head) < 8:
            return None
        number = int.from_bytes(head, "big") ^ self._pad
        return number if 0 <= number < 1 << 62 and self.token(number) == token else None

    def _mask(self, number: int) -> bytes:
        return (number ^ self._pad).to_bytes(8, "big")

    def _stream(self, number: int, part: bytes, length: int) -> bytes:
        material = self._seed + part + number.to_bytes(8, "big")
        return hashlib.shake_256(material).digest(length)
