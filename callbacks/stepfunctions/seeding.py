"""Make state machines and start executions, for the samples of a demo; never part of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callbacks.stepfunctions.access import Access
from callbacks.stepfunctions.call import attempt
from callbacks.stepfunctions.clients import SENDING, client_for
from callbacks.stepfunctions.errors import IncompleteAnswer, StepFunctionsError
from callbacks.stepfunctions.wire import CallCounter, WireCall


class Seeder:
    """Creates over one access, one request for each call; raises StepFunctionsError."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    def create_state_machine(
        self,
        *,
        name: str,
        definition: str,
        role_arn: str,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Return the ARN; the same name and definition again gives the same ARN."""
        parameters: dict[str, Any] = {"name": name, "definition": definition, "roleArn": role_arn}
        if tags:
            parameters["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
        return self._arn("CreateStateMachine", parameters, "stateMachineArn")

    def start_execution(self, *, state_machine_arn: str, name: str, input_text: str) -> str:
        """Return the ARN; a name serves once (90 days), so a sample needs a new one each time."""
        parameters = {"stateMachineArn": state_machine_arn, "name": name, "input": input_text}
        return self._arn("StartExecution", parameters, "executionArn")

    def _arn(self, operation: str, parameters: Mapping[str, Any], key: str) -> str:
        answer = attempt(
            client=lambda: client_for(access=self._access, behaviour=SENDING),
            call=WireCall(operation=operation, counter=CallCounter()),
            parameters=parameters,
        )
        if isinstance(answer, StepFunctionsError):
            raise answer
        arn = answer.body.get(key)
        if not isinstance(arn, str):
            raise IncompleteAnswer(
                operation=operation, code="IncompleteAnswer", message=f"no {key}"
            )
        return arn
