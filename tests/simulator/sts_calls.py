"""AssumeRole and GetCallerIdentity, which is all that a dashboard asks of STS."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.simulator.calls import sha256
from tests.simulator.clock import isoformat
from tests.simulator.errors import ServiceError
from tests.simulator.sts import Caller, role_parts

if TYPE_CHECKING:
    from tests.simulator.simulator import Simulator

Params = dict[str, Any]
Answer = dict[str, Any]
USUAL_SECONDS = 3600
# A role that assumes a role gets no more, whatever the role allows.
CHAINED_SECONDS = 3600
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def call_sts(simulator: Simulator, operation: str, caller: Caller, params: Params) -> Answer:
    """Apply one operation; raises ServiceError."""
    handler = OPERATIONS.get(operation)
    if handler is None:
        raise ServiceError(
            "InvalidAction", f"Could not find operation {operation} for version 2011-06-15"
        )
    return handler(simulator, caller, params)


def get_caller_identity(simulator: Simulator, caller: Caller, params: Params) -> Answer:
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


def assume_role(simulator: Simulator, caller: Caller, params: Params) -> Answer:
    role_arn, name = params.get("RoleArn", ""), params.get("RoleSessionName", "")
    _, role = role_parts(role_arn)
    if not SESSION_NAME.fullmatch(name):
        raise ServiceError(
            "ValidationError", "Value at 'roleSessionName' failed to satisfy constraint"
        )
    seconds = _seconds(params, caller)
    if not simulator.sts.admits(role_arn, params.get("ExternalId")):
        raise ServiceError("AccessDenied", not_authorized(caller, "AssumeRole", role_arn), 403)
    key = f"ASIA{secrets.token_hex(8).upper()}"
    token = f"IQoJb3JpZ2luX2Vj{secrets.token_urlsafe(270)}"
    simulator.grant(
        access_key=key,
        token_sha256=sha256(token),
        role_arn=role_arn,
        name=name,
        expires=simulator.engine.now + seconds,
    )
    return {
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": secrets.token_urlsafe(30),
            "SessionToken": token,
            # On the wall's clock, for that is what a client holds it against.
            "Expiration": isoformat(round(time.time() + seconds)),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": f"AROA{sha256(role_arn)[:17].upper()}:{name}",
            "Arn": f"arn:aws:sts::{role_parts(role_arn)[0]}:assumed-role/{role}/{name}",
        },
    }


def _seconds(params: Params, caller: Caller) -> int:
    text = str(params.get("DurationSeconds", USUAL_SECONDS))
    seconds = int(text) if text.isdecimal() else 0
    if not 900 <= seconds <= 43_200:
        raise ServiceError(
            "ValidationError", "Value at 'durationSeconds' failed to satisfy constraint"
        )
    if caller.session is not None and seconds > CHAINED_SECONDS:
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed"
            " by role chaining",
        )
    return seconds


def not_authorized(caller: Caller, operation: str, resource: str) -> str:
    return (
        f"User: {caller.arn} is not authorized to perform: sts:{operation} on resource: {resource}"
    )


OPERATIONS: dict[str, Callable[[Simulator, Caller, Params], Answer]] = {
    "AssumeRole": assume_role,
    "GetCallerIdentity": get_caller_identity,
}
