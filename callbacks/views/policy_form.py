"""The form of a policy: lists are written one per line, so that it works without any script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from callbacks.models import ReasonRule, RejectionMode
from callbacks.policies.fields import NAMES, PolicyFields
from callbacks.sync.matching import NEEDS_NO_VALUE, TESTS

_CONDITION = re.compile(rf"(?P<path>.+?)\s+(?P<is>{'|'.join(TESTS)})(?:\s+(?P<value>.+))?")


class LinesField(forms.Field):
    """A list, each entry on a line of its own, read and written by two functions."""

    def __init__(
        self, *, read: Callable[[str], Any], write: Callable[[Any], str], rows: int = 2, **more: Any
    ) -> None:
        super().__init__(required=False, widget=_area(rows), **more)
        self.read, self.write = read, write

    def to_python(self, value: Any) -> list[Any]:
        lines = [line.strip() for line in (value or "").splitlines()]
        return [self.read(line) for line in lines if line]

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value or ""
        return "\n".join(self.write(one) for one in value)


class JsonText(forms.Field):
    """A JSON text or nothing."""

    def to_python(self, value: Any) -> Any:
        text = value or ""
        if not text.strip():
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise ValidationError(_("This is not JSON: %(why)s.") % {"why": exc}) from exc

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value or ""
        return json.dumps(value, indent=2, ensure_ascii=False)


def _area(rows: int, *, is_code: bool = False) -> forms.Textarea:
    attributes = {"class": "input mono" if is_code else "input", "rows": rows}
    return forms.Textarea({**attributes, "spellcheck": "false"} if is_code else attributes)


def _line(**more: Any) -> forms.TextInput:
    return forms.TextInput({"class": "input", "autocomplete": "off", **more})


def _number() -> forms.NumberInput:
    return forms.NumberInput({"class": "input narrow"})


def _text(limit: int, **more: Any) -> forms.CharField:
    return forms.CharField(required=False, max_length=limit, widget=_line(), **more)


def _read_condition(line: str) -> dict[str, Any]:
    found = _CONDITION.fullmatch(line)
    if found is None:
        raise ValidationError(
            _("“%(line)s” has no comparison, as in “$.amount above 100”.") % {"line": line}
        )
    condition: dict[str, Any] = {"path": found["path"], "is": found["is"]}
    if found["is"] in NEEDS_NO_VALUE:
        return condition
    if found["value"] is None:
        raise ValidationError(_("“%(line)s” lacks a value to compare with.") % {"line": line})
    return {**condition, "value": _value(found["value"])}


def _value(text: str) -> Any:
    """100, true, ["a", "b"] and "100" mean what they mean in JSON; anything else is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _write_condition(condition: Mapping[str, Any]) -> str:
    words = [condition["path"], condition["is"]]
    if "value" in condition:
        value = condition["value"]
        plain = isinstance(value, str) and _value(value) == value
        words.append(value if plain else json.dumps(value, ensure_ascii=False))
    return " ".join(words)


def _pair(line: str, separator: str, example: Any) -> tuple[str, str]:
    left, found, right = (part.strip() for part in line.partition(separator))
    if not (found and left and right):
        message = _("“%(line)s” is not of the form “%(example)s”.")
        raise ValidationError(message % {"line": line, "example": example})
    return left, right


def _read_team(line: str) -> tuple[str, int]:
    name, _space, count = line.rpartition(" ")
    return (name.strip(), int(count)) if name and count.isdecimal() else (line, 0)


def _write_team(team: tuple[str, int]) -> str:
    return f"{team[0]} {team[1]}" if team[1] else team[0]


def _read_key_field(line: str) -> dict[str, str]:
    label, path = _pair(line, ":", _("Amount: $.amount"))
    return {"label": label, "path": path}


class PolicyForm(forms.Form):
    """Fields named as in `PolicyFields`; `note` is why, and the record keeps it."""

    name = forms.CharField(label=_("Name"), max_length=100, widget=_line())
    connections = LinesField(
        label=_("Connections"),
        read=str,
        write=str,
        help_text=_("One per line; * stands for anything. Empty: all."),
    )
    state_machine = _text(
        100, label=_("Workflow"), help_text=_("Its state machine's name, as in refund-*.")
    )
    state = _text(100, label=_("Step"), help_text=_("The name of the waiting state."))
    tags = LinesField(
        label=_("Tags of the state machine"),
        read=lambda line: _pair(line, "=", "team = payments"),
        write=lambda pair: f"{pair[0]} = {pair[1]}",
        help_text=_("One per line, as in team = payments."),
    )
    conditions = LinesField(
        label=_("Only if"),
        read=_read_condition,
        write=_write_condition,
        help_text=_("One per line; all must hold, as in $.amount above 100. Comparisons: ")
        + ", ".join(TESTS)
        + ".",
    )
    teams = LinesField(
        label=_("Teams that may answer"),
        read=_read_team,
        write=_write_team,
        help_text=_("One per line. A number after it: so many of the signatures must be theirs."),
    )
    users = LinesField(
        label=_("People who may answer"),
        read=str,
        write=str,
        help_text=_("Usernames, one per line. Nobody named: every approver."),
    )
    approvals_needed = forms.IntegerField(
        label=_("Signatures to approve"), min_value=1, max_value=20, widget=_number()
    )
    rejections_needed = forms.IntegerField(
        label=_("Signatures to reject"), min_value=1, max_value=20, widget=_number()
    )
    own_requests_allowed = forms.BooleanField(
        label=_("People may answer their own requests"), required=False
    )
    requester_path = _text(
        200,
        label=_("Who asked stands at"),
        help_text=_("As in $.requestedBy; $$ is the context. Empty: under the usual names."),
    )
    headline = _text(
        200, label=_("Headline"), help_text=_("As in Refund {$.amount} to {$.customer.name}.")
    )
    question = forms.CharField(
        label=_("What is asked"), required=False, max_length=2_000, widget=_area(3)
    )
    key_fields = LinesField(
        label=_("Key fields, in this order"),
        read=_read_key_field,
        write=lambda one: f"{one['label']}: {one['path']}",
        rows=3,
        help_text=_("One per line, as in Amount: $.amount."),
    )
    approve_label = _text(40, label=_("Instead of “Approve”"))
    reject_label = _text(40, label=_("Instead of “Reject”"))
    default_output = forms.CharField(
        label=_("Answer to begin with"), required=False, widget=_area(3, is_code=True), strip=False
    )
    output_schema = JsonText(
        label=_("JSON Schema of the answer"), required=False, widget=_area(4, is_code=True)
    )
    reason_rule = forms.ChoiceField(
        label=_("A reason is needed"),
        choices=ReasonRule.choices,
        widget=forms.Select({"class": "input"}),
    )
    rejection_mode = forms.ChoiceField(
        label=_("A rejection is"),
        choices=RejectionMode.choices,
        widget=forms.Select({"class": "input"}),
    )
    rejection_errors = LinesField(
        label=_("Error names to choose from"),
        read=str,
        write=str,
        help_text=_("One per line. Empty: any."),
    )
    rejection_output = forms.CharField(
        label=_("Output that says no"),
        required=False,
        widget=_area(2, is_code=True),
        strip=False,
        help_text=_("For a rejection that is a success."),
    )
    undo_seconds = forms.IntegerField(
        label=_("Seconds to take an answer back"),
        required=False,
        min_value=0,
        max_value=600,
        widget=_number(),
        help_text=_("Empty: the installation's."),
    )
    note = forms.CharField(label=_("Why"), max_length=2_000, widget=_line())

    def policy(self, *, is_default: bool) -> PolicyFields:
        """What was typed as fields; only of a valid form."""
        values = {name: self.cleaned_data[name] for name in NAMES if name != "is_default"}
        values |= {name: dict(values[name]) for name in ("tags", "teams")}
        return PolicyFields(**values, is_default=is_default)

    def take(self, errors: Mapping[str, Sequence[str]]) -> None:
        """Show what the check found beside the fields it is about."""
        for name, texts in errors.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


def initial(policy: PolicyFields) -> dict[str, Any]:
    """The values of a version as the form's fields take them."""
    values = {name: getattr(policy, name) for name in NAMES}
    return values | {name: list(values[name].items()) for name in ("tags", "teams")}


# What stands together, under which words.
SECTIONS: Iterable[tuple[Any, tuple[str, ...]]] = (
    (_("What it covers"), ("name", "connections", "state_machine", "state", "tags", "conditions")),
    (
        _("Who decides"),
        (
            "teams",
            "users",
            "approvals_needed",
            "rejections_needed",
            "own_requests_allowed",
            "requester_path",
        ),
    ),
    (_("What they see"), ("headline", "question", "key_fields", "approve_label", "reject_label")),
    (
        _("Their answer"),
        (
            "default_output",
            "output_schema",
            "reason_rule",
            "rejection_mode",
            "rejection_errors",
            "rejection_output",
        ),
    ),
    (_("Time"), ("undo_seconds",)),
)
