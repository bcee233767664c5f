"""One event, one line: what somebody wrote cannot forge lines or drive a terminal."""

import logging
import re

# Unicode's control characters and its own line ends; a traceback's lines are added afterwards.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class OneLineFormatter(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return _CONTROL.sub(_escaped, super().formatMessage(record))


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()
