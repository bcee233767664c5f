"""A person with a plain browser, no script: cookies, forms, redirects."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from http.client import RemoteDisconnected
from http.cookiejar import CookieJar

from tests.making import PASSWORD

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class WebDied(Exception):
    """The web process was gone before it had answered."""


class Person:
    """Signed in at one web process."""

    def __init__(self, url: str, username: str) -> None:
        self.url = url
        self._browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.ProxyHandler({})
        )
        hidden = self.hidden_fields("/accounts/login/")
        self.post("/accounts/login/", hidden | {"username": username, "password": PASSWORD})

    def get(self, path: str) -> str:
        with self._browser.open(self.url + path, timeout=20) as answer:
            return str(answer.read().decode())

    def post(self, path: str, fields: dict[str, str]) -> str:
        """Post as a form would and return the address it led to. Raises WebDied."""
        body = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.url + path, body, {"Referer": self.url + path})
        try:
            with self._browser.open(request, timeout=20) as answer:
                return str(answer.geturl())
        except (RemoteDisconnected, ConnectionResetError, urllib.error.URLError) as exc:
            if isinstance(exc, urllib.error.HTTPError):
                raise
            raise WebDied from exc

    def hidden_fields(self, path: str) -> dict[str, str]:
        return hidden_in(self.get(path))


def hidden_in(page: str) -> dict[str, str]:
    """The fields of a form that nobody types."""
    return dict(_HIDDEN.findall(page))
