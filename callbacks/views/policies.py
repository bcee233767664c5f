"""Policies: which are in force, what each version says, and the form that makes the next one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from callbacks.models import Policy, Role
from callbacks.policies.check import LIMITS, problems
from callbacks.policies.fields import PolicyFields, as_text, fields_of
from callbacks.policies.lookback import look_back
from callbacks.policies.trial import try_out
from callbacks.policies.versions import (
    PolicyMoved,
    PolicyProblems,
    move,
    put_in_force,
    retire,
)
from callbacks.queries.policies import (
    PolicyDetail,
    policies_in_force,
    policies_retired,
    policy_detail,
)
from callbacks.templatetags.words import moment
from callbacks.views.contract_words import schema_text, source_of
from callbacks.views.contracts import STEP, WORKFLOW, contract_or_404
from callbacks.views.fragments import respond
from callbacks.views.frame import READERS_OF_POLICIES, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.lookback_words import past_words
from callbacks.views.persons import actor_of
from callbacks.views.policy_form import SECTIONS, PolicyForm, RetireForm, initial
from callbacks.views.policy_words import diff, difference, line_of, place_of

WRITERS = frozenset({Role.ADMIN})
READING = ("GET", "HEAD")
INVALID, CONFLICT = 422, 409
STEPS = {"up": -1, "down": 1}
LONGEST_NAME = LIMITS["name"]


@page(roles=READERS_OF_POLICIES)
def policies(request: PersonRequest) -> HttpResponse:
    rows = policies_in_force()
    movable = [policy for policy in rows if not policy.is_default]
    context = {
        "rows": [line_of(policy, movable) for policy in rows],
        "retired": [line_of(policy) for policy in policies_retired()],
        "may_write": _may_write(request),
    }
    return respond(request, "callbacks/policies.html", context, fragment="list")


@page(roles=READERS_OF_POLICIES)
def policy(request: PersonRequest, policy_id: uuid.UUID) -> HttpResponse:
    """One version, and how it differs from another one."""
    return _show_policy(request, _detail_or_404(policy_id), RetireForm())


def _show_policy(
    request: PersonRequest, detail: PolicyDetail, retiring: RetireForm, *, status: int = 200
) -> HttpResponse:
    against = _against(detail, request.GET.get("against", ""))
    context = {
        "policy": detail.policy,
        "line": line_of(detail.policy),
        "in_force": detail.policy.retired_at is None,
        "since": moment(at=detail.policy.created_at, now=frame_of(request).now),
        "versions": detail.versions,
        "newest_id": detail.newest.pk,
        "against": against,
        "difference": difference(against, detail.policy),
        "may_write": _may_write(request),
        "retiring": retiring,
    }
    return respond(request, "callbacks/policy.html", context, fragment="detail", status=status)


@page(roles=WRITERS, methods=(*READING, "POST"))
def new_policy(request: PersonRequest) -> HttpResponse:
    return _edit(request, None)


@page(roles=WRITERS, methods=(*READING, "POST"))
def edit_policy(request: PersonRequest, policy_id: uuid.UUID) -> HttpResponse:
    """The form begins with this version, also with a retired one, and makes the next."""
    return _edit(request, _detail_or_404(policy_id))


@page(roles=WRITERS, methods=("POST",))
def retire_policy(request: PersonRequest, policy_id: uuid.UUID) -> HttpResponse:
    detail = _detail_or_404(policy_id)
    form = RetireForm(request.POST)
    if not form.is_valid():
        return _show_policy(request, detail, form, status=INVALID)
    try:
        retire(
            name=detail.policy.name,
            note=form.cleaned_data["note"],
            actor=actor_of(request),
            now=frame_of(request).now,
        )
    except PolicyProblems as exc:
        return _conflict(request, detail, exc)
    return _to(reverse("policies"))


@page(roles=WRITERS, methods=("POST",))
def move_policy(request: PersonRequest, policy_id: uuid.UUID) -> HttpResponse:
    """One place up or down in the order in which they are tried."""
    detail = _detail_or_404(policy_id)
    step = STEPS.get(request.POST.get("to", ""))
    if step is None:
        raise BadRequest("Say whether it goes up or down.")
    order = [one.name for one in policies_in_force()]
    name = detail.policy.name
    place = max(0, order.index(name) + step) if name in order else 0
    try:
        move(name=name, to=place, actor=actor_of(request), now=frame_of(request).now)
    except PolicyProblems as exc:
        return _conflict(request, detail, exc)
    return _to(f"{reverse('policies')}#{place_of(detail.policy)}")


def _edit(request: PersonRequest, detail: PolicyDetail | None) -> HttpResponse:
    begun = fields_of(detail.policy) if detail else PolicyFields(name="")
    if request.method != "POST":
        frozen = _frozen(request, is_new=detail is None)
        form = PolicyForm(initial={**initial(begun), **frozen})
        return _show_form(request, detail, form, begun_with=_version_in_force(detail))
    typed = request.POST.copy()
    if detail is not None:
        # A version's name is its policy's; another name is another policy.
        typed["name"] = begun.name
    form = PolicyForm(typed)
    only_tried = request.POST.get("do") == "try"
    if only_tried:
        form.fields["note"].required = False
    if not form.is_valid():
        return _show_form(request, detail, form, begun_with=_begun_with(request), status=INVALID)
    fields = form.policy(is_default=begun.is_default)
    if only_tried:
        return _show_trial(request, detail, form, fields)
    return _put(request, detail, form, fields)


def _frozen(request: PersonRequest, *, is_new: bool) -> Mapping[str, Any]:
    """What past answers to a step tell, where the address asks to make that the form."""
    if WORKFLOW not in request.GET:
        return {}
    try:
        workflow_id = uuid.UUID(request.GET[WORKFLOW])
    except ValueError:
        raise Http404 from None
    step = request.GET.get(STEP, "")
    sight = frame_of(request).sight
    workflow, contract = contract_or_404(workflow_id=workflow_id, state=step, sight=sight)
    text = schema_text(contract)
    if not text:
        raise Http404
    covered = {
        "name": f"{workflow.name}: {step}"[:LONGEST_NAME],
        "connections": [workflow.connection.name],
        "state_machine": workflow.name,
        "state": step,
    }
    return {
        "output_schema": text,
        "note": _("Form of %(step)s: %(source)s") % {"step": step, "source": source_of(contract)},
        **(covered if is_new else {}),
    }


def _put(
    request: PersonRequest, detail: PolicyDetail | None, form: PolicyForm, fields: PolicyFields
) -> HttpResponse:
    begun_with = _begun_with(request)
    try:
        policy = put_in_force(
            fields=fields,
            note=form.cleaned_data["note"],
            actor=actor_of(request),
            now=frame_of(request).now,
            begun_with=begun_with,
        )
    except PolicyMoved as exc:
        form.take(exc.errors)
        return _show_conflict(request, detail, form, begun_with=begun_with)
    except PolicyProblems as exc:
        form.take(exc.errors)
        return _show_form(request, detail, form, begun_with=begun_with, status=INVALID)
    return _to(reverse("policy", args=[policy.pk]))


def _show_conflict(
    request: PersonRequest, detail: PolicyDetail | None, form: PolicyForm, *, begun_with: int
) -> HttpResponse:
    """What the other one changed, beside what was typed; sent again, it follows on theirs."""
    if detail is None:
        # Another name will do.
        return _show_form(request, None, form, begun_with=begun_with, status=INVALID)
    # As it is now, with the version that came meanwhile.
    detail = _detail_or_404(detail.policy.pk)
    version = _version_in_force(detail)
    seen = next((one for one in detail.versions if one.version == begun_with), detail.policy)
    theirs = difference(seen, detail.newest) if version else []
    return _show_form(
        request,
        detail,
        form,
        begun_with=version,
        status=CONFLICT,
        meanwhile={"version": version, "seen": seen.version, "by": detail.newest, "said": theirs},
    )


def _show_trial(
    request: PersonRequest, detail: PolicyDetail | None, form: PolicyForm, fields: PolicyFields
) -> HttpResponse:
    """What it would cover, who could answer it, what it would have refused; nothing is changed."""
    found = problems(fields)
    if found:
        form.take(found)
        return _show_form(request, detail, form, begun_with=_begun_with(request), status=INVALID)
    changes = diff(as_text(fields_of(detail.newest)) if detail else "", as_text(fields))
    return _show_form(
        request,
        detail,
        form,
        begun_with=_begun_with(request),
        trial=try_out(fields=fields),
        past=past_words(look_back(fields=fields, now=frame_of(request).now)),
        difference=changes,
    )


def _show_form(
    request: PersonRequest,
    detail: PolicyDetail | None,
    form: PolicyForm,
    *,
    begun_with: int,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    # The name of a policy that is changed is no field: what is wrong with it stands on top.
    marked = [bound for bound in form.faulty if not (detail and bound.name == "name")]
    form.begin_at(marked)
    context: Mapping[str, Any] = {
        "form": form,
        "told": [*form.non_field_errors(), *(form["name"].errors if detail else ())],
        "marked": marked,
        "sections": [
            (title, [[form[name] for name in row] for row in rows]) for title, rows in SECTIONS
        ],
        "detail": detail,
        "next_version": detail.newest.version + 1 if detail else 1,
        "begun_with": begun_with,
        **more,
    }
    return respond(request, "callbacks/policy_edit.html", context, fragment="form", status=status)


def _conflict(request: PersonRequest, detail: PolicyDetail, error: PolicyProblems) -> HttpResponse:
    said = [text for texts in error.errors.values() for text in texts]
    context = {"problems": said, "policy": detail.policy}
    return respond(
        request, "callbacks/policy_problem.html", context, fragment="problem", status=CONFLICT
    )


def _detail_or_404(policy_id: uuid.UUID) -> PolicyDetail:
    detail = policy_detail(policy_id=policy_id)
    if detail is None:
        raise Http404
    return detail


def _version_in_force(detail: PolicyDetail | None) -> int:
    if detail is None or detail.newest.retired_at is not None:
        return 0
    return detail.newest.version


def _begun_with(request: PersonRequest) -> int:
    text = request.POST.get("begun_with", "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _may_write(request: PersonRequest) -> bool:
    return bool(request.user.roles & WRITERS)


def _to(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def _against(detail: PolicyDetail, text: str) -> Policy | None:
    for one in detail.versions:
        if str(one.version) == text and one.pk != detail.policy.pk:
            return one
    return detail.before
