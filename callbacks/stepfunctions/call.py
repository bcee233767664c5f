"""Make one call and say what came of it: an answer that can be believed, or one of our errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from callbacks.stepfunctions.errors import IncompleteAnswer, StepFunctionsError
from callbacks.stepfunctions.translation import translate
from callbacks.stepfunctions.wire import WireCall, watching

if TYPE_CHECKING:
    from botocore.client import BaseClient


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer with AWS's request id; `at` is AWS's clock when it answered."""

    body: Mapping[str, Any] = field(repr=False)
    request_id: str
    at: datetime | None


def attempt(
    *,
    client: Callable[[], BaseClient],
    call: WireCall,
    parameters: Mapping[str, Any],
    secret: str = "",
) -> Answer | StepFunctionsError:
    """Call the operation; return the error instead of raising it.

    Raised in here, an error would carry botocore's and our frames, and with them the token and
    the payload, into whatever prints a traceback with its variables.
    """
    try:
        with watching(call):
            body = getattr(client(), xform_name(call.operation))(**parameters)
    except Exception as error:
        if error is call.not_admitted:
            raise
        return translate(error, call, secret)
    return _believed(body, call)


def _believed(body: dict[str, Any], call: WireCall) -> Answer | IncompleteAnswer:
    request_id = body.get("ResponseMetadata", {}).get("RequestId")
    if not request_id:
        return _incomplete(call, None, "the answer has no request id")
    if call.cut:
        return _incomplete(call, request_id, "the answer is shorter than it says")
    return Answer(body=body, request_id=request_id, at=call.date)


def _incomplete(call: WireCall, request_id: str | None, why: str) -> IncompleteAnswer:
    return IncompleteAnswer(
        operation=call.operation,
        code="IncompleteAnswer",
        message=why,
        request_id=request_id,
        status=200,
    )
