"""Keys of one's own that encrypt state machines: who may use them, and what works without.

Reading definitions, executions and histories needs the key; lists, answers and stops do not, nor
does a description without its data (dg/encryption-at-rest).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

# How a key stands, and what a call that needs it gets then.
USABLE, DENIED, DISABLED, BUSY = "usable", "denied", "disabled", "busy"
OF_EXECUTIONS = ("DescribeExecution", "DescribeStateMachineForExecution", "GetExecutionHistory")
OF_MACHINES = ("DescribeStateMachine",)


def key_given(params: dict[str, Json]) -> str:
    return str((params.get("encryptionConfiguration") or {}).get("kmsKeyId", ""))


def check_key(engine: Engine, operation: str, params: dict[str, Json]) -> None:
    """Raise ServiceError where the call needs a key that the caller cannot use."""
    if operation not in OF_EXECUTIONS + OF_MACHINES:
        return
    if params.get("includedData") == "METADATA_ONLY" and operation != "GetExecutionHistory":
        return
    if operation in OF_MACHINES:
        machine = engine.machines.get(":".join(str(params["stateMachineArn"]).split(":")[:7]))
        key = machine.kms_key if machine else ""
    else:
        execution = engine.executions.get(str(params["executionArn"]))
        key = execution.kms_key if execution else ""
    _refuse(engine.keys.get(key, USABLE))


def _refuse(standing: str) -> None:
    if standing == DENIED:
        # AWS's words; they name neither the key nor the action.
        raise ServiceError(
            "KmsAccessDeniedException",
            "Either your KMS key policy or API caller does not have the required permissions.",
        )
    if standing == DISABLED:
        raise ServiceError(
            "KmsInvalidStateException",
            "The KMS key is not in valid state, for example: Disabled or Deleted.",
            more={"kmsKeyState": "DISABLED"},
        )
    if standing == BUSY:
        raise ServiceError("KmsThrottlingException", "Received when KMS returns a throttle.")
