"""State machines that the simulator's own tests run."""

from __future__ import annotations

from typing import Any

CALLBACK = "arn:aws:states:::lambda:invoke.waitForTaskToken"
SERVICE = "arn:aws:states:::lambda:invoke"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:spark:$LATEST"
FOUNDING_CASE: dict[str, Any] = {
    "StartAt": "Run Spark job",
    "States": {
        "Run Spark job": {
            "Type": "Task",
            "Resource": CALLBACK,
            "OutputPath": "$.Payload",
            "Parameters": {
                "Payload": {"input.$": "$", "context.$": "$$"},
                "FunctionName": FUNCTION,
            },
            "Retry": [
                {
                    "ErrorEquals": [
                        "Lambda.ServiceException",
                        "Lambda.AWSLambdaException",
                        "Lambda.SdkClientException",
                        "Lambda.TooManyRequestsException",
                    ],
                    "IntervalSeconds": 2,
                    "MaxAttempts": 6,
                    "BackoffRate": 2,
                }
            ],
            "End": True,
        }
    },
}


def waiting(**fields: Any) -> dict[str, Any]:
    """A state that waits for its token."""
    return {
        "Type": "Task",
        "Resource": CALLBACK,
        "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}},
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def machine(**states: Any) -> dict[str, Any]:
    """A machine whose first state is the first one given."""
    return {"StartAt": next(iter(states)), "States": states}


def passing(**fields: Any) -> dict[str, Any]:
    return {"Type": "Pass", "End": True, **fields}


def photos(**fields: Any) -> dict[str, Any]:
    """A Map over $.photos whose iterations wait."""
    body = machine(Review=waiting())
    return machine(
        Each={"Type": "Map", "ItemsPath": "$.photos", "ItemProcessor": body, "End": True, **fields}
    )


def spread(
    body: dict[str, Any] | None = None, child_type: str = "STANDARD", **fields: Any
) -> dict[str, Any]:
    """A distributed Map over $.photos whose children wait, or do what the body says."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": child_type},
        **(body or machine(Review=waiting())),
    }
    each = {"Type": "Map", "ItemsPath": "$.photos", "ItemProcessor": processor, "Label": "each"}
    return machine(Each={**each, **({} if "Next" in fields else {"End": True}), **fields})


def both(**fields: Any) -> dict[str, Any]:
    """A Parallel of two branches that wait."""
    branches = [machine(Left=waiting()), machine(Right=waiting())]
    return machine(Both={"Type": "Parallel", "Branches": branches, "End": True, **fields})


def nesting(
    arn: str, how: str = ".sync:2", parameters: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """A state that starts an execution of the machine and says who started it."""
    started_by = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"}
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{how}",
        "Parameters": {"StateMachineArn": arn, "Input": started_by, **(parameters or {})},
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }
