"""What the tests of the API share: a program that calls with a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from callbacks.keys import create_key
from callbacks.models import ApiKey, Scope, User
from tests.making import make_actor

ROOT = "/api/v1"


class Program:
    """Calls the API with one key."""

    def __init__(self, key: ApiKey, text: str) -> None:
        self.key, self.text = key, text
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(ROOT + path, query, headers=self._headers())

    def post(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> HttpResponse:
        """`body` is a value, or the bytes of the body as they are."""
        content = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        if key:
            headers["Idempotency-Key"] = key
        kind = headers.pop("content_type", "application/json")
        return self.client.post(
            ROOT + path, content, content_type=kind, headers=self._headers() | headers
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def make_key(user: User, *scopes: Scope, **fields: Any) -> tuple[ApiKey, str]:
    values = {"label": "robot", "expires_at": None, "now": timezone.now(), **fields}
    return create_key(user=user, scopes=scopes or tuple(Scope), actor=make_actor(user), **values)


@pytest.fixture
def program_of(db: None) -> Callable[..., Program]:
    """`program_of(people.approver)` is a program with that person's key."""

    def make(user: User, *scopes: Scope, **fields: Any) -> Program:
        return Program(*make_key(user, *scopes, **fields))

    return make
