"""Turn whatever botocore raised into one of our errors, without the token and without a chain."""

from __future__ import annotations

import base64
import json
import re
from ssl import SSLError as WireSSLError
from typing import Any
from urllib.parse import quote, quote_plus

from botocore import exceptions as sdk

from callbacks.stepfunctions.errors import (
    InvalidOutput,
    KeyThrottled,
    NotFound,
    NotSent,
    NotSentKind,
    PageExpired,
    Refused,
    RefusedKind,
    StepFunctionsError,
    TaskGone,
    Throttled,
    Unanswered,
)
from callbacks.stepfunctions.wire import (
    DENIAL_CODES,
    KEY_THROTTLE_CODE,
    THROTTLE_CODES,
    WireCall,
)

MASK = "[task token]"
LONGEST_MESSAGE = 2000
PIECE = 12  # characters of a token in a row that are no coincidence

TASK_GONE = frozenset({"TaskTimedOut", "TaskDoesNotExist"})
NOT_FOUND = frozenset({"ExecutionDoesNotExist", "StateMachineDoesNotExist", "ResourceNotFound"})
SENDS = frozenset({"SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"})

_REFUSALS = {
    RefusedKind.ACCESS_DENIED: tuple(DENIAL_CODES),
    RefusedKind.EXPIRED_CREDENTIALS: ("ExpiredToken", "ExpiredTokenException"),
    RefusedKind.BAD_CREDENTIALS: (
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ),
    RefusedKind.CLOCK: ("RequestExpired", "RequestTimeTooSkewed"),
    RefusedKind.INVALID_REQUEST: (
        "InvalidArn",
        "SerializationException",
        "ValidationException",
    ),
    RefusedKind.KMS: ("KmsAccessDeniedException",),
    RefusedKind.KEY_STATE: ("KmsInvalidStateException",),
}
REFUSED_KINDS = {code: kind for kind, codes in _REFUSALS.items() for code in codes}

# InvalidSignatureException says either "Signature expired: … is now earlier than …" or "Signature
# not yet current: …" when it is our clock that is wrong, not our key.
_CLOCK = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)
_DENIED_ACTION = re.compile(r"not authorized to perform:? (?P<action>[\w-]+:\w+)")
_DENIED_RESOURCE = re.compile(r"on resource:? (?P<resource>\S+)")
_DENIED_PRINCIPAL = re.compile(r"User:? (?P<principal>arn:\S+)")
_ECHOED_TOKEN = re.compile(r"(Value ')[^']*(' at 'taskToken')")

_CREDENTIAL_TROUBLE = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.TokenRetrievalError,
    sdk.NoAuthTokenError,
    sdk.MetadataRetrievalError,
    sdk.SSOError,
    sdk.LoginError,
)
_NO_CONNECTION = (
    sdk.EndpointConnectionError,
    sdk.ConnectTimeoutError,
    sdk.ProxyConnectionError,
)
# Reasons that OpenSSL gives only while the connection is being made, before any byte of HTTP. A
# TLS error with another reason may as well have struck while we waited for the reply.
_HANDSHAKE_REASONS = frozenset(
    {
        "CERTIFICATE_VERIFY_FAILED",
        "HTTP_REQUEST",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_UNRECOGNIZED_NAME",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)


def translate(error: Exception, call: WireCall, secret: str) -> StepFunctionsError:
    """Return (not raise) our error: the caller raises it where no frame holds the secret.

    The table of what is certain, unknown and refused is the whole point of this module; when in
    doubt the answer is Unanswered, because a wrong "certainly not applied" sends a second answer.
    """
    if isinstance(error, sdk.ClientError) and error.operation_name == call.operation:
        return _answered(error, call, secret)
    message = _text_of(error, secret)
    code = _code_of(error)
    if isinstance(error, sdk.ParamValidationError):
        return Refused(
            kind=RefusedKind.INVALID_REQUEST,
            operation=call.operation,
            code=code,
            message="The request does not have the shape that the operation takes.",
        )
    if call.requests == 0:
        return _before_sending(error, call, code, message)
    if call.requests == 1 and _never_connected(error):
        return NotSent(
            kind=NotSentKind.UNREACHABLE, operation=call.operation, code=code, message=message
        )
    return Unanswered(operation=call.operation, code=code, message=message)


def without_secret(text: str, secret: str) -> str:
    """Return the text with the token masked in each spelling in which AWS might echo it.

    Messages are cut at lengths that AWS chooses, so any longer piece of the token goes as well.
    """
    text = _ECHOED_TOKEN.sub(rf"\1{MASK}\2", text)
    for spelling in _spellings(secret) if secret else ():
        text = _without_pieces(text.replace(spelling, MASK), spelling)
    return text


def _without_pieces(text: str, spelling: str) -> str:
    pieces = {spelling[at : at + PIECE] for at in range(len(spelling) - PIECE + 1)}
    hidden = [False] * len(text)
    for at in range(len(text) - PIECE + 1):
        if text[at : at + PIECE] in pieces:
            hidden[at : at + PIECE] = [True] * PIECE
    marked = "".join("\0" if hide else letter for letter, hide in zip(text, hidden, strict=True))
    return re.sub("\0+", MASK, marked)


def _spellings(secret: str) -> set[str]:
    return {
        secret,
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        base64.b64encode(secret.encode()).decode(),
    }


def _code_of(error: Exception) -> str:
    if isinstance(error, sdk.ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def _text_of(error: Exception, secret: str) -> str:
    # The texts of botocore's own errors name addresses and files; those of foreign exceptions
    # may quote what was being sent or parsed, so they are left out.
    if not isinstance(error, sdk.BotoCoreError | sdk.ClientError):
        return ""
    return without_secret(str(error), secret)[:LONGEST_MESSAGE]


def _before_sending(error: Exception, call: WireCall, code: str, message: str) -> NotSent:
    kind = _kind_before_sending(error)
    is_role_denied = kind is NotSentKind.ROLE_DENIED
    return NotSent(
        kind=kind,
        operation=call.operation,
        code=code,
        message=message,
        resource=_found(_DENIED_RESOURCE, message, "resource") if is_role_denied else None,
        principal=_found(_DENIED_PRINCIPAL, message, "principal") if is_role_denied else None,
    )


def _kind_before_sending(error: Exception) -> NotSentKind:
    # Nothing of ours left, so a wire error, or an error of another operation, is the trouble of
    # whoever was asked for credentials: STS, a sign-in portal, a metadata service.
    if isinstance(error, sdk.HTTPClientError | sdk.ConnectionError):
        return NotSentKind.UNREACHABLE
    if isinstance(error, sdk.ClientError):
        return _kind_of_refused_credentials(error)
    if isinstance(error, _CREDENTIAL_TROUBLE):
        return NotSentKind.CREDENTIALS
    return NotSentKind.CONFIGURATION


def _kind_of_refused_credentials(error: sdk.ClientError) -> NotSentKind:
    if _may_pass(error):
        return NotSentKind.UNREACHABLE
    is_denied = error.operation_name == "AssumeRole" and _code_of(error) in DENIAL_CODES
    return NotSentKind.ROLE_DENIED if is_denied else NotSentKind.CREDENTIALS


def _may_pass(error: sdk.ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or _code_of(error) in THROTTLE_CODES


def _never_connected(error: Exception) -> bool:
    if isinstance(error, _NO_CONNECTION):
        return True
    return isinstance(error, sdk.SSLError) and _is_handshake(error.kwargs.get("error"))


def _is_handshake(cause: object) -> bool:
    while isinstance(cause, BaseException):
        if isinstance(cause, WireSSLError) and cause.reason:
            return cause.reason in _HANDSHAKE_REASONS
        cause = cause.args[0] if cause.args else None
    return False


def _answered(error: sdk.ClientError, call: WireCall, secret: str) -> StepFunctionsError:
    response: dict[str, Any] = dict(error.response)
    metadata = response.get("ResponseMetadata", {})
    given = response.get("Error", {})
    about: dict[str, Any] = {
        "operation": call.operation,
        "code": str(given.get("Code", "")),
        "message": without_secret(str(given.get("Message", "")), secret)[:LONGEST_MESSAGE],
        "request_id": metadata.get("RequestId"),
        "status": metadata.get("HTTPStatusCode"),
    }
    if call.cut or not about["request_id"] or not 400 <= (about["status"] or 0) < 500:
        # Without AWS's request id it was not AWS that spoke: a proxy may say 403 as well.
        return Unanswered(**about)
    return _said_no(about, key_state=response.get("kmsKeyState"))


def _said_no(about: dict[str, Any], *, key_state: str | None) -> StepFunctionsError:
    code = about["code"]
    if code == KEY_THROTTLE_CODE:
        return KeyThrottled(**about)
    if code in THROTTLE_CODES or about["status"] == 429:
        return Throttled(**about)
    if code == "InvalidToken":  # of a task where we answer one, of a page where we list
        return TaskGone(**about) if about["operation"] in SENDS else PageExpired(**about)
    if code in TASK_GONE:
        return TaskGone(**about)
    if code == "InvalidOutput":
        return InvalidOutput(**about)
    if code in NOT_FOUND:
        return NotFound(**about)
    return _refused(about, key_state)


def _refused(about: dict[str, Any], key_state: str | None) -> Refused:
    kind = REFUSED_KINDS.get(about["code"], RefusedKind.OTHER)
    message = about["message"]
    if kind is RefusedKind.BAD_CREDENTIALS and _CLOCK.search(message):
        kind = RefusedKind.CLOCK
    if kind not in (RefusedKind.ACCESS_DENIED, RefusedKind.KMS):
        return Refused(kind=kind, key_state=key_state, **about)
    return Refused(
        kind=kind,
        action=_found(_DENIED_ACTION, message, "action"),
        resource=_found(_DENIED_RESOURCE, message, "resource"),
        principal=_found(_DENIED_PRINCIPAL, message, "principal"),
        **about,
    )


def _found(pattern: re.Pattern[str], text: str, name: str) -> str | None:
    match = pattern.search(text)
    return match.group(name).rstrip(".,;") if match else None
