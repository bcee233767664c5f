"""What can be chosen in a field, in words."""

from __future__ import annotations

import json

from django.utils.translation import gettext as _

from callbacks.decisions.formfields import YES_NO, Field

Choice = tuple[str, str]


def choices_of(field: Field) -> tuple[Choice, ...]:
    """JSON texts with the words for them, first of all for no choice; () where all may be typed."""
    if not field.choices:
        return ()
    nothing = _("Choose…") if field.is_required else _("No answer")
    return (("", nothing), *((text, _plain(text, field.kind)) for text in field.choices))


def _plain(text: str, kind: str) -> str:
    if kind == YES_NO and text != "null":
        return _("Yes") if text == "true" else _("No")
    return str(json.loads(text)) if text.startswith('"') else text
