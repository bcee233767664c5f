"""Parameters in an address: a name that nobody knows is told, as a filter that is dropped lies."""

from __future__ import annotations

from django.http import HttpRequest
from pydantic import BaseModel

from callbacks.api.problems import Problem


def check_names(request: HttpRequest, known: type[BaseModel]) -> None:
    """Raise Problem (422) for parameters that the route does not have."""
    unknown = [name[:100] for name in request.GET if name not in known.model_fields]
    if unknown:
        text = "There is no such parameter."
        raise Problem(422, "invalid", text, errors={name: [text] for name in unknown})
