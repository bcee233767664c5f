"""Who may use a route. Every view carries one of these marks; a test walks all routes."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.cache import never_cache

from callbacks.models import Role, User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

EVERYBODY = frozenset(Role)
PUBLIC: frozenset[Role] = frozenset()


class PersonRequest(HttpRequest):
    """A request behind the guard: somebody is signed in."""

    user: User


PersonView = Callable[Concatenate[PersonRequest, P], HttpResponse]


def page(
    *, roles: Collection[Role], methods: Collection[str] = ("GET", "HEAD")
) -> Callable[[PersonView[P]], View[P]]:
    """Let only people with one of these roles in, by these methods only.

    Raises PermissionDenied (403) for somebody else; not signed in is the middleware's part.
    What one may not *see* is 404 and the view's part.
    """

    def decorate(view: PersonView[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method not in methods:
                return HttpResponseNotAllowed(sorted(methods))
            person = cast(PersonRequest, request)
            if not person.user.roles & set(roles):
                raise PermissionDenied
            return view(person, *args, **kwargs)

        # Pages hold payloads: no cache keeps them.
        marked = never_cache(guarded)
        marked.roles = frozenset(roles)  # type: ignore[attr-defined] - read by the route walk
        marked.methods = frozenset(methods)  # type: ignore[attr-defined]
        return marked

    return decorate


def public(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Let everybody in, signed in or not: sign-in and health routes only."""
    marked = login_not_required(view)
    marked.roles = PUBLIC  # type: ignore[attr-defined] - read by the route walk
    return cast("Callable[P, HttpResponse]", marked)
