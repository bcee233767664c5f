"""The answer as a form: one input for each value that the policy's schema names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from callbacks.decisions.formfields import CHOICE, LIST, YES_NO, Field, fields_of, texts_of
from callbacks.models import Policy
from callbacks.views.answer_form import Typed


@dataclass(frozen=True, slots=True)
class Input:
    """`heading`: of the object that begins here, "" where the one before goes on."""

    field: Field
    id: str
    text: str
    heading: str
    hint: str
    choices: tuple[tuple[str, str], ...]
    errors: tuple[str, ...]

    @property
    def describes(self) -> str:
        """The ids of what is said about it."""
        said = [f"{self.id}-hint"] if self.hint else []
        return " ".join([*said, *([f"{self.id}-error"] if self.errors else [])])


@dataclass(frozen=True, slots=True)
class AnswerFields:
    """`inputs` is empty where the answer is written as JSON; `note` says why, where it has to."""

    inputs: tuple[Input, ...] = ()
    # There is a form to change to, or to change from.
    has_form: bool = False
    note: str = ""
    # What is wrong with the answer and belongs to no input.
    errors: tuple[str, ...] = ()


def answer_fields(*, policy: Policy, typed: Typed, errors: Sequence[str]) -> AnswerFields:
    """How the answer is asked for: `errors` are those of the output."""
    fields = fields_of(policy.output_schema) if policy.output_schema is not None else ()
    if not fields:
        return AnswerFields(errors=tuple(errors))
    if typed.as_json:
        return AnswerFields(has_form=True, errors=tuple(errors))
    texts = texts_of(fields, typed.output)
    if texts is None:
        note = _("This answer has something in it that the form cannot show, so it stays JSON.")
        return AnswerFields(note=note, errors=tuple(errors))
    placed = {field.name: _of_it(field, errors) for field in fields}
    rest = [text for text in errors if not any(text in found for found in placed.values())]
    return AnswerFields(
        inputs=tuple(_inputs(fields, texts, placed)), has_form=True, errors=tuple(rest)
    )


def _inputs(
    fields: tuple[Field, ...], texts: Mapping[str, str], errors: Mapping[str, tuple[str, ...]]
) -> list[Input]:
    inputs: list[Input] = []
    group: tuple[str, ...] = ()
    for number, field in enumerate(fields):
        inputs.append(
            Input(
                field=field,
                id=f"field-{number}",
                text=texts[field.name],
                heading=" · ".join(field.group) if field.group != group else "",
                hint=_hint(field),
                choices=_choices(field),
                errors=errors[field.name],
            )
        )
        group = field.group
    return inputs


def _of_it(field: Field, errors: Sequence[str]) -> tuple[str, ...]:
    """The problems of a schema name their place: "… $.amount: …"."""
    place = "$" + "".join(f".{part}" for part in field.place)
    return tuple(text for text in errors if f"{place}:" in text or f"{place}[" in text)


def _hint(field: Field) -> str:
    if field.kind == LIST:
        return " ".join(filter(None, [field.hint, _("One per line.")]))
    return field.hint


def _choices(field: Field) -> tuple[tuple[str, str], ...]:
    offered = field.choices
    if field.kind == YES_NO:
        offered = (("true", _("Yes")), ("false", _("No")))
    elif field.kind != CHOICE:
        return ()
    return (("", _("Choose…") if field.is_required else _("No answer")), *offered)
