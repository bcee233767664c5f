"""Who we are in AWS, and whether we have credentials, asked before anything depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from callbacks.stepfunctions.access import Access, sts_client
from callbacks.stepfunctions.call import attempt
from callbacks.stepfunctions.clients import session_for
from callbacks.stepfunctions.errors import StepFunctionsError
from callbacks.stepfunctions.translation import translate
from callbacks.stepfunctions.wire import CallCounter, WireCall, watch

if TYPE_CHECKING:
    from botocore.client import BaseClient


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The account that an access leads to, and the user or role session that we are in it."""

    account: str
    arn: str


def who_we_are(*, access: Access) -> Identity:
    """Ask STS, which every principal may; raises StepFunctionsError (some emulators have none)."""
    call = WireCall(operation="GetCallerIdentity", counter=CallCounter())
    answer = attempt(client=lambda: _watched_sts(access), call=call, parameters={})
    if isinstance(answer, StepFunctionsError):
        raise answer
    return Identity(account=answer.body["Account"], arn=answer.body["Arn"])


def _watched_sts(access: Access) -> BaseClient:
    client: BaseClient = sts_client(session=session_for(access=access), access=access)
    watch(client)
    return client


def require_credentials(*, access: Access) -> None:
    """Make sure of fresh credentials, for a batch or before a lease runs; raises NotSent."""
    problem = _missing_credentials(access)
    if problem is not None:
        raise problem


def _missing_credentials(access: Access) -> StepFunctionsError | None:
    try:
        found = session_for(access=access).get_credentials()
        if found is None:
            raise NoCredentialsError
        found.get_frozen_credentials()  # renews them where they end soon; the result is not kept
    except (BotoCoreError, ClientError, OSError, RuntimeError, ValueError) as error:
        call = WireCall(operation="GetCredentials", counter=CallCounter())
        return translate(error, call, secret="")
    return None
