"""Take an answer: keep what was typed first, decide through the one door, say what became of it."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from callbacks.audit import AuditUnavailable
from callbacks.decisions.answer import Answer, check_answer
from callbacks.decisions.decide import decide
from callbacks.decisions.errors import (
    DecisionError,
    InvalidAnswer,
    TaskUnknown,
    WouldKill,
)
from callbacks.decisions.preflight import mend
from callbacks.models import CallbackTask, Decision, Direction
from callbacks.views.answer_attempts import (
    FORBIDDEN,
    INVALID,
    UNAVAILABLE,
    Attempt,
    facts_of,
    form_again,
)
from callbacks.views.answer_conflicts import conflict
from callbacks.views.answer_form import (
    AS_FORM,
    AS_JSON,
    CHECK,
    COMPARE,
    WRAP,
    Typed,
    as_seen,
    forget_draft,
    is_plain_form,
    read_posted,
    read_typed,
    save_draft,
    with_fields,
)
from callbacks.views.answer_locks import lock_of
from callbacks.views.answer_words import form_of
from callbacks.views.decision_words import panel_of
from callbacks.views.errors import unsupported
from callbacks.views.fragments import redirect_after_post, wants_fragment
from callbacks.views.frame import EVERYBODY, frame_of
from callbacks.views.guard import PersonRequest, page_or_401
from callbacks.views.opinion_words import opinion_words
from callbacks.views.persons import actor_of
from callbacks.views.places import decision_page, task_page
from callbacks.views.request_words import AnswerPart, signing_for
from callbacks.views.requests import show_request, task_or_404
from callbacks.views.signed_out import signed_out, signed_out_forecast


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
    opens_reject = request.POST.get("open") == "reject"
    if posted.typed.no_numbers and posted.direction != Direction.REJECT and not opens_reject:
        return form_again(attempt, INVALID, {"output": posted.typed.not_numbers})
    if posted.direction == WRAP:
        return _wrapped(attempt)
    if posted.direction == COMPARE:
        return _compared(attempt)
    if posted.direction == CHECK:
        return _checked(attempt)
    return _decided(attempt, Direction(posted.direction))


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
        return form_again(attempt, INVALID, exc.errors, reject_open=direction == Direction.REJECT)
    except WouldKill as exc:
        is_rejection = direction == Direction.REJECT
        field = "override_no" if is_rejection else "override"
        errors = would_kill(exc, field=field, is_fixed=is_rejection)
        return form_again(attempt, INVALID, errors, reject_open=is_rejection)
    except DecisionError as exc:
        return conflict(attempt, exc)
    except AuditUnavailable:
        return form_again(attempt, UNAVAILABLE, {"answer": [_NOT_RECORDED]})
    return _done(attempt, decision)


def would_kill(error: WouldKill, *, field: str, is_fixed: bool) -> dict[str, list[str]]:
    """What to do about an answer that would end the run, by field.

    `is_fixed`: it is the policy's own, by which a rejection says no.
    """
    if is_fixed:
        return _fixed_no_kills(field if error.may_override else "error")
    if error.may_override:
        return {field: [_("Nothing was sent. Mend the answer, or tick this and say why.")]}
    if error.of_item:
        return {"answer": [_("This answer would end the run of this item, so nothing was sent.")]}
    return {"answer": [_("This answer would end the whole run, so nothing was sent.")]}


def _fixed_no_kills(field: str) -> dict[str, list[str]]:
    told = _("The policy's own no would end the run, so nothing was sent.")
    ways = (
        _("Tell an administrator, who can change the policy.")
        if field == "error"
        else _("An administrator can change the policy; or tick this and say why.")
    )
    return {field: [f"{told} {ways}"]}


def _shown_as(attempt: Attempt, *, as_json: bool) -> HttpResponse:
    """The same answer, as a form or as JSON."""
    typed = replace(attempt.posted.typed, as_json=as_json)
    return form_again(replace(attempt, posted=replace(attempt.posted, typed=typed)), 200, {})


def _wrapped(attempt: Attempt) -> HttpResponse:
    """The form with the answer put where the workflow looks for it."""
    typed = attempt.posted.typed
    better = mend(task=attempt.task, output_text=typed.output)
    if better is None:
        return _checked(attempt)
    typed = replace(typed, output=better, override=False)
    user, request_id = attempt.request.user, attempt.task.request_id
    save_draft(typed=typed, user=user, request_id=request_id, now=frame_of(attempt.request).now)
    return form_again(replace(attempt, posted=replace(attempt.posted, typed=typed)), 200, {})


def _compared(attempt: Attempt) -> HttpResponse:
    """The form with AWS's own forecast of what was typed; it costs one call of the quota."""
    task, typed = attempt.task, attempt.posted.typed
    if not task.is_open or lock_of(task=task, user=attempt.request.user) is not None:
        return form_again(attempt, FORBIDDEN, {})
    answer = typed.answer(_meant(typed))
    try:
        check_answer(replace(answer, reason="-"), policy=task.policy, ends_early=False)
    except InvalidAnswer as exc:
        return form_again(attempt, INVALID, exc.errors)
    opinion = opinion_words(task=task, answer=answer, now=frame_of(attempt.request).now)
    return form_again(attempt, 200, {}, opinion=opinion)


@page_or_401(roles=EVERYBODY, methods=("POST",), signed_out=signed_out_forecast)
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
    facts = facts_of(attempt)
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
    facts = facts_of(attempt)
    panel = panel_of(
        decision=decision, task=attempt.task, user_id=request.user.pk, now=now, votes=facts.votes
    )
    response = show_request(request, facts=facts, part=AnswerPart(panel=panel), status=200)
    # The lists around it show at once that it is answered.
    response["HX-Trigger"] = "hp:tick"
    return response


def _checked(attempt: Attempt) -> HttpResponse:
    """Say whether the answer could be sent, and send nothing."""
    if attempt.request.POST.get("open") == "reject":
        return form_again(attempt, 200, {}, reject_open=True)
    task = attempt.task
    if lock_of(task=task, user=attempt.request.user) is not None:
        return form_again(attempt, FORBIDDEN, {})
    try:
        check_answer(
            attempt.posted.typed.answer(_meant(attempt.posted.typed)),
            policy=task.policy,
            ends_early=task.early_completion,
        )
    except InvalidAnswer as exc:
        return form_again(attempt, INVALID, exc.errors)
    return form_again(attempt, 200, {}, checked=True)


def _meant(typed: Typed) -> Direction:
    """Which answer a check is about: nothing but a rejection typed means a rejection."""
    is_rejection = bool(typed.error or typed.cause) and not typed.output.strip()
    return Direction.REJECT if is_rejection else Direction.APPROVE
