"""The guard itself, on views of its own: the walk over the routes relies on it."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from callbacks.models import Role, User
from callbacks.views.guard import page, public
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@page(roles=[Role.OPERATOR, Role.ADMIN], methods=["GET", "POST"])
def guarded(request: HttpRequest) -> HttpResponse:
    return HttpResponse("seen")


def ask(user: User, method: str = "GET") -> HttpResponse:
    request: Any = RequestFactory().generic(method, "/")
    request.user = user
    return guarded(request)


@pytest.mark.parametrize("name", ["operator", "admin"])
def test_a_person_with_one_of_the_roles_is_let_in(people: Cast, name: str) -> None:
    assert ask(people[name]).content == b"seen"


@pytest.mark.parametrize("name", ["approver", "auditor", "stranger"])
def test_a_person_with_none_of_the_roles_is_kept_out(people: Cast, name: str) -> None:
    with pytest.raises(PermissionDenied):
        ask(people[name])


def test_another_method_is_refused_by_name(people: Cast) -> None:
    answer = ask(people.admin, "DELETE")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST")


def test_no_cache_keeps_a_page(people: Cast) -> None:
    assert "no-store" in ask(people.admin)["Cache-Control"]


def test_a_superuser_is_an_admin() -> None:
    user = User.objects.create_superuser("root", password="x" * 12)
    assert ask(user).content == b"seen"


def test_a_public_view_has_no_roles() -> None:
    view = public(lambda request: HttpResponse())
    assert view.__dict__["roles"] == frozenset()
