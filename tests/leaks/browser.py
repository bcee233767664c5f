"""What a real browser holds and asks for: its pages, addresses, console, cookies and storage.

Taken from each browser context just before that closes, so that journeys need not think of it.
"""

from __future__ import annotations

import json
from functools import wraps
from typing import Any

from tests.leaks.sinks import Sinks

_SESSION_STORAGE = "() => JSON.stringify(Object.entries(sessionStorage))"
_CACHES = """async () => {
  if (!window.caches) return "";
  const held = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys())
      held.push(request.url, await (await (await caches.open(name)).match(request)).text());
  return JSON.stringify(held);
}"""


def watch_browsers(sinks: Sinks) -> None:
    """From now on every context that playwright opens is listened to and read when it closes."""
    try:
        from playwright.sync_api import Browser, BrowserContext
    except ImportError:
        return
    without_scripts: set[BrowserContext] = set()
    open_context, close_context = Browser.new_context, BrowserContext.close

    @wraps(open_context)
    def opened(self: Browser, *arguments: Any, **keywords: Any) -> BrowserContext:
        context = open_context(self, *arguments, **keywords)
        if keywords.get("java_script_enabled") is False:
            without_scripts.add(context)
        context.on("console", lambda message: sinks.add("browser console", message.text))
        context.on("request", lambda request: sinks.add("URL asked by browser", request.url))
        return context

    @wraps(close_context)
    def closed(self: BrowserContext, *arguments: Any, **keywords: Any) -> None:
        collect(self, sinks, scripts=self not in without_scripts)
        without_scripts.discard(self)
        close_context(self, *arguments, **keywords)

    Browser.new_context = opened  # type: ignore[method-assign]
    BrowserContext.close = closed  # type: ignore[method-assign]


def collect(context: Any, sinks: Sinks, *, scripts: bool = True) -> None:
    """Read all that the context holds now; what only scripts can fill, only where they may run."""
    for page in context.pages:
        sinks.add("browser address", page.url)
        if page.url.startswith("http"):
            sinks.add("browser document", page.content())
            if scripts:
                sinks.add("browser session storage", page.evaluate(_SESSION_STORAGE))
                sinks.add("browser caches", page.evaluate(_CACHES))
    sinks.add("browser cookies", json.dumps(context.cookies()))
    if scripts:
        origins = context.storage_state(indexed_db=True)["origins"]
        sinks.add("browser local storage and IndexedDB", json.dumps(origins))
