"""Control characters in what is logged (B25)."""

import logging
import logging.config
import re
import runpy
from base64 import b64encode
from collections.abc import Iterator
from io import StringIO
from random import Random
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from dashboard.logs import OneLineFormatter

# Of the shape of AWS's, and with what an address escapes.
TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAe+b/9" + "q7Zk3/+Yw" * 70 + "=="
# As random as AWS's are.
REAL = "AQCEAAAAKgAAAAMAAAAAAAAAAe" + b64encode(Random(7).randbytes(474)).decode() + "Yw=="
FORGED = "refund\r\n2026-11-25 INFO callbacks approved by ana\x1b[2J\u2028end"


def line_of(message: str, **options) -> str:
    record = logging.LogRecord("holdpoint", logging.INFO, "x.py", 1, message, (), None)
    record.__dict__.update(options)
    return OneLineFormatter("%(levelname)s %(message)s").format(record)


def test_what_a_workflow_wrote_stays_on_the_line_of_its_event():
    line = line_of(FORGED)
    assert len(line.splitlines()) == 1
    assert line == ("INFO refund\\r\\n2026-11-25 INFO callbacks approved by ana\\x1b[2J\\u2028end")


def test_letters_of_every_language_stay_as_they_are():
    assert line_of("Größe 承認 ✓") == "INFO Größe 承認 ✓"


def test_a_traceback_keeps_its_lines():
    assert line_of("failed", exc_text="Traceback\n  line").splitlines() == [
        "INFO failed",
        "Traceback",
        "  line",
    ]


@pytest.mark.parametrize("handler", ["console"])
def test_the_product_logs_through_it(handler, settings):
    formatter = settings.LOGGING["handlers"][handler]["formatter"]
    assert settings.LOGGING["formatters"][formatter]["()"] == "dashboard.logs.OneLineFormatter"


def is_hidden(text: str) -> bool:
    pieces = (TOKEN[40:80], TOKEN[-60:], quote(TOKEN[40:80], safe=""), quote(TOKEN[-60:], safe=""))
    return "[masked" in text and not any(piece in text for piece in pieces)


@pytest.mark.parametrize("spelled", [TOKEN, quote(TOKEN, safe="")], ids=["plain", "escaped"])
def test_a_token_that_is_pasted_into_an_address_is_not_in_the_log(spelled):
    assert is_hidden(line_of(f"Not Found: /tasks/{spelled}/"))


WRAPPED = re.compile("(.{76})")


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(WRAPPED.sub(r"\1 ", REAL), id="wrapped by blanks"),
        pytest.param(WRAPPED.sub(r"\1%20", REAL), id="wrapped by escaped blanks"),
        pytest.param(WRAPPED.sub(r"\1\t", REAL), id="wrapped by tabs"),
        pytest.param(WRAPPED.sub(r"\1%2509", REAL), id="wrapped by tabs that are escaped twice"),
        pytest.param(REAL.replace("+", " "), id="as a form reads it"),
        pytest.param(REAL.translate(str.maketrans("+/", "-_")), id="URL-safe"),
        pytest.param(REAL[:20] + " " + REAL[20:], id="broken near its beginning"),
    ],
)
def test_a_broken_or_respelled_token_is_not_in_the_log_either(spelled):
    line = line_of(f"Not Found: /tasks/{spelled}/ asked by ana")
    assert line.startswith("INFO Not Found: /tasks/[masked")
    assert line.endswith("] asked by ana")
    assert line.count("masked") == 1


def test_what_stands_beside_a_token_stays_readable():
    said = (
        "was refused by AWS: ExecutionDoesNotExistException of order-2026-000881 "
        "InternationalizationServiceHandler 550e8400-e29b-41d4-a716-446655440000 "
        "arn:aws:states:eu-west-1:123456789012:execution:orders:o1 " + "ab12" * 16
    )
    assert line_of(f"{REAL} {said}").endswith(f"] {said}")
    assert line_of(said) == f"INFO {said}"


def test_nor_is_one_that_stands_in_an_error():
    assert is_hidden(line_of("failed", exc_text=f"Traceback\nValueError: {TOKEN}"))


def test_the_page_that_is_not_found_is_logged_without_it(client, db):
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(OneLineFormatter("%(name)s %(message)s"))
    logging.getLogger("django.request").addHandler(handler)
    try:
        assert client.get(f"/no-such-page/{TOKEN}/").status_code == 404
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert out.getvalue().startswith("django.request Not Found: /no-such-page/[masked")
    assert is_hidden(out.getvalue())


@pytest.mark.parametrize("name", ["django", "django.request", "django.server", "axes", "callbacks"])
def test_every_line_goes_through_our_formatter(name):
    """Django's defaults print them once more with DEBUG, by a handler of their own."""
    formatters = {type(handler.formatter) for handler in ours(logging.getLogger(name))}
    assert formatters == {OneLineFormatter}


def ours(logger: logging.Logger | None) -> Iterator[logging.Handler]:
    """The handlers that a line of this logger comes to, without those that catch it for a test."""
    while logger is not None:
        for handler in logger.handlers:
            if not type(handler).__module__.startswith("_pytest"):
                yield handler
        logger = logger.parent if logger.propagate else None


def test_the_web_servers_own_logs_are_masked_too():
    out = StringIO()
    access, error = logging.Logger("access"), logging.Logger("error")
    for one in (access, error):
        handler = logging.StreamHandler(out)
        handler.setFormatter(logging.Formatter("gunicorn: %(message)s"))
        one.addHandler(handler)
    worker = SimpleNamespace(log=SimpleNamespace(access_log=access, error_log=error))

    runpy.run_path("gunicorn.conf.py")["post_worker_init"](worker)

    access.info('"%(m)s %(U)s" 404', {"m": "GET", "U": f"/tasks/{TOKEN}/"})
    error.error("Error handling request %s", f"/tasks/{quote(TOKEN, safe='')}/")
    first, second = out.getvalue().splitlines()
    assert first.startswith('gunicorn: "GET /tasks/[masked')
    assert is_hidden(first)
    assert is_hidden(second)
