"""The form of a policy: lists are written one per line, so that it works without any script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from callbacks.models import ReasonRule, RejectionMode
from callbacks.policies.fields import NAMES, PolicyFields
from callbacks.policies.versions import LONGEST_NOTE
from callbacks.policies.written import NotRead, StandsTwice, read_json
from callbacks.sync.matching import TESTS

LONGEST_LINE = 2_000
LONGEST_COUNT = 4
# What is longer scrolls inside its box.
MOST_ROWS = 16
_CONDITION = re.compile(rf"(?P<path>.+?)\s+(?P<is>{'|'.join(TESTS)})(?:\s+(?P<value>.+))?")


class LinesField(forms.Field):
    """A list, each entry on a line of its own, read and written by two functions."""

    def __init__(
        self, *, read: Callable[[str], Any], write: Callable[[Any], str], rows: int = 2, **more: Any
    ) -> None:
        super().__init__(required=False, widget=_area(rows), **more)
        self.read, self.write = read, write

    def to_python(self, value: Any) -> list[Any]:
        return [entry for _line, entry in self.entries(value)]

    def entries(self, value: Any) -> list[tuple[int, Any]]:
        """Each entry with the number of its line."""
        lines = [line.strip() for line in (value or "").splitlines()]
        if any(len(line) > LONGEST_LINE for line in lines):
            raise ValidationError(
                _("A line has at most %(n)s characters.") % {"n": f"{LONGEST_LINE:,}"}
            )
        return [(number, self.read(line)) for number, line in enumerate(lines, 1) if line]

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value or ""
        return "\n".join(self.write(one) for one in value)


class NamesField(LinesField):
    """Names with something each: of two lines for one name, one would get lost unseen."""

    def to_python(self, value: Any) -> list[Any]:
        found: dict[str, tuple[int, Any]] = {}
        for line, (name, said) in self.entries(value):
            if name in found:
                raise ValidationError(
                    _("“%(name)s” stands twice, in line %(first)s and in line %(second)s.")
                    % {"name": name, "first": found[name][0], "second": line}
                )
            found[name] = line, said
        return [(name, said) for name, (_line, said) in found.items()]


class JsonText(forms.Field):
    """A JSON text or nothing."""

    def to_python(self, value: Any) -> Any:
        text = value or ""
        if not text.strip():
            return None
        try:
            return read_json(text)
        except StandsTwice as exc:
            raise ValidationError(_("Nothing may stand twice: %(why)s.") % {"why": exc}) from None
        except NotRead as exc:
            raise ValidationError(_("This is not JSON: %(why)s.") % {"why": exc}) from None

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value or ""
        return json.dumps(value, indent=2, ensure_ascii=False)


class LongText(forms.CharField):
    """Several lines, which a browser ends with CR LF whatever it was given."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


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
    if found["value"] is None:
        # Whether that is enough says the check.
        return condition
    try:
        return {**condition, "value": _value(found["value"])}
    except StandsTwice as exc:
        raise ValidationError(_("Nothing may stand twice: %(why)s.") % {"why": exc}) from None


def _value(text: str) -> Any:
    """100, true, ["a", "b"] and "100" mean what they mean in JSON; anything else is a text.

    Raises StandsTwice.
    """
    try:
        return read_json(text)
    except StandsTwice:
        raise
    except NotRead:
        return text


def _is_plain(value: Any) -> bool:
    """Whether it is a text that stands in a line as it is and is read as what it is."""
    if not isinstance(value, str) or not value.splitlines() == [value] == [value.strip()]:
        return False
    try:
        return bool(_value(value) == value)
    except StandsTwice:
        return False


def condition_line(condition: Mapping[str, Any]) -> str:
    """A condition as people write it, in a line."""
    words = [condition["path"], condition["is"]]
    if "value" in condition:
        value = condition["value"]
        words.append(value if _is_plain(value) else _one_line(value))
    return " ".join(words)


def _one_line(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # JSON leaves the line ends that only Unicode knows as they are.
    return text if len(text.splitlines()) == 1 else json.dumps(value)


def _pair(line: str, separator: str, example: Any) -> tuple[str, str]:
    left, found, right = (part.strip() for part in line.partition(separator))
    if not (found and left and right):
        message = _("“%(line)s” is not of the form “%(example)s”.")
        raise ValidationError(message % {"line": line, "example": example})
    return left, right


def _read_team(line: str) -> tuple[str, int]:
    name, _space, count = line.rpartition(" ")
    if name and count.isdecimal() and len(count) <= LONGEST_COUNT:
        return name.strip(), int(count)
    return line, 0


def _write_team(team: tuple[str, int]) -> str:
    name, count = team
    # The number that "Tier 2" ends with would be read as how many.
    ends_like_a_count = _read_team(name) != (name, 0)
    return f"{name} {count}" if count or ends_like_a_count else name


def _read_key_field(line: str) -> dict[str, str]:
    found = re.fullmatch(r"(?P<label>.+?)\s*:\s*(?P<path>\$.*)", line)
    if found:
        return found.groupdict()
    label, path = _pair(line, ":", _("Amount: $.amount"))
    return {"label": label, "path": path}


class PolicyForm(forms.Form):
    """Fields named as in `PolicyFields`; `note` is why, and the record keeps it."""

    name = forms.CharField(label=_("Name · required"), max_length=100, widget=_line())
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
    tags = NamesField(
        label=_("Tags of the state machine"),
        read=lambda line: _pair(line, "=", "team = payments"),
        write=lambda pair: f"{pair[0]} = {pair[1]}",
        help_text=_("One per line, as in team = payments."),
    )
    conditions = LinesField(
        label=_("Only if"),
        read=_read_condition,
        write=condition_line,
        help_text=_("One per line; all must hold, as in $.amount above 100. Comparisons: ")
        + ", ".join(TESTS)
        + ".",
    )
    teams = NamesField(
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
        200,
        label=_("Headline"),
        help_text=_(
            "As in Refund {$.amount|money} to {$.customer.name}; money groups the digits and adds "
            "the currency beside the amount."
        ),
    )
    question = LongText(label=_("What is asked"), required=False, max_length=2_000, widget=_area(3))
    key_fields = LinesField(
        label=_("Key fields, in this order"),
        read=_read_key_field,
        write=lambda one: f"{one['label']}: {one['path']}",
        rows=3,
        help_text=_("One per line, as in Amount: $.amount."),
    )
    approve_label = _text(40, label=_("Instead of “Approve”"))
    reject_label = _text(40, label=_("Instead of “Reject”"))
    default_output = LongText(
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
    rejection_output = LongText(
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
    note = forms.CharField(label=_("Why · required"), max_length=LONGEST_NOTE, widget=_line())

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for bound in self:
            attributes = bound.field.widget.attrs
            if "rows" in attributes:
                lines = str(bound.value() or "").count("\n") + 1
                attributes["rows"] = min(MOST_ROWS, max(attributes["rows"], lines))

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

    @property
    def faulty(self) -> list[forms.BoundField]:
        return [bound for bound in self if bound.errors]

    def begin_at(self, marked: Sequence[forms.BoundField]) -> None:
        """Let the page open at the first field that is wrong."""
        for bound in marked[:1]:
            bound.field.widget.attrs["autofocus"] = True


class RetireForm(forms.Form):
    """Why a policy goes, which the record keeps."""

    note = forms.CharField(
        label=_("Why · required"), max_length=LONGEST_NOTE, widget=_line(required=True)
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="retire-%s")


def initial(policy: PolicyFields) -> dict[str, Any]:
    """The values of a version as the form's fields take them."""
    values = {name: getattr(policy, name) for name in NAMES}
    return values | {name: list(values[name].items()) for name in ("tags", "teams")}


# What stands together, under which words; what is in one row belongs together more closely.
SECTIONS: Sequence[tuple[Any, tuple[tuple[str, ...], ...]]] = (
    (
        _("What it covers"),
        (("name",), ("connections",), ("state_machine", "state"), ("tags",), ("conditions",)),
    ),
    (
        _("Who decides"),
        (
            ("teams", "users"),
            ("approvals_needed", "rejections_needed"),
            ("own_requests_allowed",),
            ("requester_path",),
        ),
    ),
    (
        _("What they see"),
        (("headline",), ("question",), ("key_fields",), ("approve_label", "reject_label")),
    ),
    (
        _("Their answer"),
        (
            ("default_output",),
            ("output_schema",),
            ("reason_rule", "rejection_mode"),
            ("rejection_errors", "rejection_output"),
        ),
    ),
    (_("Time"), (("undo_seconds",),)),
)
