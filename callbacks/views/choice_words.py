"""What can be chosen in a field, in words that tell each choice from the others."""

from __future__ import annotations

import json
from collections import Counter

from django.utils.translation import gettext as _

from callbacks.decisions.formfields import YES_NO, Field

Choice = tuple[str, str]


def choices_of(field: Field) -> tuple[Choice, ...]:
    """JSON texts with the words for them, first of all for no choice; () where all may be typed."""
    if not field.choices:
        return ()
    nothing = _("Choose…") if field.is_required else _("No answer")
    plain = [_plain(text, field.kind) for text in field.choices]
    taken = Counter(map(_as_shown, [nothing, *plain]))
    words = (
        _("“%(text)s”") % {"text": word} if _needs_quotes(text, word, taken) else word
        for text, word in zip(field.choices, plain, strict=True)
    )
    return (("", nothing), *zip(field.choices, words, strict=True))


def _plain(text: str, kind: str) -> str:
    if text == "null":
        return _("null (nothing)")
    if text == '""':
        return _("(empty text)")
    if kind == YES_NO:
        return _("Yes") if text == "true" else _("No")
    return str(json.loads(text)) if text.startswith('"') else text


def _needs_quotes(text: str, word: str, taken: Counter[str]) -> bool:
    """Of a text that looks like another choice, or has blanks that nobody sees."""
    if not text.startswith('"') or text == '""':
        return False
    return taken[_as_shown(word)] > 1 or word != _as_shown(word)


def _as_shown(word: str) -> str:
    """A browser shows a row of blanks as one, and none at the ends."""
    return " ".join(word.split())
