"""What answers to one step of a workflow hold, and how a policy can make that the rule."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse

from callbacks.asl.contract.infer import Contract
from callbacks.asl.definition import known_definition
from callbacks.decisions.inferred import contract_of_step
from callbacks.models import Role, StateMachine
from callbacks.queries.past_answers import policies_of_step
from callbacks.queries.sight import Sight, visible_tasks
from callbacks.queries.workflows import find_workflow
from callbacks.views.contract_words import contract_lines, schema_text, source_of
from callbacks.views.fragments import respond
from callbacks.views.frame import EVERYBODY, READERS_OF_POLICIES, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.places import workflow_page

TEMPLATE = "callbacks/contract.html"
# Of more, one goes to the policy itself.
POLICIES_SHOWN = 6
STEP, WORKFLOW = "step", "form_of"


@page(roles=EVERYBODY)
def workflow_contract(request: PersonRequest, workflow_id: uuid.UUID) -> HttpResponse:
    """404 where none of the workflow's requests may be seen, or it has no such step."""
    sight = frame_of(request).sight
    state = request.GET.get(STEP, "")
    workflow, contract = contract_or_404(workflow_id=workflow_id, state=state, sight=sight)
    text = schema_text(contract)
    context = {
        "workflow": workflow,
        "workflow_url": workflow_page(workflow.pk),
        "state": state,
        "source": source_of(contract),
        "lines": contract_lines(contract),
        "schema": text,
        "policies": _policies(request, workflow, state) if text else (),
        "new_policy_url": _freezing(reverse("new_policy"), workflow, state),
        "may_write": Role.ADMIN in request.user.roles,
    }
    return respond(request, TEMPLATE, context, fragment="detail")


def contract_or_404(
    *, workflow_id: uuid.UUID, state: str, sight: Sight
) -> tuple[StateMachine, Contract]:
    workflow = find_workflow(workflow_id=workflow_id, sight=sight)
    if workflow is None or "\0" in state:
        raise Http404
    text = workflow.definition.text if workflow.definition else ""
    contract = contract_of_step(
        definition=text,
        connection_id=workflow.connection_id,
        workflow=workflow.name,
        state=state,
        tasks=visible_tasks(sight),
    )
    definition = known_definition(text)
    if not contract.runs and (definition is None or definition.state(state) is None):
        raise Http404
    return workflow, contract


def _policies(
    request: PersonRequest, workflow: StateMachine, state: str
) -> list[tuple[str, int, str]]:
    """Those in force by which the step is answered: name, version, and where it is changed."""
    if not READERS_OF_POLICIES & request.user.roles:
        return []
    found = policies_of_step(
        connection_id=workflow.connection_id, workflow=workflow.name, state=state
    )
    return [
        (
            policy.name,
            policy.version,
            _freezing(reverse("edit_policy", args=[policy.pk]), workflow, state),
        )
        for policy in found[:POLICIES_SHOWN]
    ]


def _freezing(url: str, workflow: StateMachine, state: str) -> str:
    return f"{url}?{urlencode({WORKFLOW: str(workflow.pk), STEP: state}, errors='replace')}"
