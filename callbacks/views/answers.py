"""Take an answer: keep what was typed first, decide through the one door, say what became of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from callbacks.audit import AuditUnavailable
from callbacks.decisions.answer import Answer, check_answer
from callbacks.decisions.decide import decide
from callbacks.decisions.errors import (
    AlreadyDecided,
    AlreadySigned,
    ConnectionOff,
    DecisionError,
    InvalidAnswer,
    NoToken,
    NotYours,
    SameIdOtherAnswer,
    ShownChanged,
    TaskOver,
    TaskUnknown,
    WouldKill,
)
from callbacks.decisions.preflight import mend
from callbacks.models import CallbackTask, Decision, Direction
from callbacks.queries.requests import RequestFacts, find_task, request_facts
from callbacks.views.answer_form import (
    AS_FORM,
    AS_JSON,
    CHECK,
    COMPARE,
    WRAP,
    Posted,
    Typed,
    as_seen,
    forget_draft,
    is_plain_form,
    read_posted,
    read_typed,
    save_draft,
    with_fields,
)
from callbacks.views.answer_words import form_of, lock_of, not_yours
from callbacks.views.decision_words import first_answer_panel, panel_of
from callbacks.views.errors import unsupported
from callbacks.views.fragments import vary, wants_fragment
from callbacks.views.frame import EVERYBODY, frame_of
from callbacks.views.guard import PersonRequest, page_or_401
from callbacks.views.opinion_words import OpinionWords, opinion_words
from callbacks.views.persons import actor_of
from callbacks.views.places import decision_page, task_page
from callbacks.views.request_words import AnswerPart, answer_part, over_of, signing_for
from callbacks.views.requests import show_request, task_or_404
from callbacks.views.signed_out import signed_out

INVALID, CONFLICT, FORBIDDEN, UNAVAILABLE = 422, 409, 403, 503
Errors = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One post of the form by one person."""

    request: PersonRequest
    task: CallbackTask
    posted: Posted


@page_or_401(roles=EVERYBODY, methods=("POST",), signed_out=signed_out)
def answer(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """Approve, reject or only check; the id in the form makes a second post of it harmless."""
    frame = frame_of(request)
    task = task_or_404(frame, task_id)
    if not is_plain_form(request):
        return unsupported(request)
    posted = read_posted(request)
    save_draft(typed=posted.typed, user=request.user, request_id=task.request_id, now=frame.now)
    attempt = Attempt(request, task, posted)
    if request.POST.get("as") in (AS_FORM, AS_JSON):
        return _shown_as(attempt, as_json=request.POST["as"] == AS_JSON)
    if posted.typed.no_numbers and posted.direction != Direction.REJECT:
        return _form_again(attempt, INVALID, {"output": _no_numbers(posted.typed)})
    if posted.direction == WRAP:
        return _wrapped(attempt)
    if posted.direction == COMPARE:
        return _compared(attempt)
    if posted.direction == CHECK:
        return _checked(attempt)
    return _decided(attempt, Direction(posted.direction))


def _no_numbers(typed: Typed) -> list[str]:
    """Worded as what a schema refuses is, so that each stands at its field."""
    return [
        _("%(place)s: “%(text)s” is not a number.") % {"place": place, "text": text[:100]}
        for place, text in typed.no_numbers
    ]


@page_or_401(roles=EVERYBODY, methods=("POST",), signed_out=signed_out)
def draft(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """Keep what is being typed."""
    frame = frame_of(request)
    task = task_or_404(frame, task_id)
    if not is_plain_form(request):
        return unsupported(request)
    typed = with_fields(read_typed(request.POST), request.POST)
    save_draft(typed=typed, user=request.user, request_id=task.request_id, now=frame.now)
    return HttpResponse(status=204)


@page_or_401(roles=EVERYBODY, methods=("POST",), signed_out=signed_out)
def throw_away(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """Forget the draft, and show the form as if nothing had been typed."""
    task = task_or_404(frame_of(request), task_id)
    forget_draft(user=request.user, request_id=task.request_id)
    return redirect_after_post(task_page(task.pk))


def _decided(attempt: Attempt, direction: Direction) -> HttpResponse:
    request, posted = attempt.request, attempt.posted
    try:
        decision = decide(
            task_id=attempt.task.pk,
            decision_id=posted.decision_id,
            answer=_as_collected(posted.typed.answer(direction), attempt.task),
            actor=actor_of(request),
            now=frame_of(request).now,
            shown_sha256=posted.shown_sha256,
        )
    except TaskUnknown:
        raise Http404 from None
    except InvalidAnswer as exc:
        return _form_again(attempt, INVALID, exc.errors, reject_open=direction == Direction.REJECT)
    except WouldKill as exc:
        is_rejection = direction == Direction.REJECT
        errors = would_kill(exc, field="override_no" if is_rejection else "override")
        return _form_again(attempt, INVALID, errors, reject_open=is_rejection)
    except DecisionError as exc:
        return _conflict(attempt, exc)
    except AuditUnavailable:
        return _form_again(attempt, UNAVAILABLE, {"answer": [_NOT_RECORDED]})
    return _done(attempt, decision)


def would_kill(error: WouldKill, *, field: str) -> dict[str, list[str]]:
    """What to do about an answer that would end the run, by field."""
    if error.may_override:
        return {field: [_("Nothing was sent. Mend the answer, or tick this and say why.")]}
    return {"answer": [_("This answer would end the whole run, so nothing was sent.")]}


def _shown_as(attempt: Attempt, *, as_json: bool) -> HttpResponse:
    """The same answer, as a form or as JSON."""
    typed = replace(attempt.posted.typed, as_json=as_json)
    return _form_again(replace(attempt, posted=replace(attempt.posted, typed=typed)), 200, {})


def _wrapped(attempt: Attempt) -> HttpResponse:
    """The form with the answer put where the workflow looks for it."""
    typed = attempt.posted.typed
    better = mend(task=attempt.task, output_text=typed.output)
    if better is None:
        return _checked(attempt)
    typed = replace(typed, output=better, override=False)
    user, request_id = attempt.request.user, attempt.task.request_id
    save_draft(typed=typed, user=user, request_id=request_id, now=frame_of(attempt.request).now)
    return _form_again(replace(attempt, posted=replace(attempt.posted, typed=typed)), 200, {})


def _compared(attempt: Attempt) -> HttpResponse:
    """The form with AWS's own forecast of what was typed; it costs one call of the quota."""
    task, typed = attempt.task, attempt.posted.typed
    if not task.is_open or lock_of(task=task, user=attempt.request.user) is not None:
        return _form_again(attempt, FORBIDDEN, {})
    answer = typed.answer(_meant(typed))
    try:
        check_answer(replace(answer, reason="-"), policy=task.policy, ends_early=False)
    except InvalidAnswer as exc:
        return _form_again(attempt, INVALID, exc.errors)
    opinion = opinion_words(task=task, answer=answer, now=frame_of(attempt.request).now)
    return _form_again(attempt, 200, {}, opinion=opinion)


@page_or_401(roles=EVERYBODY, methods=("POST",), signed_out=signed_out)
def forecast(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """What the answer would do that is being typed: a fragment beside it, and the buttons."""
    frame = frame_of(request)
    task = task_or_404(frame, task_id)
    if not is_plain_form(request):
        return unsupported(request)
    attempt = Attempt(request, task, read_posted(request))
    if not task.is_open or lock_of(task=task, user=request.user) is not None:
        # What stands there instead of the form is the next poll's to show.
        return HttpResponse(status=204)
    facts = _facts(attempt)
    signing = signing_for(facts=facts, user=request.user, now=frame.now)
    form = form_of(
        task=task, user=request.user, signing=signing, typed=attempt.posted.typed, now=frame.now
    )
    context = {"form": form, "bar": form.bar, "task": task}
    return render(request, "callbacks/answer.html#live", context)


def _as_collected(answer: Answer, task: CallbackTask) -> Answer:
    """With the bytes that others have signed, where a form can show no difference to them.

    A program may have sent line ends that a browser turns into others. Not only while it collects:
    a second post of the same form comes after the last signature.
    """
    live = Decision.objects.live().filter(task_id=task.pk).first()
    if live is None or live.direction != answer.direction:
        return answer
    output, error, cause = live.output_text, live.error, live.cause
    signed = replace(answer, output_text=output, error=error, cause=cause)
    seen = replace(signed, output_text=as_seen(output), error=as_seen(error), cause=as_seen(cause))
    return signed if seen.payload == answer.payload else answer


_NOT_RECORDED = (
    "The audit record cannot be written, so nothing was decided and nothing was sent. Your text is "
    "kept; try again, or tell an administrator."
)


def _done(attempt: Attempt, decision: Decision) -> HttpResponse:
    request = attempt.request
    if not wants_fragment(request):
        return redirect_after_post(decision_page(decision.pk))
    now = frame_of(request).now
    facts = _facts(attempt)
    panel = panel_of(
        decision=decision, task=attempt.task, user_id=request.user.pk, now=now, votes=facts.votes
    )
    response = show_request(request, facts=facts, part=AnswerPart(panel=panel), status=200)
    # The lists around it show at once that it is answered.
    response["HX-Trigger"] = "hp:tick"
    return response


def redirect_after_post(url: str) -> HttpResponse:
    """303: whatever reloads the next page does not post again."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return vary(response)


def _checked(attempt: Attempt) -> HttpResponse:
    """Say whether the answer could be sent, and send nothing."""
    if attempt.request.POST.get("open") == "reject":
        return _form_again(attempt, 200, {}, reject_open=True)
    task = attempt.task
    if lock_of(task=task, user=attempt.request.user) is not None:
        return _form_again(attempt, FORBIDDEN, {})
    try:
        check_answer(
            attempt.posted.typed.answer(_meant(attempt.posted.typed)),
            policy=task.policy,
            ends_early=task.early_completion,
        )
    except InvalidAnswer as exc:
        return _form_again(attempt, INVALID, exc.errors)
    return _form_again(attempt, 200, {}, checked=True)


def _meant(typed: Typed) -> Direction:
    """Which answer a check is about: nothing but a rejection typed means a rejection."""
    is_rejection = bool(typed.error or typed.cause) and not typed.output.strip()
    return Direction.REJECT if is_rejection else Direction.APPROVE


def _form_again(
    attempt: Attempt,
    status: int,
    errors: Errors,
    *,
    checked: bool = False,
    reject_open: bool = False,
    decision_id: uuid.UUID | None = None,
    opinion: OpinionWords | None = None,
) -> HttpResponse:
    """The form with what was typed and what is wrong with it, where there can be one."""
    request, task = attempt.request, attempt.task
    now = frame_of(request).now
    if not task.is_open:
        return _ended(attempt)
    lock = lock_of(task=task, user=request.user)
    if lock is not None:
        return _show(attempt, AnswerPart(lock=lock), status if errors else FORBIDDEN)
    facts = _facts(attempt)
    signing = signing_for(facts=facts, user=request.user, now=now)
    form = form_of(
        task=task,
        user=request.user,
        signing=signing,
        typed=attempt.posted.typed,
        now=now,
        decision_id=decision_id or attempt.posted.decision_id,
        errors=errors,
        checked=checked,
        reject_open=reject_open,
        opinion=opinion,
    )
    part = AnswerPart(form=form, signing=signing)
    return show_request(request, facts=facts, part=part, status=status)


def _ended(attempt: Attempt) -> HttpResponse:
    """Nothing can be answered any more: say who was first, here or elsewhere."""
    live = _facts(attempt).live_answer
    if live is not None:
        return _somebody_was_first(attempt, live)
    over = over_of(task=attempt.task, now=frame_of(attempt.request).now)
    return _show(attempt, AnswerPart(over=over, own_text=_own(attempt)), CONFLICT)


def _conflict(attempt: Attempt, error: DecisionError) -> HttpResponse:
    if isinstance(error, NotYours | ShownChanged):
        # Both may come of a policy that covers the task only since it was read.
        attempt = replace(attempt, task=task_or_404(frame_of(attempt.request), attempt.task.pk))
    if isinstance(error, NotYours):
        part = AnswerPart(
            lock=not_yours(code=error.code, policy=attempt.task.policy), own_text=_own(attempt)
        )
        return _show(attempt, part, FORBIDDEN)
    if isinstance(error, ShownChanged):
        return _ask_anew(attempt, shown_changed(error))
    if isinstance(error, SameIdOtherAnswer) and not (error.decision and error.decision.is_live):
        return _ask_anew(attempt, _NUMBER_USED)
    if isinstance(error, AlreadyDecided | SameIdOtherAnswer) and error.decision is not None:
        return _somebody_was_first(attempt, error.decision)
    if isinstance(error, AlreadySigned):
        return _signed_already(attempt)
    if isinstance(error, TaskOver | NoToken | ConnectionOff):
        return _wait_over(attempt, error)
    raise error


_NUMBER_USED = (
    "This form has been used for another answer already. Nothing was sent. Read the request once "
    "more, then answer."
)


def _ask_anew(attempt: Attempt, message: str) -> HttpResponse:
    """The form with a new number: what is sent from it is a new consent."""
    return _form_again(attempt, CONFLICT, {"answer": [message]}, decision_id=uuid.uuid4())


def shown_changed(error: ShownChanged) -> str:
    """Which part of what the person read is another one now."""
    parts = [_CHANGED[part] for part in error.changed if part in _CHANGED]
    what = f" ({' and '.join(parts)})" if parts else ""
    return (
        f"The request has changed since you opened it{what}. Nothing was sent. Read what is above "
        "once more, then answer."
    )


_CHANGED = {
    "attempt": "the attempt",
    "input": "what the workflow sent",
    "definition": "the workflow's definition",
    "policy": "the policy that says who may answer and how",
    "proposal": "an answer collects signatures, which yours would make void",
}


def _signed_already(attempt: Attempt) -> HttpResponse:
    """This very answer has this person's signature: others are missing."""
    facts = _facts(attempt)
    part = answer_part(facts=facts, user=attempt.request.user, now=frame_of(attempt.request).now)
    return show_request(attempt.request, facts=facts, part=part, status=CONFLICT)


def _somebody_was_first(attempt: Attempt, decision: Decision) -> HttpResponse:
    panel = first_answer_panel(
        decision=decision,
        task=attempt.task,
        user_id=attempt.request.user.pk,
        now=frame_of(attempt.request).now,
        own_text=_own(attempt),
    )
    return _show(attempt, AnswerPart(panel=panel), CONFLICT)


def _wait_over(attempt: Attempt, error: TaskOver | NoToken | ConnectionOff) -> HttpResponse:
    now = frame_of(attempt.request).now
    task = find_task(task_id=attempt.task.pk, sight=frame_of(attempt.request).sight)
    if task is None:
        raise Http404
    if isinstance(error, TaskOver):
        part = AnswerPart(over=over_of(task=task, now=now), own_text=_own(attempt))
    else:
        part = AnswerPart(
            lock=lock_of(task=task, user=attempt.request.user), own_text=_own(attempt)
        )
    return _show(attempt, part, CONFLICT)


def _own(attempt: Attempt) -> str:
    typed = attempt.posted.typed
    texts = [typed.reason, typed.output, typed.error, typed.cause]
    return "\n".join(text for text in texts if text)


def _facts(attempt: Attempt) -> RequestFacts:
    request = attempt.request
    return request_facts(task=attempt.task, user=request.user, now=frame_of(request).now)


def _show(attempt: Attempt, part: AnswerPart, status: int) -> HttpResponse:
    facts = _facts(attempt)
    return show_request(attempt.request, facts=facts, part=part, status=status)
