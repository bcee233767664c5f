"""The answer as a form: one input for each value of the policy's schema, or of past answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from callbacks.asl.contract.carried import Place
from callbacks.asl.contract.infer import Contract
from callbacks.asl.language.values import render
from callbacks.asl.payload import PayloadError, check_output
from callbacks.decisions.formfields import LIST, Field, fields_of, output_of
from callbacks.decisions.formtexts import texts_of
from callbacks.decisions.inferred import RUNS_FOR_A_FORM, contract_of_task
from callbacks.models import CallbackTask, User
from callbacks.views.answer_form import Typed
from callbacks.views.choice_words import choices_of
from callbacks.views.field_errors import errors_by_field


@dataclass(frozen=True, slots=True)
class Input:
    """`heading`: of the object that begins here, "" where the one before goes on."""

    field: Field
    id: str
    text: str
    heading: str
    hint: str
    # "required", or what a guess can say instead.
    need: str
    choices: tuple[tuple[str, str], ...]
    errors: tuple[str, ...]
    # Of the fields with errors the first: there the person goes on.
    is_first_wrong: bool = False

    @property
    def describes(self) -> str:
        """The ids of what is said about it."""
        said = [f"{self.id}-hint"] if self.hint else []
        wrong = [f"{self.id}-error{f'-{n}' if n else ''}" for n, _text in enumerate(self.errors)]
        return " ".join([*said, *wrong])


@dataclass(frozen=True, slots=True)
class AnswerFields:
    """`inputs` is empty where the answer is written as JSON; `note` says why, where it has to."""

    inputs: tuple[Input, ...] = ()
    # There is a form to change to, or to change from.
    has_form: bool = False
    note: str = ""
    # Where the form comes from, if from no policy, and what it changes.
    source: str = ""
    # What is wrong with the answer and belongs to no input.
    errors: tuple[str, ...] = ()


def answer_fields(
    *, task: CallbackTask, user: User, typed: Typed, errors: Sequence[str], signed: str = ""
) -> AnswerFields:
    """How the answer is asked for: `errors` are those of the output, `signed` is an answer that has
    signatures to the byte."""
    fields, contract = _fields(task, user)
    if not fields:
        return AnswerFields(errors=tuple(errors))
    note, texts = ("", None)
    if not typed.as_json:
        note, texts = _shown(fields, typed.output, contract, signed)
    if texts is None:
        return AnswerFields(has_form=True, note=note, errors=tuple(errors))
    placed, rest = errors_by_field(fields, errors)
    begun_with = typed.output == task.policy.default_output
    said = [
        _source(contract) if contract else "",
        "" if begun_with else _order_note(fields, texts, typed.output),
    ]
    return AnswerFields(
        inputs=tuple(_inputs(fields, texts, placed, contract)),
        has_form=True,
        source=" ".join(filter(None, said)),
        errors=rest,
    )


def _fields(task: CallbackTask, user: User) -> tuple[tuple[Field, ...], Contract | None]:
    """With what they were inferred from; None where a policy asks for them."""
    schema = task.policy.output_schema
    if schema is not None:
        return fields_of(schema), None
    contract = contract_of_task(task=task, user=user)
    is_usual = contract.runs >= RUNS_FOR_A_FORM
    return (fields_of(contract.schema, is_guess=True) if is_usual else ()), contract


def _shown(
    fields: Sequence[Field], output: str, contract: Contract | None, signed: str
) -> tuple[str, dict[str, str] | None]:
    """What stands in the form, or why nothing can."""
    try:
        texts = texts_of(fields, output, may_add=contract is None)
    except PayloadError as exc:
        note = _("It can be shown as a form once this is mended. %(problem)s")
        return note % {"problem": exc.problem}, None
    if texts is None:
        note = _("This answer has something in it that the form cannot show, so it stays JSON.")
        return note, None
    if output == signed and output and output_of(fields, texts) != output:
        note = _(
            "Others have signed exactly these bytes, and the form would write them in another "
            "way, so the answer stays JSON."
        )
        return note, None
    return "", texts


def _order_note(fields: Sequence[Field], texts: Mapping[str, str], output: str) -> str:
    if not output.strip():
        return ""
    given, made = render(check_output(output)), output_of(fields, texts)
    # What the form adds of its own makes it longer.
    if made == given or len(made) != len(given):
        return ""
    return _("The names stood in another order; the form writes them in its own.")


def _source(contract: Contract) -> str:
    return _(
        "A form after the last %(n)s answers to this step. It only asks for numbers where those "
        "had numbers; anything else can be written as JSON."
    ) % {"n": contract.runs}


def _inputs(
    fields: tuple[Field, ...],
    texts: Mapping[str, str],
    errors: Mapping[str, tuple[str, ...]],
    contract: Contract | None,
) -> list[Input]:
    inputs: list[Input] = []
    group: tuple[str, ...] = ()
    first_wrong = next((field.name for field in fields if errors[field.name]), None)
    for number, field in enumerate(fields):
        inputs.append(
            Input(
                field=field,
                id=f"field-{number}",
                text=texts[field.name],
                heading=" · ".join(field.group) if field.group != group else "",
                hint=" ".join(_hints(field, contract)),
                need=_need(field, contract),
                choices=choices_of(field),
                errors=errors[field.name],
                is_first_wrong=field.name == first_wrong,
            )
        )
        group = field.group
    return inputs


def _hints(field: Field, contract: Contract | None) -> Iterator[str]:
    if field.hint:
        yield field.hint
    if field.kind == LIST:
        yield _("One per line.")
    if field.is_nullable:
        yield _("Left blank it is null.")
    if contract is None:
        return
    if field.default:
        yield _("Usually %(value)s.") % {"value": _said(field, field.default)}
    elif field.examples:
        yield _("For example %(values)s.") % {"values": ", ".join(field.examples)}
    readers = readers_of(contract, field.place)
    if readers:
        yield _("Read by %(steps)s.") % {"steps": ", ".join(readers)}


def readers_of(contract: Contract, place: Place) -> list[str]:
    """The states that read this value, or a part of it."""
    names = [read.state for read in contract.reads if read.place[: len(place)] == place]
    return list(dict.fromkeys(names))


def _said(field: Field, text: str) -> str:
    return dict(choices_of(field)).get(text, text)


def _need(field: Field, contract: Contract | None) -> str:
    if not field.is_required or field.is_nullable:
        return ""
    return _("required") if contract is None else _("expected")
