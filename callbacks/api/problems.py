"""What goes wrong at the API, as one shape: a sentence, a code, and errors by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from pydantic import BaseModel, Field

from callbacks.api.rendering import render

CODES = {401: "unauthorised", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


class FirstAnswer(BaseModel):
    """The answer that stands in the way."""

    id: UUID
    direction: str
    status: str
    decided_by: str
    decided_at: datetime


class Ended(BaseModel):
    """How the wait ended, where no answer of ours did it."""

    status: str
    kind: str
    at: datetime | None


class ProblemOut(BaseModel):
    detail: str
    code: str
    errors: dict[str, list[str]] | None = Field(None, description="What is wrong, by field.")
    decision: FirstAnswer | None = None
    closed_by: Ended | None = None


class Problem(Exception):
    """Answered as it is; nothing was changed."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        listed = {name: list(texts) for name, texts in errors.items()} if errors else None
        self.body = ProblemOut(detail=detail, code=code, errors=listed, **more)


def not_found() -> Problem:
    """The same for what is not there and for what one may not know of."""
    return Problem(404, "not_found", "There is no such thing, or you may not see it.")


def unauthorised() -> Problem:
    return Problem(
        401,
        "unauthorised",
        "Send a valid API key as Authorization: Bearer KEY, or sign in.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def invalid(field: str, message: str) -> Problem:
    return Problem(422, "invalid", message, errors={field: [message]})


def not_recorded(text: str) -> Problem:
    """Nothing happens that the audit record does not hold."""
    return Problem(503, "audit_unavailable", text, headers={"Retry-After": "5"})


def answer(problem: Problem) -> HttpResponse:
    response = render(problem.body, status=problem.status, leave_out_none=True)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def documented(*statuses: int) -> dict[int, Any]:
    """For the OpenAPI document: these statuses besides those that every call can have."""
    return dict.fromkeys(sorted({401, 403, 422, 429, *statuses}), ProblemOut)


WRITES = (404, 409, 411, 413, 415, 503)
