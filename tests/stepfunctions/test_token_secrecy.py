"""The task token is a bearer secret: no error, traceback or log of the boundary may show it."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.stepfunctions import Access, Sender, StepFunctionsError, quiet_botocore
from callbacks.stepfunctions.translation import without_secret
from tests.stepfunctions import wire_server as on
from tests.stepfunctions.wire_server import WireServer

TOKEN = "AQCEAAAAKgAAAAM" + "zk3J9+/Qw8=" * 30
TOO_LONG = (
    f"1 validation error detected: Value '{TOKEN}' at 'taskToken' failed to satisfy constraint"
)
PRODUCT = str(Path(__file__).parents[2] / "callbacks")


def shown_by(error: BaseException) -> str:
    """Return what a debug page would show of the error, this test's own frames left out."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if "tests" not in frame.f_code.co_filename]
    assert any(frame.f_code.co_filename.startswith(PRODUCT) for frame in ours)
    variables = [repr(value) for frame in ours for value in frame.f_locals.values()]
    return "\n".join([str(error), repr(error), repr(vars(error)), repr(error.args), *variables])


ECHOES = {
    "closed": on.close,
    "not UTF-8": on.NOT_UTF8,
    "a page of HTML": on.HTML,
    "the token as the body": on.reply(TOKEN.encode(), request_id=None),
    "a validation error": on.error("ValidationException", TOO_LONG),
    "whole": on.error("InvalidToken", f"Invalid Token: '{TOKEN}'"),
    "in part": on.error("InvalidToken", f"Invalid Token: '{TOKEN[5:90]}...'"),
    "as in a URL": on.error("AccessDeniedException", quote(TOKEN)),
    "in a server error": on.error("InternalFailure", TOKEN, status=500),
}


@pytest.mark.parametrize("act", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("send", ["send_task_success", "send_task_failure", "send_task_heartbeat"])
def test_no_error_carries_the_token(
    wire: WireServer, access: Access, act: on.Act, send: str
) -> None:
    wire.play(act)
    more = {"output": "{}"} if send == "send_task_success" else {}
    with pytest.raises(StepFunctionsError) as raised:
        getattr(Sender(access=access), send)(token=TOKEN, **more)
    assert TOKEN[5:90] not in shown_by(raised.value)
    assert quote(TOKEN)[:90] not in shown_by(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_a_request_of_the_wrong_shape_is_not_quoted(access: Access) -> None:
    with pytest.raises(StepFunctionsError) as raised:
        Sender(access=access).send_task_success(token=TOKEN, output=[TOKEN])  # type: ignore[arg-type]  # the point of the test
    assert raised.value.code == "ParamValidationError"
    assert raised.value.certainly_not_applied
    assert TOKEN not in shown_by(raised.value)


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """Turn every logger there is to DEBUG, as a hurried person does, and collect the lines."""
    quiet_botocore()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    names = ["", *logging.root.manager.loggerDict]
    before = {name: logging.getLogger(name).level for name in names}
    logging.getLogger().addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def test_no_log_line_carries_the_token_at_debug(
    wire: WireServer, access: Access, everything_logged: io.StringIO
) -> None:
    wire.play(on.reply({"echo": TOKEN}))
    logging.getLogger("planted").debug("the collector works")
    Sender(access=access).send_task_success(token=TOKEN, output="{}")
    assert "the collector works" in everything_logged.getvalue()
    assert TOKEN not in everything_logged.getvalue()


def test_text_that_is_not_the_token_stays_readable() -> None:
    told = "no permission on arn:aws:states:eu-west-1:123456789012:stateMachine:OrderRelease-v2"
    assert without_secret(told, TOKEN) == told


@given(start=st.integers(0, 300), length=st.integers(12, 345), before=st.text(max_size=20))
def test_no_piece_of_the_token_survives_whatever_stands_around_it(
    start: int, length: int, before: str
) -> None:
    piece = TOKEN[start : start + length]
    left = without_secret(f"{before}{piece}{before}", TOKEN)
    assert not any(piece[at : at + 12] in left for at in range(len(piece) - 11))
