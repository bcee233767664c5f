"""What a send makes of every way in which a wire can fail, counted at the far end."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, SSLError

from callbacks.stepfunctions import (
    Access,
    CallCounter,
    InvalidOutput,
    KeyThrottled,
    NotSent,
    NotSentKind,
    Refused,
    RefusedKind,
    Sender,
    StepFunctionsError,
    TaskGone,
    Throttled,
    Unanswered,
)
from callbacks.stepfunctions.translation import translate
from callbacks.stepfunctions.wire import WireCall
from tests.stepfunctions import wire_server as on
from tests.stepfunctions.wire_server import WireServer

TOKEN = "AQCEAAAAKgAAAAM" + "x+/Y=" * 40  # the shape of AWS's tokens
DENIED = (
    "User: arn:aws:sts::1:assumed-role/app/holdpoint is not authorized to perform: "
    "states:SendTaskSuccess on resource: arn:aws:states:eu-west-1:1:stateMachine:Order because "
    "no identity-based policy allows the states:SendTaskSuccess action"
)


def failure(access: Access, **options: Any) -> StepFunctionsError:
    """Send one success and return what it raised."""
    sender = Sender(access=access, **options)
    with pytest.raises(StepFunctionsError) as raised:
        sender.send_task_success(token=TOKEN, output="{}")
    return raised.value


def test_a_whole_answer_with_a_request_id_is_a_reply(wire: WireServer, access: Access) -> None:
    wire.play(on.reply())
    reply = Sender(access=access).send_task_success(token=TOKEN, output='{"ok": true}')
    assert reply.request_id == on.REQUEST_ID
    assert reply.at is not None
    assert reply.at.isoformat() == "2026-11-25T02:00:00+00:00"


UNKNOWN = {
    "closed": on.close,
    "reset": on.reset,
    "a page of HTML": on.HTML,
    "cut in the headers": on.CUT_IN_HEADERS,
    "cut after the request id": on.CUT_AFTER_REQUEST_ID,
    "cut in the body": on.CUT_IN_BODY,
    "cut in a chunk": on.CUT_CHUNK,
    "a refusal that is cut": on.error("InvalidOutput", length=500),
    "not UTF-8": on.NOT_UTF8,
    "no request id": on.reply(request_id=None),
    "500": on.error("InternalFailure", status=500),
    "503": on.error("ServiceUnavailable", status=503),
    "a proxy's 403": on.error("AccessDeniedException", status=403, request_id=None),
    "a proxy's 502": on.reply(b"<html>Bad gateway</html>", status=502, request_id=None),
    "a redirect": on.reply(b"<html>Moved</html>", status=302, request_id=None),
}


@pytest.mark.parametrize("act", UNKNOWN.values(), ids=UNKNOWN)
def test_what_aws_did_is_unknown_and_nothing_is_sent_twice(
    wire: WireServer, access: Access, act: on.Act
) -> None:
    wire.play(act)
    error = failure(access)
    assert isinstance(error, Unanswered)
    assert not error.certainly_not_applied
    assert wire.operations == ["SendTaskSuccess"]


def test_a_stalled_answer_is_unknown_after_the_read_timeout(
    wire: WireServer, access: Access
) -> None:
    wire.play(wire.stall)
    error = failure(access, read_timeout=0.2)
    assert isinstance(error, Unanswered)
    assert error.code == "ReadTimeoutError"
    assert len(wire.requests) == 1


def test_a_throttled_send_is_one_request_and_counted(wire: WireServer, access: Access) -> None:
    wire.play(on.error("ThrottlingException", "Rate exceeded"))
    calls = CallCounter()
    error = failure(access, calls=calls)
    assert isinstance(error, Throttled)
    assert error.certainly_not_applied
    assert (calls.calls, calls.throttles) == ({"SendTaskSuccess": 1}, {"SendTaskSuccess": 1})
    assert len(wire.requests) == 1


def test_a_busy_key_is_one_request_and_no_quota_of_step_functions(
    wire: WireServer, access: Access
) -> None:
    wire.play(on.error("KmsThrottlingException", "Rate exceeded"))
    calls = CallCounter()
    error = failure(access, calls=calls)
    assert isinstance(error, KeyThrottled)
    assert error.certainly_not_applied
    assert (calls.calls, calls.throttles) == ({"SendTaskSuccess": 1}, {})


@pytest.mark.parametrize("code", ["TaskTimedOut", "InvalidToken", "TaskDoesNotExist"])
def test_a_spent_token_leaves_the_verdict_to_the_history(
    wire: WireServer, access: Access, code: str
) -> None:
    wire.play(on.error(code, "Task Timed Out: 'Provided task does not exist anymore'"))
    error = failure(access)
    assert isinstance(error, TaskGone)
    assert error.code == code
    assert not error.certainly_not_applied


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ExpiredTokenException", "The security token is expired", "expired_credentials"),
        ("UnrecognizedClientException", "The security token is invalid", "bad_credentials"),
        ("InvalidSignatureException", "The signature does not match", "bad_credentials"),
        ("InvalidSignatureException", "Signature expired: 1 is now earlier than 2", "clock"),
        ("InvalidSignatureException", "Signature not yet current: 1", "clock"),
        ("ValidationException", "1 validation error detected", "invalid_request"),
        ("KmsInvalidStateException", "The key is disabled", "key_state"),
        ("KmsAccessDeniedException", "You may not use the key", "kms"),
        ("NewlyInventedException", "Something new", "other"),
    ],
)
def test_a_refusal_names_its_kind_and_keeps_its_code(
    wire: WireServer, access: Access, code: str, message: str, kind: str
) -> None:
    wire.play(on.error(code, message))
    error = failure(access)
    assert isinstance(error, Refused)
    assert (error.kind, error.code, error.message) == (kind, code, message)
    assert error.certainly_not_applied
    assert error.request_id == on.REQUEST_ID


def test_a_denial_names_what_is_missing(wire: WireServer, access: Access) -> None:
    wire.play(on.error("AccessDeniedException", DENIED))
    calls = CallCounter()
    error = failure(access, calls=calls)
    assert isinstance(error, Refused)
    assert error.kind is RefusedKind.ACCESS_DENIED
    assert error.action == "states:SendTaskSuccess"
    assert error.resource == "arn:aws:states:eu-west-1:1:stateMachine:Order"
    assert error.principal == "arn:aws:sts::1:assumed-role/app/holdpoint"
    assert calls.denials == {"SendTaskSuccess": 1}


def test_an_output_that_aws_cannot_read_is_named(wire: WireServer, access: Access) -> None:
    wire.play(on.error("InvalidOutput", "Invalid Output"))
    error = failure(access)
    assert isinstance(error, InvalidOutput)
    assert error.certainly_not_applied


def test_a_closed_port_is_certainly_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = failure(Access(region="eu-west-1", endpoint_url=f"http://127.0.0.1:{port}"))
    assert isinstance(error, NotSent)
    assert error.kind is NotSentKind.UNREACHABLE


def test_a_name_that_does_not_resolve_is_certainly_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure(Access(region="eu-west-1"))
    assert isinstance(error, NotSent)
    assert error.kind is NotSentKind.UNREACHABLE


def test_a_server_without_tls_is_certainly_not_sent(wire: WireServer) -> None:
    access = Access(region="eu-west-1", endpoint_url=wire.url.replace("http:", "https:"))
    error = failure(access)
    assert isinstance(error, NotSent)
    assert error.code == "SSLError"
    assert wire.requests == []


def test_a_tls_error_in_the_middle_is_unknown() -> None:
    broken = ssl.SSLError(1, "decryption failed or bad record mac")
    broken.reason = "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"
    call = WireCall(operation="SendTaskSuccess", counter=CallCounter(), requests=1)
    error = translate(SSLError(endpoint_url="https://x", error=broken), call, TOKEN)
    assert isinstance(error, Unanswered)


def test_without_credentials_nothing_is_sent() -> None:
    error = failure(Access(region="eu-west-1", endpoint_url="http://sfn.example.invalid"))
    assert isinstance(error, NotSent)
    assert (error.kind, error.code) == (NotSentKind.CREDENTIALS, "NoCredentialsError")


def test_an_unknown_profile_is_a_matter_of_configuration(access: Access) -> None:
    error = failure(Access(region="eu-west-1", endpoint_url=access.endpoint_url, profile="nobody"))
    assert isinstance(error, NotSent)
    assert (error.kind, error.code) == (NotSentKind.CONFIGURATION, "ProfileNotFound")


def test_a_closed_port_after_a_lost_reply_does_not_undo_the_doubt() -> None:
    call = WireCall(operation="StopExecution", counter=CallCounter(), requests=2)
    closed = EndpointConnectionError(endpoint_url="https://x", error="refused")
    assert isinstance(translate(closed, call, ""), Unanswered)
