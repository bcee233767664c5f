"""What the tests of pages share: asking as htmx does, and reading what came back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from callbacks.models import User

HTMX = {"HX-Request": "true"}


@pytest.fixture
def page_of(browser_of: Callable[..., Client]) -> Callable[..., HttpResponse]:
    """`page_of(person, "/history/", htmx=True)` is what that person's browser gets."""

    def get(reader: User, path: str, /, *, htmx: bool = False, **query: str) -> HttpResponse:
        headers = HTMX if htmx else {}
        return browser_of(reader).get(path, query, headers=headers)

    return get


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def text_of(response: HttpResponse) -> str:
    """The words of a page without its markup, with single spaces."""
    parser = _Texts()
    parser.feed(response.content.decode())
    return re.sub(r"\s+", " ", " ".join(parser.texts)).strip()


def poll_query(response: HttpResponse) -> dict[str, str]:
    """What the open page would send with its next poll."""
    inputs = response.content.decode().split('id="poll-state"', 1)[1].split("</div>", 1)[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', inputs))


def elements(response: HttpResponse, start: str) -> list[str]:
    """Every id that begins with `start`, in the order of the page."""
    found: list[Any] = re.findall(rf'id="({start}[^"]*)"', response.content.decode())
    return found
