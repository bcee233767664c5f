"""Which executions a message is about: events of EventBridge and of CloudWatch Logs. Pure.

Formats: "Step Functions Execution Status Change" (dg/eventbridge-integration), a log subscription
(CloudWatch Logs, ValidateLogEventFlow) as a forwarder passes it on, either inside a notification
of SNS, and `{"execution_arn": "…"}` from whoever wants to tell us something.

A message may carry inputs, outputs and tokens. Nothing but ARNs leaves this module.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

# A message has at most a mebibyte; what unpacks to more than this is no log.
LONGEST_UNPACKED = 8 * 1024 * 1024
DEEPEST = 4
LONGEST_ARN = 256

# The names are AWS's: no white space, no colon of their own. Of a Map Run's child the first is
# NAME/LABEL.
_EXECUTION = re.compile(
    r"arn:aws[a-z-]{0,12}:states:[a-z0-9-]{1,32}:\d{12}:execution:[^\s:]{1,160}:[^\s:]{1,80}",
    re.ASCII,
)


def executions_in(body: str) -> tuple[str, ...]:
    """The ARNs of executions that a message names, each once; none where it is of no known form."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = body
    return tuple(dict.fromkeys(arn for arn in _found(message, DEEPEST) if is_execution(arn)))


def is_execution(arn: Any) -> bool:
    """A database takes no NUL and no half of a character, which JSON can spell."""
    if not isinstance(arn, str) or len(arn) > LONGEST_ARN or not arn.isprintable():
        return False
    return bool(_EXECUTION.fullmatch(arn))


def _found(message: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        return
    if isinstance(message, list):
        for one in message:
            yield from _found(one, depth - 1)
    elif isinstance(message, str):
        yield from _found(_unpacked(message), depth - 1)
    elif isinstance(message, dict):
        yield message.get("execution_arn")
        yield from _in_event(message, depth)


def _in_event(message: dict[str, Any], depth: int) -> Iterator[Any]:
    detail, logs = message.get("detail"), message.get("awslogs")
    if isinstance(detail, dict):
        yield detail.get("executionArn")
    if isinstance(logs, dict):
        yield from _found(logs.get("data"), depth - 1)
    events = message.get("logEvents")
    for event in events if isinstance(events, list) else ():
        if isinstance(event, dict):
            yield from _found(_json(event.get("message")), depth - 1)
    if message.get("Type") == "Notification":
        yield from _found(_json(message.get("Message")), depth - 1)


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _unpacked(text: str) -> Any:
    """What a log subscription is packed in: JSON under gzip under base64."""
    try:
        packed = base64.b64decode(text, validate=True)
        unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        plain = unpacking.decompress(packed, LONGEST_UNPACKED)
        return _json(plain.decode()) if unpacking.eof else None
    except (binascii.Error, ValueError, zlib.error):
        return None
