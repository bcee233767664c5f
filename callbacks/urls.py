"""Every address of the product. A route without a declared role fails a test."""

from django.urls import URLPattern, URLResolver, path

from callbacks.views import accounts, health
from callbacks.views.answers import answer, draft
from callbacks.views.audit_pages import audit
from callbacks.views.connections import connection, connections
from callbacks.views.decisions import decision_view, send_door, withdraw_door
from callbacks.views.executions import execution_view
from callbacks.views.history import history
from callbacks.views.inbox import inbox
from callbacks.views.kit import kit
from callbacks.views.requests import request_page
from callbacks.views.settings_page import settings_page
from callbacks.views.waiting import waiting

urlpatterns: list[URLPattern | URLResolver] = [
    *accounts.urlpatterns,
    *health.urlpatterns,
    path("", inbox, name="inbox"),
    path("waiting/", waiting, name="waiting"),
    path("tasks/<uuid:task_id>/", request_page, name="task"),
    path("tasks/<uuid:task_id>/answer/", answer, name="answer"),
    path("tasks/<uuid:task_id>/draft/", draft, name="draft"),
    path("decisions/<uuid:decision_id>/", decision_view, name="decision"),
    path("decisions/<uuid:decision_id>/withdraw/", withdraw_door, name="withdraw"),
    path("decisions/<uuid:decision_id>/send/", send_door, name="send"),
    path("executions/<uuid:execution_id>/", execution_view, name="execution"),
    path("history/", history, name="history"),
    path("audit/", audit, name="audit"),
    path("connections/", connections, name="connections"),
    path("connections/<uuid:connection_id>/", connection, name="connection"),
    path("settings/", settings_page, name="settings"),
    path("kit/", kit, name="kit"),
]
