"""Which of the errors of an answer stands at which field of its form."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from callbacks.decisions.formfields import LIST, Field
from callbacks.decisions.misfits import Misfit


def errors_by_field(
    fields: Sequence[Field], errors: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """By the names of the fields, and those that belong to none."""
    at: dict[str, tuple[str, ...]] = {field.name: () for field in fields}
    rest: list[str] = []
    for text in errors:
        field = _field_of(fields, text)
        if field is None:
            rest.append(text)
        else:
            at[field.name] = (*at[field.name], _words(field, text))
    return at, tuple(rest)


def _field_of(fields: Sequence[Field], text: str) -> Field | None:
    if not isinstance(text, Misfit):
        return None
    return next((one for one in fields if text.place[: len(one.place)] == one.place), None)


def _words(field: Field, text: str) -> str:
    """At the field its path is not needed; of a list's line, which one it is."""
    if not isinstance(text, Misfit):
        return text
    inside = text.place[len(field.place) :]
    if field.kind != LIST or not inside:
        return text.words
    return _("Line %(n)s: %(words)s") % {"n": int(inside[0]) + 1, "words": text.words}
