"""The form of an answer in words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.decisions.consent import shown_digest
from callbacks.decisions.preflight import error_names
from callbacks.models import (
    CallbackTask,
    Decision,
    ReasonRule,
    RejectionMode,
    User,
)
from callbacks.templatetags.words import whole
from callbacks.views.answer_bar import Bar, bar_of, with_effects
from callbacks.views.answer_form import Kept, Typed, as_seen
from callbacks.views.early_words import (
    Early,
    early_words,
)
from callbacks.views.field_words import AnswerFields, answer_fields
from callbacks.views.forecast_words import Foreseen, foreseen
from callbacks.views.jsontree import NotShown, count_fields, read_shown
from callbacks.views.opinion_words import OpinionWords
from callbacks.views.places import own_draft, task_page
from callbacks.views.signing_words import Signing

# An answer that says nothing is asked about before it is sent.
EMPTY_ANSWERS = ("null", '""')
# Where a message can stand; "answer" is the whole.
FIELDS = ("answer", "output", "error", "cause", "reason", "end_early", "override", "override_no")


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """Everything that the form shows; `errors` by field, also "answer" for the whole."""

    action: str
    draft_url: str
    decision_id: uuid.UUID
    shown: str
    typed: Typed
    bar: Bar
    reason_note: str
    asks_empty: bool
    reject_open: bool
    draft_note: str = ""
    # Where the kept draft is thrown away, while there is one, and where it is shown instead.
    forget_url: str = ""
    own_draft_url: str = ""
    # The answer that says no, where a rejection is a success; else None.
    fixed_no: str | None = None
    # What the policy lets people choose from; empty is any.
    error_names: tuple[str, ...] = ()
    # How much of what the workflow sent is folded away above.
    unshown: str = ""
    # Nobody has to answer, and an answer ends the wait for a job.
    early: Early | None = None
    # What either answer would do, as typed.
    foreseen: Foreseen | None = None
    forecast_url: str = ""
    # What AWS itself says of it, where that was asked for, and whether it can be.
    opinion: OpinionWords | None = None
    can_compare: bool = False
    fields: AnswerFields | SimpleLazyObject[AnswerFields] = field(default_factory=AnswerFields)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


def form_of(
    *,
    task: CallbackTask,
    user: User,
    typed: Typed,
    now: datetime,
    decision_id: uuid.UUID | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
    checked: bool = False,
    reject_open: bool = False,
    kept: Kept | None = None,
    signing: Signing | None = None,
    opinion: OpinionWords | None = None,
) -> AnswerForm:
    """The form as it is shown first, or again with what is wrong in it."""
    policy = task.policy
    seen_ahead = foreseen(task=task, user=user, typed=typed)
    # What was typed is never hidden.
    reject_open = reject_open or bool(typed.error or typed.cause)
    return AnswerForm(
        action=f"{task_page(task.pk)}answer/",
        draft_url=f"{task_page(task.pk)}draft/",
        decision_id=decision_id or uuid.uuid4(),
        shown=shown_digest(task, signing.decision if signing else None),
        typed=typed,
        bar=with_effects(
            bar_of(
                task,
                user,
                now,
                signing,
                output=typed.output,
                checked=checked and not seen_ahead.approval.is_fatal,
                reject_open=reject_open,
            ),
            seen_ahead,
            task,
            is_signing=signing is not None,
        ),
        foreseen=seen_ahead,
        # While one types only the forecast is drawn anew.
        fields=SimpleLazyObject(
            lambda: answer_fields(
                task=task,
                user=user,
                typed=typed,
                errors=tuple((errors or {}).get("output", ())),
                signed=_signed(signing),
            )
        ),
        opinion=opinion,
        can_compare=task.execution.is_known and task.execution.definition_id is not None,
        forecast_url=f"{task_page(task.pk)}forecast/",
        reason_note=_reason_note(ReasonRule(policy.reason_rule)),
        fixed_no=policy.rejection_output
        if policy.rejection_mode == RejectionMode.SUCCESS
        else None,
        error_names=tuple(policy.rejection_errors) or error_names(task),
        asks_empty=typed.output.strip() in EMPTY_ANSWERS,
        reject_open=reject_open,
        draft_note=kept.note if kept else "",
        forget_url=f"{task_page(task.pk)}draft/forget/" if kept and kept.note else "",
        own_draft_url=own_draft(task.pk) if kept and kept.is_draft_hidden else "",
        unshown=_unshown(task),
        early=early_words() if task.early_completion else None,
        # Every field is there: a template that looks for one that is not is slow.
        errors={**dict.fromkeys(FIELDS, ()), **(errors or {})},
    )


def _signed(signing: Signing | None) -> str:
    """The answer that the signatures of others are under, while they count."""
    if signing is None or signing.is_outdated:
        return ""
    return as_seen(signing.decision.output_text)


def _unshown(task: CallbackTask) -> str:
    try:
        count = count_fields(read_shown(task.input))
    except NotShown:
        return ""
    folded = count - len(task.key_fields)
    if folded <= 0:
        return ""
    return ngettext(
        "%(n)s value of this request is not among the key fields above.",
        "%(n)s values of this request are not among the key fields above.",
        folded,
    ) % {"n": whole(folded)}


def _reason_note(rule: ReasonRule) -> str:
    return {
        ReasonRule.NEITHER: _("optional"),
        ReasonRule.APPROVE: _("required to approve"),
        ReasonRule.REJECT: _("optional to approve, required to reject"),
        ReasonRule.BOTH: _("required"),
    }[rule]


def typed_of_decision(decision: Decision) -> Typed:
    """The text of an answer that was not applied, for another try."""
    return Typed(
        output=decision.output_text,
        error=decision.error,
        cause=decision.cause,
        reason=decision.reason,
    )
