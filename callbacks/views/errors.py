"""What stands in place of a page: 400, 403, 404, 405, 500, and a form whose check failed.

Nothing of an exception is shown, for it may hold a payload. A fragment gets a line, not a page.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from callbacks.views.addresses import BadAddress
from callbacks.views.answer_form import TEXTS, written_fields
from callbacks.views.fragments import vary

logger = logging.getLogger(__name__)
# What mails and messages link to.
OF_REQUESTS = ("/tasks/", "/decisions/", "/executions/")
# Fields that a person has typed into, by name: what may be handed back to them.
TYPED = (*TEXTS, "comment")


@never_cache
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return _kept(_show(request, "413.html", 413, _("This is too large. Nothing was sent.")))
    if isinstance(exception, BadAddress) and request.method in ("GET", "HEAD"):
        line = _("This address has a value that no list has.")
        return _show(request, "400_address.html", 400, line, list_url=request.path)
    return _show(request, "400.html", 400, _("This could not be read."))


@never_cache
def unsupported(request: HttpRequest) -> HttpResponse:
    """415: a body that is no form, or is packed; it is not looked into."""
    line = _("This form came in a way that is not understood. Nothing was sent.")
    return _kept(_show(request, "415.html", 415, line))


@never_cache
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _show(request, "403.html", 403, _("This is for another role. Nothing was sent."))


@never_cache
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(OF_REQUESTS):
        line = _("There is no such request, or you may not see it.")
        return _show(request, "404.html", 404, line, is_request=True)
    return _show(request, "404.html", 404, _("There is nothing here, or you may not see it."))


@never_cache
def not_allowed(request: HttpRequest, methods: Iterable[str]) -> HttpResponse:
    """405: this address does not take the method; nothing was written."""
    response = _show(request, "405.html", 405, _("This address does not take that."))
    response["Allow"] = ", ".join(sorted(methods))
    return response


@never_cache
def broken(request: HttpRequest) -> HttpResponse:
    """500, with a number that stands in the log beside the trace that follows it."""
    number = error_number()
    logger.error("Error %s at %s %s", number, request.method, request.path)
    text = _("Something broke on our side. Quote %(number)s to your administrator.")
    if _is_fragment(request):
        return _line(text % {"number": number}, 500)
    # Without the request: a frame or a context processor may be what broke.
    return vary(HttpResponse(render_to_string("500.html", {"number": number}), status=500))


@never_cache
def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The check against forged forms failed: give back what was typed, and send nothing."""
    logger.warning("Form refused at %s: %s", request.path, reason)
    if _is_fragment(request):
        line = _line(_("The form had grown old. Load the page again; nothing was sent."), 403)
        return _kept(line)
    typed = [(name, request.POST[name]) for name in TYPED if request.POST.get(name)]
    typed += written_fields(request.POST)
    context = {"typed": typed, "back": request.path}
    return vary(render(request, "403_csrf.html", context, status=403))


def _kept(response: HttpResponse) -> HttpResponse:
    """Swapped in above the form, not in its place: what was typed stays."""
    response["HX-Reswap"] = "afterbegin"
    return response


def error_number() -> str:
    """Eight digits in two groups: short enough to read out on the phone."""
    number = secrets.token_hex(4)
    return f"{number[:4]}-{number[4:]}"


def _show(
    request: HttpRequest, template: str, status: int, line: str, **context: object
) -> HttpResponse:
    if _is_fragment(request):
        return _line(line, status)
    return vary(render(request, template, context, status=status))


def _line(text: str, status: int) -> HttpResponse:
    page = render_to_string("parts/error_line.html", {"text": text})
    return vary(HttpResponse(page, status=status))


def _is_fragment(request: HttpRequest) -> bool:
    # By the header itself: the failure may lie before the middleware that reads it.
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers
