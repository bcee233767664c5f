"""Make state machines and start executions, on an emulator only: the demo's samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from callbacks.stepfunctions.access import Access
from callbacks.stepfunctions.call import attempt
from callbacks.stepfunctions.errors import StepFunctionsError
from callbacks.stepfunctions.quiet import quiet_botocore
from callbacks.stepfunctions.reading import Reader
from callbacks.stepfunctions.wire import CallCounter, WireCall, watch

if TYPE_CHECKING:
    from botocore.client import BaseClient

AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn")
# The emulators look at neither.
ROLE = "arn:aws:iam::123456789012:role/holdpoint-samples"
KEY = "samples"


class NotAnEmulator(Exception):
    """The address is AWS's own; nothing was called."""


class Emulator:
    """Writes state machines and executions. All methods raise StepFunctionsError."""

    def __init__(self, *, endpoint_url: str, region: str) -> None:
        """Raise NotAnEmulator for an address of AWS.

        The credentials are made up, whatever the environment holds, so even an unknown name of
        AWS would only refuse us.
        """
        _refuse_aws(endpoint_url)
        access = Access(region=region, endpoint_url=endpoint_url)
        self._client = _client(access)
        self._reader = Reader(access=access, client=self._client)

    def find_state_machine(self, *, name: str) -> str | None:
        """Return the ARN of the state machine with this name."""
        machines = self._reader.list_state_machines()
        return next((machine.arn for machine in machines if machine.name == name), None)

    def create_state_machine(self, *, name: str, definition: str) -> str:
        """Return the ARN of the new state machine."""
        created = self._call(
            "CreateStateMachine", {"name": name, "definition": definition, "roleArn": ROLE}
        )
        return str(created["stateMachineArn"])

    def has_executions(self, *, arn: str) -> bool:
        """Tell whether the state machine ever ran."""
        page = self._reader.execution_page(list_of=arn, status=None, limit=1)
        return bool(page.executions)

    def start_execution(self, *, arn: str, name: str, payload: str) -> str:
        """Return the ARN of the execution that now runs with this JSON text as its input."""
        started = self._call(
            "StartExecution", {"stateMachineArn": arn, "name": name, "input": payload}
        )
        return str(started["executionArn"])

    def _call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        call = WireCall(operation=operation, counter=CallCounter())
        answer = attempt(client=lambda: self._client, call=call, parameters=parameters)
        if isinstance(answer, StepFunctionsError):
            raise answer
        return dict(answer.body)


def _refuse_aws(endpoint_url: str) -> None:
    host = (urlsplit(endpoint_url).hostname or "").rstrip(".").lower()
    if not host or any(host == domain or host.endswith(f".{domain}") for domain in AWS_DOMAINS):
        raise NotAnEmulator(
            f"Samples are made on an emulator only, and {endpoint_url or 'no address'} is none."
        )


def _client(access: Access) -> BaseClient:
    session = boto3.Session(
        aws_access_key_id=KEY, aws_secret_access_key=KEY, region_name=access.region
    )
    client = session.client(
        "stepfunctions",
        endpoint_url=access.endpoint_url,
        config=Config(
            connect_timeout=2,
            read_timeout=10,
            # Starting under the same name twice is harmless, making the same machine too.
            retries={"mode": "standard", "total_max_attempts": 3},
            inject_host_prefix=False,
            proxies={} if access.is_local else None,
        ),
    )
    watch(client)
    quiet_botocore()
    return client
