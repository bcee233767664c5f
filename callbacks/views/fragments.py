"""A page or its fragment: the server chooses, by who asks and how, never by a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


def wants_fragment(request: HttpRequest) -> bool:
    """Whether a part of the page is swapped: htmx, not boosted, not a step back in the history."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # by its middleware
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def respond(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    fragment: str,
    status: int = 200,
) -> HttpResponse:
    """Render the page, or its partial `fragment` where only a part is swapped."""
    name = f"{template}#{fragment}" if wants_fragment(request) else template
    return vary(render(request, name, dict(context), status=status))


def nothing_new() -> HttpResponse:
    """Answer a poll that would change nothing."""
    return vary(HttpResponse(status=204))


def vary(response: HttpResponse) -> HttpResponse:
    """Let no cache give a fragment where a page was asked for."""
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response


def redirect_after_post(url: str) -> HttpResponse:
    """303: whatever reloads the next page does not post again."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return vary(response)
