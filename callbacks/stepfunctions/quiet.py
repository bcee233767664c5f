"""Keep request and response bodies, which carry task tokens, out of every log."""

from __future__ import annotations

import logging

# botocore prints parameters and bodies at DEBUG and redacts nothing, not even what AWS's own
# model marks as sensitive.
TALKATIVE = ("botocore", "boto3", "urllib3")
# It warns with a whole traceback for each try to get into a role, and the error itself comes to us.
COMPLAINING = ("botocore.credentials", "botocore.tokens")


class _NothingBelowInfo(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO


class _NothingBelowError(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR


_FILTER = _NothingBelowInfo()
_ERRORS_ONLY = _NothingBelowError()


def quiet_botocore() -> None:
    """Hold the AWS client libraries at INFO, whatever level the root or they themselves have.

    The level makes it cheap; the filter on each logger holds where somebody sets a level later.
    Called whenever a client is made, since modules of botocore appear with their first use.
    """
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)
    for name in COMPLAINING:
        logging.getLogger(name).addFilter(_ERRORS_ONLY)
    for name in list(logging.root.manager.loggerDict):
        if name.split(".", 1)[0] in TALKATIVE:
            logging.getLogger(name).addFilter(_FILTER)
