"""The request page as a context: what is asked, how long, what was answered, what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from callbacks.decisions.formfields import default_output, fields_of
from callbacks.models import CallbackTask, Decision, DecisionStatus, Draft, TokenState, User
from callbacks.queries.requests import Place, RequestFacts
from callbacks.templatetags.words import ago, clock, many, moment
from callbacks.views.activity_words import activity_sentence, token_badge
from callbacks.views.answer_form import Kept, Typed, as_seen, typed_of
from callbacks.views.answer_locks import Lock, lock_of
from callbacks.views.answer_words import AnswerForm, form_of, typed_of_decision
from callbacks.views.clocks import Clock, clock_of
from callbacks.views.closings import (
    answer_badge,
    closing_code,
    closing_sentence,
    end_around,
    stop_facts,
    task_badge,
)
from callbacks.views.decision_words import panel_of
from callbacks.views.jsontree import Tree, json_tree
from callbacks.views.panels import Fact, Panel, answer_facts, run_words
from callbacks.views.places import DRAFT, task_page
from callbacks.views.rows import CONNECTION_OFF, HELD_OFF
from callbacks.views.signing_words import Signing, signing_of
from callbacks.views.suspicions import suspicions


@dataclass(frozen=True, slots=True)
class AttemptWords:
    badge: str
    badge_word: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Over:
    """A wait that ended without an answer from here."""

    title: str
    at: str
    icon: str
    tone: str
    texts: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What became of the last own answer, above the form that comes back."""

    icon: str
    title: str
    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """What stands in #answer: exactly one of panel, over, lock and form."""

    panel: Panel | None = None
    over: Over | None = None
    lock: Lock | None = None
    form: AnswerForm | None = None
    notices: Sequence[Notice] = ()
    # Who signed already, beside a form or a lock.
    signing: Signing | None = None
    # What the person wrote, where it was not used and there is no form to hold it.
    own_text: str = ""
    says: str = ""


def request_context(
    *,
    facts: RequestFacts,
    place: Place | None,
    part: AnswerPart,
    now: datetime,
) -> dict[str, Any]:
    """What templates/callbacks/request.html takes besides `view`."""
    task = facts.task
    url = task_page(task.pk)
    left = clock_of(task=task, now=now) if task.is_open else None
    badge = _state_badge(facts, left)
    return {
        "task": task,
        "clock": left,
        "state_badge": badge,
        "off_badge": _off_badge(task, badge, part),
        "token_badge": token_badge(task),
        "activity_note": activity_sentence(task, now) if task.is_activity and task.is_open else "",
        "tree": input_tree(task),
        "suspicions": suspicions(task.input, names=(task.headline, task.asked_by)),
        "place": _place(place),
        "plain_url": url,
        "technical_url": f"{url}?view=technical",
        "read_note": _read_note(task, now),
        "since": moment(at=task.waiting_since, now=now),
        "attempts": [_attempt(attempt, facts, now) for attempt in facts.attempts],
        "live_attempt": _live_attempt(facts.live_attempt, now),
        "part": part,
        "now": now,
        "handed_over": _handed_over(facts, now),
    }


def _state_badge(facts: RequestFacts, left: Clock | None) -> str:
    """How long an open one still has, until somebody's answer is on its way."""
    answer = facts.live_answer
    is_off = not facts.task.connection.is_enabled
    if left is None:
        return task_badge(facts.task, answer)
    if answer is None or answer.status == DecisionStatus.COLLECTING:
        return CONNECTION_OFF if is_off else left.badge
    return answer_badge(
        status=answer.status, direction=answer.direction, outcome=answer.outcome, is_off=is_off
    )


def _off_badge(task: CallbackTask, badge: str, part: AnswerPart) -> str:
    """Beside a badge that tells something else; what is over is not waited for."""
    if task.connection.is_enabled or not task.is_open:
        return ""
    is_told = badge in (CONNECTION_OFF, HELD_OFF) and part.signing is None
    return "" if is_told else CONNECTION_OFF


def input_tree(task: CallbackTask) -> Tree:
    return json_tree(task.input, raw_url=f"{task_page(task.pk)}?view=technical&raw=input")


def answer_part(*, facts: RequestFacts, user: User, now: datetime, again: str = "") -> AnswerPart:
    """What this person finds in place of the answer when they open the page.

    `again` is the id of an answer of theirs that comes back into the form, before any draft.
    """
    task, live = facts.task, facts.live_answer
    signing = signing_for(facts=facts, user=user, now=now)
    has_signed = signing is not None and signing.has_signed and not signing.is_outdated
    if live is not None and (signing is None or has_signed):
        return AnswerPart(panel=_panel(live, facts, user, now))
    if not task.is_open:
        lost = _own_lost(facts, user)
        if lost is not None:
            return AnswerPart(panel=_panel(lost, facts, user, now))
        return AnswerPart(over=over_of(task=task, now=now))
    lock = lock_of(task=task, user=user)
    if lock is not None:
        return AnswerPart(lock=lock, signing=signing)
    kept = _kept_text(facts, user, again)
    form = form_of(task=task, user=user, typed=kept.typed, now=now, kept=kept, signing=signing)
    notices = notices_of(facts=facts, user=user, now=now)
    return AnswerPart(form=form, notices=notices, signing=signing)


def signing_for(*, facts: RequestFacts, user: User, now: datetime) -> Signing | None:
    """The answer to this attempt that collects signatures, if one does and can still be sent."""
    if not facts.task.is_open:
        return None
    return signing_of(
        decision=facts.live_answer, task=facts.task, votes=facts.votes, user_id=user.pk, now=now
    )


def _panel(decision: Decision, facts: RequestFacts, user: User, now: datetime) -> Panel:
    return panel_of(decision=decision, task=facts.task, user_id=user.pk, now=now, votes=facts.votes)


def _own_lost(facts: RequestFacts, user: User) -> Decision | None:
    """The answer that this person gave or signed, and that something else overtook."""
    last = facts.last_answer
    if last is None or last.status != DecisionStatus.LOST or not _is_own(last, facts, user):
        return None
    return last


def _is_own(decision: Decision, facts: RequestFacts, user: User) -> bool:
    signed = any(v.user_id == user.pk for v in facts.votes if v.decision_id == decision.pk)
    return decision.decided_by_id == user.pk or signed


def _kept_text(facts: RequestFacts, user: User, again: str) -> Kept:
    """What the form begins with: an own answer that is asked for, what is to be signed, the draft,
    an own answer that was not applied, or what the policy begins with."""
    for answer in facts.answers:
        if str(answer.pk) == again and _is_own(answer, facts, user):
            return Kept(typed_of_decision(answer))
    last, draft = facts.last_answer, facts.draft
    if last is not None and last.status == DecisionStatus.COLLECTING and again != DRAFT:
        return _to_sign(last, draft)
    if draft is not None:
        note = _("Your draft of %(time)s is back.") % {"time": clock(draft.saved_at)}
        return Kept(typed_of(draft), note)
    if last is not None and last.decided_by_id == user.pk:
        return Kept(typed_of_decision(last))
    policy = facts.task.policy
    return Kept(
        Typed(output=policy.default_output or default_output(fields_of(policy.output_schema)))
    )


def _to_sign(decision: Decision, draft: Draft | None) -> Kept:
    """The answer to the byte, with one's own reason; another text of one's own is one click off."""
    if draft is None:
        return Kept(replace(typed_of_decision(decision), reason=""))
    to_sign = replace(typed_of_decision(decision), reason=draft.reason)
    own = typed_of(draft)
    # Where no answer was typed there is none to be lost.
    is_blank = not (own.output.strip() or own.error or own.cause)
    if is_blank or own == replace(
        to_sign, output=as_seen(to_sign.output), cause=as_seen(to_sign.cause)
    ):
        return Kept(to_sign)
    note = _("This is the answer to sign. Your draft of %(time)s says something else.")
    return Kept(to_sign, note % {"time": clock(draft.saved_at)}, is_draft_hidden=True)


def notices_of(*, facts: RequestFacts, user: User, now: datetime) -> list[Notice]:
    """What became of the last answer to this attempt that this person gave or signed."""
    mine = [one for one in facts.answers if one.task_id == facts.task.pk]
    last = next((one for one in mine if _is_own(one, facts, user)), None)
    if last is None or last.is_live:
        return []
    panel = _panel(last, facts, user, now)
    return [
        Notice(
            icon=panel.icon or "info-circle",
            title=panel.title,
            text=panel.texts[0] if panel.texts else "",
            url=panel.record_url,
        )
    ]


def over_of(*, task: CallbackTask, now: datetime) -> Over:
    """Somebody or something ended the wait, and nobody answered it here."""
    code, around = closing_code(task), end_around(task)
    outside = task_badge(task) == "elsewhere"
    event = f"{task.closed_event_id or ''} {task.closed_event_type}".strip()
    return Over(
        title=_("Answered outside Holdpoint") if outside else _("This wait is over"),
        at=moment(at=task.closed_at, now=now) if task.closed_at else "",
        icon="arrows-split-2" if outside else "clock-off",
        tone="else" if outside else "",
        texts=(closing_sentence(around.code if around else code),),
        facts=(
            *(answer_facts(task) if outside else ()),
            *stop_facts(task.execution_id, code, around),
            *((Fact(_("AWS event"), event, is_code=True),) if event else ()),
            Fact(_("The run"), run_words(task.execution)),
        ),
    )


def _handed_over(facts: RequestFacts, now: datetime) -> Mapping[str, str] | None:
    """Who handed its token over; what stands in for a run says so among its fields."""
    intake = facts.intake
    if intake is None or not facts.task.execution.is_known:
        return None
    words = _("%(name)s handed it over %(when)s.")
    if intake.task_id == facts.task.pk:
        words = _("%(name)s handed it over %(when)s, and named this step: that was believed.")
    when = moment(at=intake.at, now=now)
    return {"words": words % {"name": intake.by_name, "when": when}, "note": intake.note}


def _place(place: Place | None) -> Mapping[str, str] | None:
    if place is None:
        return None
    words = _("%(number)s of %(total)s for you") % {
        "number": many(place.number),
        "total": many(place.total),
    }
    return {
        "words": words,
        "previous": task_page(place.previous) if place.previous else "",
        "next": task_page(place.next) if place.next else "",
    }


def _read_note(task: CallbackTask, now: datetime) -> str:
    read_at = task.execution.read_at
    if not task.execution.is_known and task.execution.problem:
        return task.execution.problem.rstrip(".")
    if not task.execution.is_known and task.token_state != TokenState.PENDING:
        return _("AWS cannot be read for it")
    if read_at is None:
        return _("AWS not read yet")
    return _("AWS read %(ago)s") % {"ago": ago(since=read_at, now=now)}


def _attempt(attempt: CallbackTask, facts: RequestFacts, now: datetime) -> AttemptWords:
    start = moment(at=attempt.waiting_since, now=now)
    if attempt.is_open:
        text = _("Attempt %(n)d, since %(start)s") % {"n": attempt.attempt, "start": start}
    else:
        end = moment(at=attempt.closed_at, now=now) if attempt.closed_at else _("an unread end")
        text = _("Attempt %(n)d, %(start)s to %(end)s") % {
            "n": attempt.attempt,
            "start": start,
            "end": end,
        }
    if attempt.redrive_count:
        text += _(", after restart %(n)d") % {"n": attempt.redrive_count}
    return AttemptWords(
        badge="now" if attempt.is_waiting else task_badge(attempt, facts.live_answer_to(attempt)),
        badge_word="",
        text=text,
        url="" if attempt.pk == facts.task.pk else task_page(attempt.pk),
    )


def _live_attempt(attempt: CallbackTask | None, now: datetime) -> Mapping[str, str] | None:
    if attempt is None:
        return None
    words = (
        _("Attempt %(n)d runs now, until %(moment)s at the latest.")
        if attempt.early_completion
        else _("Attempt %(n)d is waiting now, before %(moment)s.")
    )
    words %= {"n": attempt.attempt, "moment": moment(at=attempt.dies_earliest, now=now)}
    return {"words": words, "url": task_page(attempt.pk)}


def inbox_link() -> dict[str, str]:
    return {"url": reverse("inbox"), "label": _("Inbox")}
