"""The operations of Step Functions: parameters in, answer out, refusals as AWS words them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from itertools import islice
from typing import Any

from tests.simulator.activities import Activity
from tests.simulator.activity_calls import (
    create_activity,
    delete_activity,
    describe_activity,
    get_activity_task,
    list_activities,
)
from tests.simulator.definitions import check_definition
from tests.simulator.encryption import check_key, key_given
from tests.simulator.engine import Engine
from tests.simulator.errors import ServiceError
from tests.simulator.execution_rows import (
    by_qualifier,
    described,
    listed_row,
    redrive_filter,
)
from tests.simulator.history import wire_history
from tests.simulator.jsontext import Json, parse
from tests.simulator.limits import check_request
from tests.simulator.listing import ExecutionIndex
from tests.simulator.map_run_calls import describe_map_run, find_map_run, list_map_runs
from tests.simulator.model import Execution, Machine
from tests.simulator.names import arn_of, check_arn, check_name, find_machine, no_machine
from tests.simulator.paging import Pager
from tests.simulator.starting import running_twin, wanted_start
from tests.simulator.version_calls import create_alias, delete_version, publish_version
from tests.simulator.versions import find_version, split

Params = dict[str, Json]
Answer = dict[str, Any]

# AWS tells no revision of a state machine that was never updated.
FIRST_REVISION = ""


class Service:
    """One account and region; `call` is the only door."""

    def __init__(self, engine: Engine, seed: str) -> None:
        self.engine = engine
        self.pager = Pager(seed, engine)
        self._redrive_tokens: dict[tuple[str, str], float] = {}

    def call(self, operation: str, params: Params) -> Answer:
        """Apply one operation; raises ServiceError."""
        found = OPERATIONS.get(operation)
        if found is None:
            raise ServiceError("UnknownOperationException", "")
        handler, required = found
        check_request(params, required)
        check_key(self.engine, operation, params)
        return handler(self, params)

    # -- machines -----------------------------------------------------------------------------

    def create_state_machine(self, params: Params) -> Answer:
        name, type_ = params["name"], params.get("type", "STANDARD")
        check_name(name)
        check_definition(params["definition"], type_)
        arn = arn_of(self.engine, "stateMachine", name)
        tags = {tag["key"]: tag.get("value", "") for tag in params.get("tags", [])}
        machine = self.engine.machines.get(arn)
        if machine is None:
            machine = self.engine.create_machine(
                arn,
                name,
                type_,
                params["definition"],
                params["roleArn"],
                FIRST_REVISION,
                tags,
                key_given(params),
            )
        elif not _is_same(machine, params, type_):
            raise ServiceError(
                "StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'"
            )
        return {"stateMachineArn": arn, "creationDate": machine.created_at}

    def update_state_machine(self, params: Params) -> Answer:
        machine = self.machine(params["stateMachineArn"])
        if not params.get("definition") and not params.get("roleArn"):
            raise ServiceError(
                "MissingRequiredParameter", "Either the definition or the role ARN is required"
            )
        revision = machine.revision
        definition = params.get("definition", revision.definition)
        check_definition(definition, machine.type)
        role_arn = params.get("roleArn", revision.role_arn)
        self.engine.update_machine(machine.arn, definition, role_arn, str(uuid.uuid4()))
        return {"updateDate": machine.revision.updated_at, "revisionId": machine.revision.id}

    def delete_state_machine(self, params: Params) -> Answer:
        check_arn(params["stateMachineArn"], "stateMachine")
        self.engine.delete_machine(params["stateMachineArn"])
        return {}

    def list_state_machines(self, params: Params) -> Answer:
        page = self.pager.page(params, "machines")
        machines = list(self.engine.listed_machines().values())
        start = page.after or 0
        shown = machines[start : start + page.size]
        answer: Answer = {"stateMachines": [_machine_row(machine) for machine in shown]}
        if start + page.size < len(machines):
            answer["nextToken"] = self.pager.token(start + page.size, "machines")
        return answer

    def describe_state_machine(self, params: Params) -> Answer:
        arn, qualifier = split(params["stateMachineArn"])
        machine = self.machine(arn, self.engine.listed_machines())
        version = find_version(machine, qualifier)
        if qualifier and version is None:
            raise no_machine(params["stateMachineArn"])
        return {
            "stateMachineArn": params["stateMachineArn"],
            "name": machine.name,
            "status": machine.status,
            "type": machine.type,
            "creationDate": version.created_at if version else machine.created_at,
            **_definition(machine, version.revision if version else machine.revision, params),
        }

    def describe_state_machine_for_execution(self, params: Params) -> Answer:
        execution = self.execution(params["executionArn"])
        run = execution.map_run
        return {
            **({"mapRunArn": run.arn, "label": run.label} if run else {}),
            "stateMachineArn": execution.machine.arn,
            "name": execution.machine.name,
            "updateDate": execution.revision.updated_at,
            **_definition(execution.machine, execution.revision, params),
        }

    def list_tags_for_resource(self, params: Params) -> Answer:
        tagged = self._tagged(params["resourceArn"])
        return {"tags": [{"key": key, "value": value} for key, value in tagged.tags.items()]}

    def tag_resource(self, params: Params) -> Answer:
        tagged = self._tagged(params["resourceArn"])
        added = {tag["key"]: tag.get("value", "") for tag in params["tags"]}
        self.engine.set_tags(tagged.arn, {**tagged.tags, **added})
        return {}

    def untag_resource(self, params: Params) -> Answer:
        tagged = self._tagged(params["resourceArn"])
        gone = set(params["tagKeys"])
        kept = {key: value for key, value in tagged.tags.items() if key not in gone}
        self.engine.set_tags(tagged.arn, kept)
        return {}

    # -- executions ---------------------------------------------------------------------------

    def start_execution(self, params: Params) -> Answer:
        name, text = params.get("name") or str(uuid.uuid4()), params.get("input", "{}")
        wanted = wanted_start(self.engine, params["stateMachineArn"], name, text)
        found = running_twin(self.engine, wanted)
        if found is None:
            found = self.engine.start(wanted.machine.arn, wanted.arn, name, text, wanted.qualifier)
        return {"executionArn": found.arn, "startDate": found.started_at}

    def list_executions(self, params: Params) -> Answer:
        if bool(params.get("mapRunArn")) is bool(params.get("stateMachineArn")):
            raise ServiceError(
                "ValidationException", "Exactly one of stateMachineArn and mapRunArn is required"
            )
        if params.get("mapRunArn"):
            run = find_map_run(self, params["mapRunArn"])
            return self._execution_page(run.arn, run.index, params)
        if params.get("statusFilter") == "PENDING_REDRIVE":
            raise ServiceError("ValidationException", "PENDING_REDRIVE needs a mapRunArn")
        arn, qualifier = split(params["stateMachineArn"])
        machine = self.machine(arn)
        if machine.type == "EXPRESS":
            raise ServiceError(
                "StateMachineTypeNotSupported",
                "This operation is not supported by this type of state machine",
            )
        index = self.engine.indexes[machine.arn]
        return self._execution_page(params["stateMachineArn"], index, params, qualifier)

    def _execution_page(
        self, of: str, index: ExecutionIndex, params: Params, qualifier: str = ""
    ) -> Answer:
        status = params.get("statusFilter")
        kind = f"executions:{of}:{status}:{params.get('redriveFilter')}"
        page = self.pager.page(params, kind)
        found = index.newest_first(status, page.after, self.engine.listed_at)
        wanted = redrive_filter(by_qualifier(found, qualifier), params.get("redriveFilter"))
        shown = list(islice(wanted, page.size))
        answer: Answer = {"executions": [listed_row(execution) for execution in shown]}
        if len(shown) == page.size and next(wanted, None) is not None:
            answer["nextToken"] = self.pager.token(shown[-1].order, kind)
        return answer

    def describe_execution(self, params: Params) -> Answer:
        execution = self.execution(params["executionArn"])
        data = params.get("includedData") != "METADATA_ONLY"
        return described(execution, self.engine.now, data=data)

    def get_execution_history(self, params: Params) -> Answer:
        execution = self.execution(params["executionArn"])
        reverse = bool(params.get("reverseOrder"))
        kind = f"history:{execution.arn}:{reverse}"
        page = self.pager.page(params, kind)
        count = len(execution.events)
        if reverse:
            first = count if page.after is None else page.after
            ids = range(first, max(0, first - page.size), -1)
        else:
            first = page.after or 1
            ids = range(first, min(count, first + page.size - 1) + 1)
        data = params.get("includeExecutionData", True)
        answer: Answer = {"events": wire_history(execution, ids, self.engine.mint, data=data)}
        following = ids.stop
        if 1 <= following <= count:
            answer["nextToken"] = self.pager.token(following, kind)
        return answer

    def stop_execution(self, params: Params) -> Answer:
        execution = self.execution(params["executionArn"])
        if execution.status == "RUNNING":
            self.engine.stop(execution.arn, params.get("error"), params.get("cause"))
        return {"stopDate": execution.stopped_at}

    def redrive_execution(self, params: Params) -> Answer:
        execution = self.execution(params["executionArn"])
        key = (execution.arn, params.get("clientToken") or str(uuid.uuid4()))
        if self.engine.now - self._redrive_tokens.get(key, -1e12) <= 900:
            return {"redriveDate": execution.redriven_at}
        reason = self.engine.redrive_obstacle(execution)
        if reason is None and execution.map_run is not None:
            reason = "A child of a Map Run is redriven with the Map Run"
        if reason is not None:
            raise ServiceError("ExecutionNotRedrivable", reason)
        self.engine.redrive(execution.arn)
        self._redrive_tokens[key] = self.engine.now
        return {"redriveDate": execution.redriven_at}

    # -- tasks --------------------------------------------------------------------------------

    def send_task_success(self, params: Params) -> Answer:
        try:
            parse(params["output"])
        except ValueError as exc:
            raise ServiceError("InvalidOutput", f"Invalid Output: '{exc}'") from exc
        visit = self.engine.task_of(params["taskToken"])
        self.engine.succeed_task(visit.number, params["output"])
        return {}

    def send_task_failure(self, params: Params) -> Answer:
        visit = self.engine.task_of(params["taskToken"])
        self.engine.fail_task(visit.number, params.get("error"), params.get("cause"))
        return {}

    def send_task_heartbeat(self, params: Params) -> Answer:
        visit = self.engine.task_of(params["taskToken"])
        self.engine.beat_task(visit.number)
        return {}

    # -- looking things up --------------------------------------------------------------------

    def machine(self, arn: str, among: dict[str, Machine] | None = None) -> Machine:
        return find_machine(self.engine.machines if among is None else among, arn)

    def execution(self, arn: str) -> Execution:
        check_arn(arn, "execution")
        execution = self.engine.executions.get(arn)
        if execution is None:
            raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution

    def _tagged(self, arn: str) -> Machine | Activity:
        tagged = self.engine.tagged(arn)
        if tagged is None:
            raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'")
        return tagged


def _is_same(machine: Machine, params: Params, type_: str) -> bool:
    revision = machine.revision
    return (machine.type, revision.definition, revision.role_arn) == (
        type_,
        params["definition"],
        params["roleArn"],
    )


def _machine_row(machine: Machine) -> Answer:
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "type": machine.type,
        "creationDate": machine.created_at,
    }


def _definition(machine: Machine, revision: Any, params: Params) -> Answer:
    hidden = params.get("includedData") == "METADATA_ONLY"
    return {
        "definition": "{}" if hidden else revision.definition,
        "roleArn": revision.role_arn,
        **({} if revision.id == FIRST_REVISION else {"revisionId": revision.id}),
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": machine.kms_key}
        if machine.kms_key
        else {"type": "AWS_OWNED_KEY"},
    }


Handler = Callable[[Service, Params], Answer]
OPERATIONS: dict[str, tuple[Handler, tuple[str, ...]]] = {
    "CreateStateMachine": (Service.create_state_machine, ("name", "definition", "roleArn")),
    "UpdateStateMachine": (Service.update_state_machine, ("stateMachineArn",)),
    "DeleteStateMachine": (Service.delete_state_machine, ("stateMachineArn",)),
    "ListStateMachines": (Service.list_state_machines, ()),
    "DescribeStateMachine": (Service.describe_state_machine, ("stateMachineArn",)),
    "DescribeStateMachineForExecution": (
        Service.describe_state_machine_for_execution,
        ("executionArn",),
    ),
    "PublishStateMachineVersion": (publish_version, ("stateMachineArn",)),
    "DeleteStateMachineVersion": (delete_version, ("stateMachineVersionArn",)),
    "CreateStateMachineAlias": (create_alias, ("name", "routingConfiguration")),
    "ListTagsForResource": (Service.list_tags_for_resource, ("resourceArn",)),
    "TagResource": (Service.tag_resource, ("resourceArn", "tags")),
    "UntagResource": (Service.untag_resource, ("resourceArn", "tagKeys")),
    "StartExecution": (Service.start_execution, ("stateMachineArn",)),
    "ListExecutions": (Service.list_executions, ()),
    "DescribeMapRun": (describe_map_run, ("mapRunArn",)),
    "ListMapRuns": (list_map_runs, ("executionArn",)),
    "DescribeExecution": (Service.describe_execution, ("executionArn",)),
    "GetExecutionHistory": (Service.get_execution_history, ("executionArn",)),
    "StopExecution": (Service.stop_execution, ("executionArn",)),
    "RedriveExecution": (Service.redrive_execution, ("executionArn",)),
    "SendTaskSuccess": (Service.send_task_success, ("taskToken", "output")),
    "SendTaskFailure": (Service.send_task_failure, ("taskToken",)),
    "SendTaskHeartbeat": (Service.send_task_heartbeat, ("taskToken",)),
    "CreateActivity": (create_activity, ("name",)),
    "DeleteActivity": (delete_activity, ("activityArn",)),
    "ListActivities": (list_activities, ()),
    "DescribeActivity": (describe_activity, ("activityArn",)),
    "GetActivityTask": (get_activity_task, ("activityArn",)),
}
