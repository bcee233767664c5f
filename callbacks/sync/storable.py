"""Texts of AWS as they may be stored: tokens masked, nothing that a database refuses. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from callbacks.asl.masking import Masker

# PostgreSQL keeps no NUL, and no database half a character.
_REFUSED = re.compile(r"[\x00\ud800-\udfff]")


class Storable:
    """Prepares all texts of one execution; make one per reading."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._masker = Masker(tokens)
        self._seen: dict[str, str] = {}

    def text(self, text: str, *, longest: int | None = None) -> str:
        """Mask first and cut after, so that no part of a token is left at the end."""
        if text not in self._seen:
            self._seen[text] = _REFUSED.sub("\ufffd", self._masker.text(text))
        return self._seen[text][:longest]


def fitting(text: str, *, longest: int) -> str:
    """Shorten a name so that two different ones stay different."""
    if len(text) <= longest:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{text[: longest - 13]}…{digest}"
