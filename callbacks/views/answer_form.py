"""The fields of an answer as a browser posts them: read strictly, kept as typed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from callbacks.asl.masking import mask_tokens
from callbacks.decisions.answer import Answer
from callbacks.decisions.misfits import Misfit
from callbacks.decisions.slots import PREFIX as FIELD
from callbacks.decisions.slots import Place, SlotError, is_answer, misread, output_of, parse_slot
from callbacks.models import Direction, Draft, User

CHECK = "check"
# Put what was typed into what the workflow takes it out of, and show the form again.
WRAP = "wrap"
# Ask AWS for its own forecast, and show the form again with it.
COMPARE = "compare"
DIRECTIONS = (CHECK, WRAP, COMPARE, *Direction.values)
# How the answer was asked for.
MODE, AS_FORM, AS_JSON = "mode", "form", "json"
MOST_FIELDS = 100
TEXTS = ("output", "error", "cause", "reason")
LONGEST_DRAFT = 1_000_000


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed, whatever becomes of it."""

    output: str = ""
    error: str = ""
    cause: str = ""
    reason: str = ""
    empty_is_meant: bool = False
    end_early: bool = False
    override: bool = False
    # The same of a rejection that the policy sends as a success.
    override_no: bool = False
    # It was written as JSON although there is a form.
    as_json: bool = False
    # What stands in fields for numbers and is none, with its place.
    no_numbers: tuple[tuple[Place, str], ...] = ()

    @property
    def not_numbers(self) -> tuple[Misfit, ...]:
        """The same in words, as what a schema refuses, so that each stands at its field."""
        return tuple(
            Misfit(place, _("“%(text)s” is not a number.") % {"text": text[:100]})
            for place, text in self.no_numbers
        )

    def answer(self, direction: Direction) -> Answer:
        return Answer(
            direction=direction,
            output_text=self.output,
            error=self.error,
            cause=self.cause,
            reason=self.reason,
            empty_is_meant=self.empty_is_meant,
            end_early=self.end_early,
            override=self.override if direction == Direction.APPROVE else self.override_no,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """What a form begins with; `note` says where it comes from, where that is not plain."""

    typed: Typed
    note: str = ""
    # The draft says something else and is not shown.
    is_draft_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    typed: Typed
    direction: str
    decision_id: uuid.UUID
    shown_sha256: str


def is_plain_form(request: HttpRequest) -> bool:
    """Whether the body is a form as browsers send it: not packed, not something else."""
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
    return request.content_type in kinds and "Content-Encoding" not in request.headers


def read_posted(request: HttpRequest) -> Posted:
    """An answer that was given in a form's fields becomes the JSON that they make.

    Raises BadRequest (400) where a field is there twice, is none of ours, or is no UTF-8.
    """
    form = request.POST
    _check_encoding(request)
    for name in ("direction", "decision_id", "shown", *TEXTS):
        if len(form.getlist(name)) > 1:
            raise BadRequest(f"The field {name} came twice.")
    direction = form.get("direction", CHECK)
    if direction not in DIRECTIONS:
        raise BadRequest("The answer has no direction.")
    try:
        decision_id = uuid.UUID(form.get("decision_id", ""))
    except ValueError:
        raise BadRequest("The form has lost its number; load the page again.") from None
    return Posted(
        typed=with_fields(read_typed(form), form),
        direction=direction,
        decision_id=decision_id,
        shown_sha256=form.get("shown", "")[:64],
    )


def _check_encoding(request: HttpRequest) -> None:
    """Django puts a mark in the place of broken bytes, and nobody typed that mark."""
    if request.content_type != "application/x-www-form-urlencoded":
        return
    try:
        unquote_to_bytes(request.body).decode()
    except UnicodeDecodeError:
        raise BadRequest("The form is not UTF-8.") from None


def read_typed(form: QueryDict, prefix: str = "") -> Typed:
    output, error, cause, reason = (read_text(form, prefix + name) for name in TEXTS)
    return Typed(
        output=output,
        error=error,
        cause=cause,
        reason=reason,
        empty_is_meant=form.get(prefix + "empty_is_meant") == "on",
        end_early=form.get(prefix + "end_early") == "on",
        override=form.get(prefix + "override") == "on",
        override_no=form.get(prefix + "override_no") == "on",
        as_json=form.get(prefix + MODE) == AS_JSON,
    )


def with_fields(typed: Typed, form: QueryDict, prefix: str = "") -> Typed:
    """What was typed, where the answer's values came one by one. Raises BadRequest (400)."""
    if form.get(prefix + MODE) != AS_FORM:
        return typed
    names = [name for name in form if name.startswith(prefix + FIELD)]
    if len(names) > MOST_FIELDS or any(len(form.getlist(name)) > 1 for name in names):
        raise BadRequest("The form has a field twice, or too many.")
    texts = [pair for pair in field_texts(form, prefix) if pair[0].startswith(FIELD)]
    try:
        slots = [(parse_slot(name), text) for name, text in texts]
        output = output_of(slots) if is_answer(slots) else ""
    except SlotError as exc:
        raise BadRequest(f"The form has a field that is none of ours: {exc}") from None
    no_numbers = tuple((slot.place, text) for slot, text in misread(slots))
    return replace(typed, output=output, no_numbers=no_numbers)


def field_texts(form: QueryDict, prefix: str = "") -> list[tuple[str, str]]:
    """The fields as they came, for a person who has to sign in before anything is known of them."""
    names = [name for name in form if name.startswith(prefix + FIELD) or name == prefix + MODE]
    # Blank ones too: their names may say that blank is a value.
    return [(name.removeprefix(prefix), read_text(form, name)) for name in names[:MOST_FIELDS]]


def written_fields(form: QueryDict) -> list[tuple[str, str]]:
    """What stands in the fields, each by its place in the answer, for a person to read."""
    found = []
    for name, text in field_texts(form):
        try:
            found.append((".".join(parse_slot(name).place), text))
        except SlotError:
            # How the form was shown, or nothing of ours.
            continue
    return [(place, text) for place, text in found if text]


def read_text(form: QueryDict, name: str) -> str:
    """A text as its writer saw it, but for task tokens: no page and no draft repeats one."""
    return mask_tokens(as_seen(form.get(name, "")))


def as_seen(text: str) -> str:
    """HTML forms send each line end of a textarea as CR LF; the person saw one line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def save_draft(*, typed: Typed, user: User, request_id: uuid.UUID, now: datetime) -> None:
    """Keep what was typed before anything else can fail. What no database takes is left out."""
    texts = {name: _storable(getattr(typed, name)) for name in TEXTS}
    Draft.objects.update_or_create(
        user=user, request_id=request_id, defaults={**texts, "saved_at": now}
    )


def forget_draft(*, user: User, request_id: uuid.UUID) -> None:
    Draft.objects.filter(user=user, request_id=request_id).delete()


def typed_of(draft: Draft | None) -> Typed:
    if draft is None:
        return Typed()
    return Typed(output=draft.output, error=draft.error, cause=draft.cause, reason=draft.reason)


def _storable(text: str) -> str:
    kept = text[:LONGEST_DRAFT].replace("\0", "�")
    return kept.encode(errors="replace").decode()
