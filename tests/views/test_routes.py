"""Walk every route: each declares its roles, and lets in nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from callbacks.models import Role, User
from tests.conftest import Cast

# Whoever adds a route here opens it to everybody.
PUBLIC = {
    "/accounts/login/",
    "/accounts/logout/",
    "/healthz",
    "/readyz",
    "/metrics",
    # The API's own document, and what is no address of it.
    "/api/v1/",
    "/api/v1/openapi.json",
    "/api/v1/x/y",
}
# Doors that take typed text answer 401 themselves: a redirect to sign-in would lose it.
ANSWERS_401 = re.compile(r"/tasks/[^/]+/(answer|forecast|draft|draft/forget)/")
# The same in every process of a run: parallel workers must collect the same tests.
SAMPLES = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "int": "7",
    "slug": "x",
    "str": "x",
    "path": "x/y",
}


@dataclass(frozen=True)
class Route:
    path: str
    view: Callable[..., Any] = field(repr=False)

    @property
    def roles(self) -> frozenset[Role]:
        return self.view.__dict__["roles"]

    @property
    def answers_401(self) -> bool:
        return bool(self.view.__dict__.get("answers_401"))

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def walk(resolver: URLResolver, prefix: str = "/") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        assert isinstance(pattern.pattern, RoutePattern), f"{pattern} is not made by path()"
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Route(re.sub(r"<(?:(\w+):)?\w+>", _sample, path), pattern.callback)
        else:
            yield from walk(pattern, path)


def _sample(match: re.Match[str]) -> str:
    return SAMPLES[match[1] or "str"]


ROUTES = list(walk(get_resolver()))
DECLARED = [route for route in ROUTES if "roles" in route.view.__dict__]
GUARDED = [route for route in DECLARED if route.roles]


def by_path(routes: list[Route]) -> Any:
    return pytest.mark.parametrize("route", routes, ids=[route.path for route in routes])


def statuses(client: Client, route: Route) -> set[int]:
    return {client.get(route.path).status_code, client.post(route.path).status_code}


@by_path(ROUTES)
def test_every_route_declares_who_may_use_it(route: Route) -> None:
    assert "roles" in route.view.__dict__, "mark the view with @page(roles=…) or @public"


def test_only_the_known_routes_are_public() -> None:
    assert {route.path for route in DECLARED if not route.roles} <= PUBLIC


@pytest.mark.django_db
@by_path(GUARDED)
def test_somebody_without_a_fitting_role_is_kept_out(
    route: Route, people: Cast, browser_of: Callable[[User], Client]
) -> None:
    for person in people.values():
        if not person.roles & route.roles:
            found = statuses(browser_of(person), route)
            # 405 for the method that the route does not have.
            assert 403 in found, person
            assert found <= {403, 405}, person


@pytest.mark.django_db
@by_path([route for route in GUARDED if not route.is_api and not route.answers_401])
def test_somebody_not_signed_in_is_led_to_sign_in(route: Route, client: Client) -> None:
    for answer in (client.get(route.path), client.post(route.path)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/?next=")


@pytest.mark.django_db
@by_path([route for route in GUARDED if route.is_api])
def test_a_program_without_a_key_is_told_so(route: Route, client: Client) -> None:
    found = statuses(client, route)
    assert 401 in found
    assert found <= {401, 405}


@pytest.mark.django_db
@by_path([route for route in GUARDED if route.answers_401])
def test_a_door_that_takes_text_answers_401_itself(route: Route, client: Client) -> None:
    assert ANSWERS_401.fullmatch(route.path)
    assert client.get(route.path).status_code == 405
    assert client.post(route.path, {"output": "{}"}).status_code == 401
