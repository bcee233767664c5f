"""Who may use a route. Every view carries one of these marks; a test walks all routes."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from callbacks.models import Role, User
from callbacks.views.addresses import BadAddress
from callbacks.views.errors import bad_request, not_allowed

View = Callable[..., HttpResponse]

EVERYBODY = frozenset(Role)
PUBLIC: frozenset[Role] = frozenset()


class PersonRequest(HttpRequest):
    """A request behind the guard: somebody is signed in."""

    user: User


def page(
    *, roles: Collection[Role], methods: Collection[str] = ("GET", "HEAD")
) -> Callable[[View], View]:
    """Let only people with one of these roles in, by these methods only.

    Raises PermissionDenied (403) for somebody else; not signed in is the middleware's part.
    What one may not *see* is 404 and the view's part.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                return not_allowed(request, methods)
            if not request.user.roles & set(roles):
                raise PermissionDenied
            try:
                return view(request, *args, **kwargs)
            except BadAddress as exc:
                # Here, as Django would log the whole trace of what is a mistake in a link.
                return bad_request(request, exc)

        # Pages hold payloads: no cache keeps them.
        return _mark(never_cache(cast("View", guarded)), roles)

    return decorate


def page_or_401(
    *, roles: Collection[Role], methods: Collection[str], signed_out: View
) -> Callable[[View], View]:
    """As `page`, for doors that take what a person typed: a redirect to sign-in would lose it.

    Somebody whose session has ended gets `signed_out`, which answers 401 and keeps the text.
    """

    def decorate(view: View) -> View:
        guarded = page(roles=roles, methods=methods)(view)

        @wraps(view)
        def either(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in methods and not request.user.is_authenticated:
                return signed_out(request, *args, **kwargs)
            return guarded(request, *args, **kwargs)

        either.__dict__["answers_401"] = True
        return _mark(login_not_required(never_cache(cast("View", either))), roles)

    return decorate


def public(view: View) -> View:
    """Let everybody in, signed in or not: sign-in and health routes only."""
    return _mark(login_not_required(view), PUBLIC)


def _mark(view: View, roles: Collection[Role]) -> View:
    view.__dict__["roles"] = frozenset(roles)
    return view
