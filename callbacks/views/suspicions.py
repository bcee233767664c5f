"""What in a workflow's data may mislead its reader: hidden letters, look-alikes, doubled names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from callbacks.templatetags.words import has_odd_characters, shown_plain
from callbacks.views.jsontree import Members, NotShown, Number, is_container, read_shown, values_of

# Looking at letters takes time; what a person reads at all is within this.
LETTERS_LOOKED_AT = 200_000
# Scripts whose letters look like those of another one of them.
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NO_LETTERS = re.compile(r"[\W_]+")
_WIDE_DIGIT = re.compile(r"(?![0-9])\d")
# Letters of other scripts that look like Latin ones, for names that stand side by side.
_LOOK_ALIKES = str.maketrans("аеорсухіѕјԁһԛԝοανικρτυχ", "aeopcyxisjdhqwoavikptux")


def suspicions(text: str, *, names: Iterable[str] = ()) -> list[str]:
    """Warnings for above the data, each said once; `names` are texts beside the JSON."""
    texts = [*names, *_texts(text)]
    plain = "\n".join(texts)[:LETTERS_LOOKED_AT]
    found = []
    if has_odd_characters(plain):
        found.append(
            _("It holds characters that cannot be seen or that turn the text; each is marked.")
        )
    mixed = next((word for word in _WORD.findall(plain) if _is_mixed(word)), "")
    if mixed:
        found.append(
            _("A word mixes letters of two alphabets: “%(word)s” (%(codes)s).")
            % {"word": shown_plain(mixed[:40]), "codes": _foreign_codes(mixed[:40])}
        )
    if _WIDE_DIGIT.search(plain):
        found.append(_("It holds digits that only look like 0 to 9."))
    found.extend(_similar_names(text))
    return found


def _texts(text: str) -> Iterator[str]:
    try:
        waiting = [read_shown(text)]
    except NotShown:
        yield text
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, Members):
            yield from (key for key, _value in node)
        if is_container(node):
            waiting.extend(values_of(node))
        elif isinstance(node, str) and not isinstance(node, Number):
            yield node


def _is_mixed(word: str) -> bool:
    return not word.isascii() and len({_script(letter) for letter in word} - {""}) > 1


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    return next((script for script in _SCRIPTS if name.startswith(script)), "")


def _foreign_codes(word: str) -> str:
    return ", ".join(f"U+{ord(letter):04X}" for letter in word if not letter.isascii())


def _similar_names(text: str) -> Iterator[str]:
    """Names in one object that differ only in what a reader overlooks."""
    for group in _groups(text):
        names = ", ".join(f"“{shown_plain(name[:40])}”" for name in group[:4])
        yield _("Names that look alike stand side by side: %(names)s.") % {"names": names}
        return


def _groups(text: str) -> Iterator[list[str]]:
    try:
        waiting: list[Any] = [read_shown(text)]
    except NotShown:
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, Members):
            by_look: dict[str, list[str]] = {}
            for key, _value in node:
                by_look.setdefault(_look(key), []).append(key)
            yield from (names for names in by_look.values() if len(names) > 1)
        waiting.extend(value for value in values_of(node) if is_container(value))


@lru_cache(maxsize=10_000)
def _look(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_LOOK_ALIKES)
    return _NO_LETTERS.sub("", folded)
