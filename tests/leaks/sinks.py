"""Where the product's text goes while a test runs, gathered as it happens.

Responses, URLs and debug pages; log records of every logger; messages to the broker and to people;
mails; exceptions that tests expect. What lies still (tables, files, keys) is read by `stores`.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from types import FrameType
from typing import Any

# Not the product's: that tokens stand there is what they are for.
NOT_SINKS = {
    "the wire to AWS": "the token is what is sent there",
    "a simulator's memory, call log and journal": "it plays AWS, which knows its tokens",
    "moto's memory": "the same",
    "variables of the tests": "a test that answers a task must hold its token",
    "tests' own fake servers": "they play AWS too",
}
LONGEST_VALUE = 20_000


@dataclass
class Sinks:
    """What one test has brought out so far: (name of the sink, text)."""

    found: dict[tuple[str, str], None] = field(default_factory=dict)

    def add(self, name: str, text: str | bytes) -> None:
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        if text:
            self.found[name, text] = None

    def take(self) -> list[tuple[str, str]]:
        taken, self.found = self.found, {}
        return list(taken)


def watch_sinks(sinks: Sinks) -> None:
    """From now on everything that goes into a sink is kept for the search."""
    _watch_responses(sinks)
    _watch_debug_pages(sinks)
    _watch_logs(sinks)
    _watch_messages(sinks)
    _watch_expected_exceptions(sinks)


def _after(owner: type, name: str, look: Callable[..., None]) -> None:
    """Let `look(result, *arguments)` see every call of a method."""
    method = getattr(owner, name)

    @wraps(method)
    def watched(*arguments: Any, **keywords: Any) -> Any:
        result = method(*arguments, **keywords)
        look(result, *arguments, **keywords)
        return result

    setattr(owner, name, watched)


# --- pages ---------------------------------------------------------------------------------------
def _watch_responses(sinks: Sinks) -> None:
    """Of test clients and of the live server that a browser uses: both answer here."""
    from django.core.handlers.base import BaseHandler

    def look(response: Any, _handler: Any, request: Any) -> None:
        name = f"{request.method} {getattr(request.resolver_match, 'route', '?')!r}"
        sinks.add(f"URL of {name}", request.get_full_path())
        sinks.add(f"headers of {name}", f"{response.headers}\n{response.cookies.output()}")
        name = f"page {name} ({response.status_code})"
        if response.streaming:
            response.streaming_content = _passed_on(sinks, name, response.streaming_content)
        else:
            sinks.add(name, response.content)

    _after(BaseHandler, "get_response", look)


def _passed_on(sinks: Sinks, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    seen = []
    for chunk in chunks:
        seen.append(chunk)
        yield chunk
    sinks.add(name, b"".join(seen))


def _watch_debug_pages(sinks: Sinks) -> None:
    """For each exception that leaves a view, what a debug page or an error reporter would show.

    Not the page itself: it prints the variables of Django's own frames at length, which takes
    seconds and says nothing that the page and the product's frames do not.
    """
    from django.core.signals import got_request_exception

    def look(**_more: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None:
            add_exception(sinks, error)

    got_request_exception.connect(look, weak=False)


# --- logs ----------------------------------------------------------------------------------------
_lines = logging.Formatter("%(name)s %(levelname)s %(message)s")


def _watch_logs(sinks: Sinks) -> None:
    """Every record that passes its logger's level and filters, whether it propagates or not."""

    def look(_none: None, _logger: logging.Logger, record: logging.LogRecord) -> None:
        sinks.add(f"log of {record.name}", _line(record))

    _after(logging.Logger, "callHandlers", look)


def _line(record: logging.LogRecord) -> str:
    try:
        return _lines.format(record)
    except (TypeError, ValueError):  # arguments that do not fit their message
        return f"{record.msg!r} {record.args!r}"


def talk_at_debug() -> None:
    """Turn every logger to DEBUG, as a hurried person does; the boundary must stay silent."""
    logging.getLogger().setLevel(logging.DEBUG)
    is_quieted = bool(logging.getLogger("botocore.endpoint").filters)
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and _may_talk(name, is_quieted):
            logger.setLevel(logging.DEBUG)


def _may_talk(name: str, is_quieted: bool) -> bool:
    from callbacks.stepfunctions.quiet import TALKATIVE

    if name.split(".")[0] in TALKATIVE:
        # Only once the product has made a client: before, they would quote a test's own client.
        # The hooks say names of handlers only, and half of all records are theirs.
        return is_quieted and name != "botocore.hooks"
    return logging.getLogger(name).level > logging.DEBUG


# --- messages ------------------------------------------------------------------------------------
def _watch_messages(sinks: Sinks) -> None:
    """What goes to the broker (as given, before anybody can have taken it) and to people."""
    from django.contrib.messages.storage.base import BaseStorage
    from django.core.mail import EmailMessage
    from kombu.messaging import Producer

    def published(_result: Any, _producer: Any, body: Any, *more: Any, **options: Any) -> None:
        sinks.add("message to the broker", repr((body, more, options.get("headers"))))

    def told(_none: None, _storage: Any, _level: int, message: Any, *_more: Any) -> None:
        sinks.add("message to the person", str(message))

    def mailed(_count: int, mail: EmailMessage, *_more: Any, **_options: Any) -> None:
        sinks.add("mail", mail.message().as_bytes())

    _after(Producer, "publish", published)
    _after(BaseStorage, "add", told)
    _after(EmailMessage, "send", mailed)


# --- exceptions ----------------------------------------------------------------------------------
def _watch_expected_exceptions(sinks: Sinks) -> None:
    from _pytest.raises import RaisesExc

    leave = RaisesExc.__exit__

    @wraps(leave)
    def left(self: Any, kind: Any, error: BaseException | None, tb: Any) -> bool:
        if error is not None:
            add_exception(sinks, error)
        return leave(self, kind, error, tb)

    RaisesExc.__exit__ = left  # type: ignore[method-assign]


def add_exception(sinks: Sinks, error: BaseException) -> None:
    """All that an error report could show of it: its text, what it holds, its chain, variables."""
    if type(error).__module__.split(".")[0] in ("tests", "_pytest"):
        return  # a fake server's or a test's own word
    name = f"exception {type(error).__name__}"
    sinks.add(name, "".join(traceback.format_exception(error)))
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        sinks.add(name, f"{link!r} {link.args!r} {vars(link)!r}")
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if _is_the_products(frame):
                sinks.add(f"variables of {frame.f_code.co_name}() in a traceback", _values(frame))
        link = link.__cause__ or link.__context__


def _is_the_products(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).split(".")[0] in ("callbacks", "dashboard")


def _values(frame: FrameType) -> str:
    from django.db import connection

    values = []
    # What is lazy stays so: to show it must not ask the database.
    with connection.execute_wrapper(_refuse):
        for value in frame.f_locals.values():
            try:
                values.append(repr(value)[:LONGEST_VALUE])
            except Exception as error:  # noqa: BLE001 - what cannot be shown is shown by its type
                values.append(type(error).__name__)
    return "\n".join(values)


def _refuse(*_arguments: Any) -> None:
    raise RuntimeError("not asked")
