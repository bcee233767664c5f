"""What any Django page costs: signed in, 50 rows out of the same table, nothing of the product."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.backends.django import DjangoTemplates
from django.test import Client, override_settings
from django.test.client import ClientHandler
from django.urls import path

from callbacks.models import CallbackTask

# What `django-admin startproject` writes.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
_engine = DjangoTemplates(
    {
        "NAME": "bare",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
)


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    rows = CallbackTask.objects.filter(status="waiting").order_by("dies_earliest", "id")
    shown = rows.values("id", "headline", "state_machine_name", "asked_by", "dies_earliest")
    page = _engine.get_template("bare.html").render({"rows": shown[:50]}, request)
    return HttpResponse(page)


urlpatterns = [path("bare/", bare)]


class _BareUrls(BaseHandler):
    """Our urls for our requests alone: the setting would change them for all."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = __name__
        return super().get_response(request)


class _Application(_BareUrls, WSGIHandler):
    pass


class _ClientHandler(_BareUrls, ClientHandler):
    pass


def bare_application() -> WSGIHandler:
    with override_settings(MIDDLEWARE=MIDDLEWARE):
        return _Application()


def bare_client() -> Client:
    """A test client with the bare middleware and the bare urls."""
    client = Client()
    client.handler = _ClientHandler(enforce_csrf_checks=False)
    with override_settings(MIDDLEWARE=MIDDLEWARE):
        client.handler.load_middleware()
    return client
