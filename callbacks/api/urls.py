"""Every address of the API, each marked with its roles, and its answers where a call fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError

from callbacks.api import audit, decisions, executions, intake, policies, requests, tasks
from callbacks.api.bodies import StrictParser
from callbacks.api.callers import ApiKeyAuth
from callbacks.api.problems import Problem, answer, not_found, unauthorised
from callbacks.models import Role

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]
DOCUMENT = "openapi.json"
PUBLIC: frozenset[Role] = frozenset()
ROUTERS: dict[str, Router] = {
    "tasks": tasks.router,
    "decisions": decisions.router,
    "executions": executions.router,
    "audit": audit.router,
    "policies": policies.router,
    "requests": requests.router,
    "intake": intake.router,
}

api = NinjaAPI(
    title="Holdpoint",
    version="1",
    description="Step Functions tasks that wait for a callback: read them, answer them.",
    urls_namespace="api",
    docs_url=None,
    parser=StrictParser(),
)
for _prefix, _router in ROUTERS.items():
    api.add_router(f"/{_prefix}", _router)


# --- what goes wrong -----------------------------------------------------------------------------
@api.exception_handler(Problem)
def _told(request: HttpRequest, exc: Problem) -> HttpResponse:
    return answer(exc)


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
    return answer(unauthorised())


@api.exception_handler(HttpError)
def _unread(request: HttpRequest, exc: HttpError) -> HttpResponse:
    # What the parser said, which django-ninja wraps.
    cause = exc.__cause__
    if isinstance(cause, Problem):
        return answer(cause)
    return answer(Problem(exc.status_code, "refused", "This could not be read."))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, exc: RequestDataTooBig) -> HttpResponse:
    return answer(Problem(413, "too_large", "The body is too large. Nothing was done."))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    errors: dict[str, list[str]] = {}
    for error in exc.errors:
        errors.setdefault(_field(error["loc"]), []).append(str(error["msg"]))
    text = "Something in the call is not as it must be; see errors."
    return answer(Problem(422, "invalid", text, errors=errors))


@api.exception_handler(Exception)
def _broken(request: HttpRequest, exc: Exception) -> HttpResponse:
    logger.error("API call failed: %s %s", request.method, request.path, exc_info=exc)
    return answer(Problem(500, "broken", "Something broke on our side; see the log."))


def _field(place: tuple[str | int, ...]) -> str:
    """Where it is, without django-ninja's names for the parts of a call."""
    inner = [part for part in place[1:] if part not in ("given", "query")]
    return ".".join(str(part)[:100] for part in inner) or str(place[0])


# --- addresses -----------------------------------------------------------------------------------
def _head(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    """What GET answers, without its body; django-ninja knows no HEAD."""
    request.method = "GET"
    try:
        response = view(request, *args, **kwargs)
    finally:
        request.method = "HEAD"
    if response.status_code == 405:
        response = _wrong_method(response)
    if isinstance(response, HttpResponse):
        response["Content-Length"] = len(response.content)
        response.content = b""
    elif isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()
    return response


def _wrong_method(response: HttpResponseBase) -> HttpResponse:
    allowed = {name.strip() for name in response["Allow"].split(",")}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    told = Problem(405, "method_not_allowed", "This address does not take that method.")
    told.headers["Allow"] = ", ".join(sorted(allowed))
    return answer(told)


def _door(view: View, roles: frozenset[Role]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "HEAD":
            return _head(view, request, *args, **kwargs)
        response = view(request, *args, **kwargs)
        return _wrong_method(response) if response.status_code == 405 else response

    marked = login_not_required(csrf_exempt(never_cache(guarded)))
    marked.__dict__["roles"] = roles
    return marked


def unknown(request: HttpRequest, **_rest: str) -> HttpResponse:
    return answer(not_found())


def _declared() -> Iterator[tuple[str, frozenset[Role]]]:
    """The roles of each address, as its operations ask for them; the document is for everybody."""
    yield from ((address, PUBLIC) for address in ("", DOCUMENT))
    for prefix, router in ROUTERS.items():
        for place, view in router.path_operations.items():
            doors = [door for one in view.operations for door in one.auth_callbacks]
            asked = [door.roles for door in doors if isinstance(door, ApiKeyAuth)]
            yield _address(prefix + place), PUBLIC.union(*asked)


def _address(text: str) -> str:
    """With Django's own converters in place of django-ninja's."""
    return text.replace("{", "<").replace("}", ">").replace("<uuidstr:", "<uuid:")


def _patterns() -> Iterator[URLPattern]:
    roles = dict(_declared())
    for pattern in api.urls[0]:
        if isinstance(pattern, URLPattern):
            address = _address(str(pattern.pattern))
            view: View = pattern.callback if address else unknown
            if address == DOCUMENT:
                view = require_safe(view)
            yield path(address, _door(view, roles[address]), name=pattern.name)
    yield path("<path:rest>", _door(unknown, PUBLIC))


urlpatterns = (list(_patterns()), "api")
