"""Every address of the product. A route without a declared role fails a test."""

from django.urls import URLPattern, URLResolver, include, path

from callbacks.api.urls import urlpatterns as api
from callbacks.views import accounts, health
from callbacks.views.answers import answer, draft, forecast, throw_away
from callbacks.views.api_keys import make_key, revoke
from callbacks.views.audit_outside import audit_rollback
from callbacks.views.audit_pages import audit
from callbacks.views.connections import connection, connections
from callbacks.views.contracts import workflow_contract
from callbacks.views.conversation import claim_door, comment_door, hand_over_door, presence_door
from callbacks.views.decisions import decision_view, send_door, withdraw_door
from callbacks.views.events import events_view
from callbacks.views.executions import execution_view
from callbacks.views.history import history
from callbacks.views.inbox import inbox
from callbacks.views.kit import kit
from callbacks.views.policies import (
    edit_policy,
    move_policy,
    new_policy,
    policies,
    policy,
    retire_policy,
)
from callbacks.views.requests import request_page
from callbacks.views.rescue import heartbeat_door, redrive_door, stop_door
from callbacks.views.rights import rights_door
from callbacks.views.settings_page import settings_page
from callbacks.views.waiting import waiting
from callbacks.views.workflows import workflow, workflows

urlpatterns: list[URLPattern | URLResolver] = [
    *accounts.urlpatterns,
    *health.urlpatterns,
    path("", inbox, name="inbox"),
    path("waiting/", waiting, name="waiting"),
    path("tasks/<uuid:task_id>/", request_page, name="task"),
    path("tasks/<uuid:task_id>/answer/", answer, name="answer"),
    path("tasks/<uuid:task_id>/forecast/", forecast, name="forecast"),
    path("tasks/<uuid:task_id>/draft/", draft, name="draft"),
    path("tasks/<uuid:task_id>/draft/forget/", throw_away, name="throw_away"),
    path("tasks/<uuid:task_id>/comments/", comment_door, name="comment"),
    path("tasks/<uuid:task_id>/claim/", claim_door, name="claim"),
    path("tasks/<uuid:task_id>/hand-over/", hand_over_door, name="hand_over"),
    path("tasks/<uuid:task_id>/presence/", presence_door, name="presence"),
    path("decisions/<uuid:decision_id>/", decision_view, name="decision"),
    path("decisions/<uuid:decision_id>/withdraw/", withdraw_door, name="withdraw"),
    path("decisions/<uuid:decision_id>/send/", send_door, name="send"),
    path("executions/<uuid:execution_id>/", execution_view, name="execution"),
    path("executions/<uuid:execution_id>/events/", events_view, name="events"),
    path("tasks/<uuid:task_id>/heartbeat/", heartbeat_door, name="heartbeat"),
    path("executions/<uuid:execution_id>/stop/", stop_door, name="stop"),
    path("executions/<uuid:execution_id>/redrive/", redrive_door, name="redrive"),
    path("history/", history, name="history"),
    path("audit/", audit, name="audit"),
    path("audit/rollback/", audit_rollback, name="audit_rollback"),
    path("connections/", connections, name="connections"),
    path("connections/<uuid:connection_id>/", connection, name="connection"),
    path("connections/<uuid:connection_id>/rights/", rights_door, name="connection_rights"),
    path("workflows/", workflows, name="workflows"),
    path("workflows/<uuid:workflow_id>/", workflow, name="workflow"),
    path("workflows/<uuid:workflow_id>/answers/", workflow_contract, name="workflow_contract"),
    path("policies/", policies, name="policies"),
    path("policies/new/", new_policy, name="new_policy"),
    path("policies/<uuid:policy_id>/", policy, name="policy"),
    path("policies/<uuid:policy_id>/edit/", edit_policy, name="edit_policy"),
    path("policies/<uuid:policy_id>/retire/", retire_policy, name="retire_policy"),
    path("policies/<uuid:policy_id>/move/", move_policy, name="move_policy"),
    path("settings/", settings_page, name="settings"),
    path("settings/keys/", make_key, name="make_key"),
    path("settings/keys/<uuid:key_id>/revoke/", revoke, name="revoke_key"),
    path("api/v1/", include(api)),
    path("kit/", kit, name="kit"),
]
