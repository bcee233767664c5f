"""Control characters in what is logged (B25)."""

import logging
import logging.config

import pytest

from dashboard.logs import OneLineFormatter

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
