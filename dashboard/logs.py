"""One event, one line: what somebody wrote cannot forge lines or drive a terminal.

Nor does a task token stand in a log that somebody pasted where none belongs, such as an address.
"""

import logging
import re

from callbacks.asl.masking import Masker
from callbacks.asl.spellings import AWS_TOKEN_BROKEN

# Unicode's control characters and its own line ends; a traceback's lines are added afterwards.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


# It knows no token: what has the shape of one goes, also as a paste may have broken it. Of one that
# is broken by blanks, pieces at its end that might be words stay, and most of one that is broken
# inside of an escape ("%2 B").
_MASKER = Masker(shape=AWS_TOKEN_BROKEN)


class OneLineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _MASKER.text(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return _CONTROL.sub(_escaped, super().formatMessage(record))


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()


class MaskedFormatter(logging.Formatter):
    """As another formatter has it, without tokens."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return _MASKER.text(self._inner.format(record))


def mask_handlers(logger: logging.Logger) -> None:
    """For a logger whose handlers are not made by our settings."""
    for handler in logger.handlers:
        handler.setFormatter(MaskedFormatter(handler.formatter or logging.Formatter()))
