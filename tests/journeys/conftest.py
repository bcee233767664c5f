"""A real browser against a real server: Debian's chromium, or one that playwright has installed.

Without one these tests are skipped, and the summary says so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from callbacks.models import User
from tests.journeys.founding import founding, workers  # noqa: F401 - fixtures for all journeys
from tests.journeys.on_moto import moto, moto_workers, on_moto  # noqa: F401 - the same

# Playwright's loop runs in this thread, and Django would refuse the ORM beside a running loop.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# The first is Debian's chromium without its window, which does a third of the work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
WIDE, PHONE = 1440, 390
# The tests write to the database while a page is open: give a slow machine its time.
PATIENCE_MS = 15_000
_missing: list[str] = []


def chromium_path(playwright: Playwright) -> str | None:
    """CHROMIUM names one; else the system's; else the one that playwright has installed."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    installed = playwright.chromium.executable_path
    return found or (installed if os.path.exists(installed) else None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = chromium_path(playwright)
        if path is None:
            _missing.append(
                "no chromium was found (set CHROMIUM, or `playwright install chromium`)"
            )
            pytest.skip(_missing[0])
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _missing:
        terminalreporter.section("BROWSER JOURNEYS WERE LEFT OUT", sep="!", red=True)
        terminalreporter.line(_missing[0])


@dataclass
class Troubles:
    """What a page must never do, in the order in which it did it."""

    host: str
    # Console errors and warnings about the policy, faults of scripts, dialogs, foreign requests.
    seen: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.seen.append(f"script: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._request(request.url))

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" or "Content Security Policy" in text:
            self.seen.append(f"console: {text}")

    def _dialog(self, dialog: Any) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, url: str) -> None:
        if urlsplit(url).netloc not in ("", self.host):
            self.seen.append(f"foreign: {url}")


@pytest.fixture
def troubles(live_server: Any) -> Troubles:
    """Every page opened by `open_page` is watched; assert `troubles.seen == []` at the end."""
    return Troubles(host=urlsplit(live_server.url).netloc)


@pytest.fixture
def open_page(
    chromium: Browser, live_server: Any, troubles: Troubles
) -> Iterator[Callable[..., Page]]:
    """`open_page("/", person, width=390, dark=True, javascript=False)`: one context for each call.

    The person is signed in by their cookie; None stays outside.
    """
    contexts = []

    def open_one(
        path: str,
        person: User | None = None,
        *,
        width: int = WIDE,
        dark: bool = False,
        javascript: bool = True,
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 844 if width < 760 else 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if person is not None:
            context.add_cookies([session_cookie(person, live_server.url)])
        page = context.new_page()
        troubles.watch(page)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()


def session_cookie(person: User, url: str) -> Any:
    client = Client()
    client.force_login(person)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}


def tick(page: Page) -> None:
    """Let the page ask what is new, as its own clock would."""
    page.evaluate("document.body.dispatchEvent(new CustomEvent('hp:tick'))")


def faults(page: Page) -> list[str]:
    """What axe finds, as rule and element."""
    results = Axe().run(page)
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def overflows(page: Page) -> bool:
    """Whether the page as a whole can be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
