"""Every address of the product. A route without a declared role fails a test."""

from django.urls import URLPattern, URLResolver, path

from callbacks.views import accounts, health
from callbacks.views.audit_pages import audit
from callbacks.views.connections import connection, connections
from callbacks.views.history import history
from callbacks.views.inbox import inbox
from callbacks.views.settings_page import settings_page
from callbacks.views.waiting import waiting

urlpatterns: list[URLPattern | URLResolver] = [
    *accounts.urlpatterns,
    *health.urlpatterns,
    path("", inbox, name="inbox"),
    path("waiting/", waiting, name="waiting"),
    path("history/", history, name="history"),
    path("audit/", audit, name="audit"),
    path("connections/", connections, name="connections"),
    path("connections/<uuid:connection_id>/", connection, name="connection"),
    path("settings/", settings_page, name="settings"),
]
