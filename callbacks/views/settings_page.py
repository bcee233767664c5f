"""A person's own settings: theme, time zone, undo window, keys."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from callbacks.models import Theme
from callbacks.people import change_preferences
from callbacks.views.fragments import vary
from callbacks.views.frame import EVERYBODY
from callbacks.views.guard import PersonRequest, page
from callbacks.views.key_words import keys_context
from callbacks.views.persons import actor_of

TEMPLATE = "callbacks/settings.html"
UNDO_CHOICES = (10, 20, 60)
Value = str | int | bool | None


class NotASetting(Exception):
    """The value is none of those that can be chosen; the text says so to the person."""


@page(roles=EVERYBODY, methods=("GET", "HEAD", "POST"))
def settings_page(request: PersonRequest) -> HttpResponse:
    """Show the settings, or keep those that the form names; the others stay."""
    if request.method != "POST":
        return show_settings(request, errors={})
    changes, errors = read_changes(request.POST.dict())
    if errors:
        return show_settings(request, errors=errors)
    change_preferences(
        user=request.user, changes=changes, actor=actor_of(request), now=timezone.now()
    )
    return HttpResponseRedirect(_way_back(request))


def read_changes(form: Mapping[str, str]) -> tuple[dict[str, Value], dict[str, str]]:
    """Return the settings that the form names, and what is wrong by field."""
    changes: dict[str, Value] = {}
    errors: dict[str, str] = {}
    for name, (field, parse) in _FIELDS.items():
        if name not in form:
            continue
        try:
            changes[field] = parse(form[name])
        except NotASetting as exc:
            errors[name] = str(exc)
    return changes, errors


def _theme(text: str) -> str:
    if text not in Theme.values:
        raise NotASetting(_("Choose light, dark or as the system."))
    return text


def _time_zone(text: str) -> str:
    if text and text not in zoneinfo.available_timezones():
        raise NotASetting(_("There is no such time zone. An example is Europe/Oslo."))
    return text


def _undo(text: str) -> int | None:
    if text == "":
        return None
    if text not in {str(seconds) for seconds in UNDO_CHOICES}:
        raise NotASetting(_("Choose one of the times in the list."))
    return int(text)


def _keys(text: str) -> bool:
    if text not in ("on", "off"):
        raise NotASetting(_("Choose on or off."))
    return text == "on"


_FIELDS: Mapping[str, tuple[str, Callable[[str], Value]]] = {
    "theme": ("theme", _theme),
    "time_zone": ("time_zone", _time_zone),
    "undo_seconds": ("undo_seconds", _undo),
    "keys": ("keys_enabled", _keys),
}


def show_settings(
    request: PersonRequest, *, errors: Mapping[str, str], key: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The page; `key` is what became of a form about API keys, as `keys_context` takes it."""
    user = request.user
    typed = request.POST if errors else {}
    context: dict[str, Any] = {
        "errors": errors,
        "has_saved": "saved" in request.GET and not errors,
        "theme": typed.get("theme", user.theme),
        "themes": Theme.choices,
        "time_zone": typed.get("time_zone", user.time_zone),
        "time_zones": sorted(zoneinfo.available_timezones()),
        "default_zone": settings.TIME_ZONE,
        "undo": typed.get("undo_seconds", _text(user.undo_seconds)),
        "undo_choices": [str(seconds) for seconds in UNDO_CHOICES],
        "default_undo": settings.UNDO_SECONDS,
        "keys_on": typed.get("keys", "on" if user.keys_enabled else "off") == "on",
        **keys_context(request, **(key or {})),
    }
    is_faulty = bool(errors or context["key_error"])
    return vary(render(request, TEMPLATE, context, status=422 if is_faulty else 200))


def _text(seconds: int | None) -> str:
    return "" if seconds is None else str(seconds)


def _way_back(request: PersonRequest) -> str:
    """Where the form was: the page under the menu, or the settings with a word that it is done."""
    asked = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return asked
    return reverse("settings") + "?saved=1"
