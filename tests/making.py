"""Rows for tests, made directly with sensible defaults: no factories, no hidden state.

Each function takes what the test is about and fills in the rest.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from callbacks.audit.actor import Actor
from callbacks.models import (
    CallbackTask,
    Claim,
    Comment,
    Connection,
    Decision,
    DecisionStatus,
    Definition,
    Direction,
    Execution,
    Policy,
    PolicyTeam,
    Request,
    RescueAction,
    RescueKind,
    RescueStatus,
    Role,
    RoleGrant,
    StateMachine,
    TokenState,
    User,
    Vote,
)
from callbacks.models.identity import connection_id, execution_id, request_id, state_machine_id
from callbacks.models.identity import task_id as task_identity
from callbacks.models.searching import search_text
from callbacks.models.secret import encrypt_token, token_hash

PASSWORD = "correct horse battery staple"
ACCOUNT = "123456789012"
DEFINITION = json.dumps(
    {
        "StartAt": "Review",
        "States": {
            "Review": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Parameters": {
                    "FunctionName": "ask",
                    "Payload": {"token.$": "$$.Task.Token", "order.$": "$.order"},
                },
                "End": True,
            }
        },
    }
)
_numbers = itertools.count(1)


# --- people ------------------------------------------------------------------------------------
def make_person(
    username: str, *roles: Role, teams: Iterable[str] = (), password: str = PASSWORD, **fields: Any
) -> User:
    user = User.objects.create_user(username, password=password, **fields)
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, granted_at=timezone.now())
    for team in teams:
        user.groups.add(make_team(team))
    return user


def make_team(name: str) -> Group:
    return Group.objects.get_or_create(name=name)[0]


def make_actor(user: User | None, channel: str = "page") -> Actor:
    return Actor(user=user, channel=channel, address="192.0.2.7", authentication="password")


# --- policies ----------------------------------------------------------------------------------
def default_policy() -> Policy:
    """The rule that the migration adds; made again where a flush took it."""
    return Policy.objects.get_or_create(
        is_default=True,
        retired_at=None,
        defaults={"name": "Default", "position": 1_000_000, "created_at": timezone.now()},
    )[0]


def make_policy(
    name: str = "Refunds", *, team: str = "", users: Iterable[User] = (), **fields: Any
) -> Policy:
    values = {"position": next(_numbers), "created_at": timezone.now(), **fields}
    policy = Policy.objects.create(name=name, **values)
    if team:
        PolicyTeam.objects.create(policy=policy, team=make_team(team))
    policy.users.set(users)
    return policy


# --- mirror ------------------------------------------------------------------------------------
def make_connection(name: str = "", **fields: Any) -> Connection:
    number = next(_numbers)
    values = {
        "name": name or f"account-{number}",
        "account": ACCOUNT,
        "region": "eu-central-1",
        # Loopback, and nothing listens there: a test that calls AWS by mistake fails at once.
        "endpoint_url": f"http://127.0.0.1:9/{number}",
        "created_at": timezone.now(),
        **fields,
    }
    key = connection_id(
        account=values["account"], region=values["region"], endpoint_url=values["endpoint_url"]
    )
    return Connection.objects.create(id=key, **values)


def make_definition(text: str = DEFINITION) -> Definition:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Definition.objects.get_or_create(
        sha256=sha256, defaults={"text": text, "can_wait": True}
    )[0]


def make_machine(
    connection: Connection | None = None,
    name: str = "",
    *,
    definition: str = DEFINITION,
    **fields: Any,
) -> StateMachine:
    connection = connection or make_connection()
    name = name or f"machine-{next(_numbers)}"
    arn = f"arn:aws:states:{connection.region}:{connection.account}:stateMachine:{name}"
    return StateMachine.objects.create(
        id=state_machine_id(connection=connection.pk, arn=arn),
        connection=connection,
        arn=arn,
        name=name,
        definition=make_definition(definition),
        described_at=timezone.now(),
        **fields,
    )


def make_map_run(parent: Execution, label: str = "each", **fields: Any) -> StateMachine:
    """A run of a distributed Map, with the name of its parent's state machine."""
    machine = parent.state_machine
    arn = machine.arn.replace(":stateMachine:", ":mapRun:") + f"/{label}:run-{next(_numbers)}"
    return StateMachine.objects.create(
        id=state_machine_id(connection=machine.connection_id, arn=arn),
        connection=machine.connection,
        arn=arn,
        name=machine.name,
        definition=machine.definition,
        parent=parent,
        **fields,
    )


def make_execution(machine: StateMachine | None = None, name: str = "", **fields: Any) -> Execution:
    machine = machine or make_machine()
    name = name or f"run-{next(_numbers)}"
    arn = machine.state_machine_arn.replace(":stateMachine:", ":execution:") + f":{name}"
    values = {
        "definition": machine.definition,
        "started_at": timezone.now() - timedelta(minutes=10),
        "input": '{"order": 7}',
        "last_event_id": 4,
        "read_at": timezone.now(),
        "is_moving": False,
        **fields,
    }
    values.setdefault("ordered_at", values["started_at"])
    return Execution.objects.create(
        id=execution_id(connection=machine.connection_id, arn=arn),
        connection=machine.connection,
        state_machine=machine,
        arn=arn,
        name=name,
        **values,
    )


def make_request(
    execution: Execution | None = None,
    state: str = "Review",
    *,
    iteration: str = "",
    entry_number: int = 1,
) -> Request:
    execution = execution or make_execution()
    key = request_id(
        connection=execution.connection_id,
        execution_arn=execution.arn,
        state=state,
        iteration=iteration,
        entry_number=entry_number,
    )
    return Request.objects.get_or_create(
        id=key,
        defaults={
            "execution": execution,
            "state": state,
            "iteration": iteration,
            "entry_number": entry_number,
        },
    )[0]


def make_token() -> str:
    """A token of AWS's shape and length; a new one each time."""
    return "AQCEAAAAKgAAAAMAAAAA" + uuid.uuid4().hex * 20


def make_task(
    request: Request | None = None,
    *,
    execution: Execution | None = None,
    token: str | None = None,
    policy: Policy | None = None,
    **fields: Any,
) -> CallbackTask:
    """A waiting task whose token is held; `token=""` makes one whose token is missing."""
    request = request or make_request(execution)
    execution = request.execution
    event_id = fields.pop("scheduled_event_id", 3)
    redrive_count = fields.pop("redrive_count", 0)
    key = task_identity(
        connection=execution.connection_id,
        execution_arn=execution.arn,
        redrive_count=redrive_count,
        scheduled_event_id=event_id,
    )
    values = {
        **_task_texts(request),
        **_task_times(),
        **_task_token(key, make_token() if token is None else token),
        **fields,
    }
    values.setdefault("search_text", search_text_of(values))
    return CallbackTask.objects.create(
        id=key,
        request=request,
        execution=execution,
        connection_id=execution.connection_id,
        policy=policy or default_policy(),
        redrive_count=redrive_count,
        scheduled_event_id=event_id,
        **values,
    )


def search_text_of(values: Mapping[str, Any]) -> str:
    """What sync would write for a task with these columns."""
    names = ("headline", "state_machine_name", "state", "asked_by")
    return search_text(
        names=[values.get(name, "") for name in names], key_fields=values["key_fields"]
    )


def _task_texts(request: Request) -> dict[str, Any]:
    return {
        "resource": "lambda:invoke.waitForTaskToken",
        "state_machine_name": request.execution.state_machine.name,
        "state": request.state,
        "iteration": request.iteration,
        "headline": f"{request.state}: order 7",
        "key_fields": [["Order", "7"]],
        "input": '{"order": 7}',
        "context": "{}",
        "parameters": '{"order": 7, "token": "(task token)"}',
    }


def _task_times() -> dict[str, Any]:
    now = timezone.now()
    return {
        "waiting_since": now - timedelta(minutes=9),
        "dies_earliest": now + timedelta(days=1),
        "dies_latest": now + timedelta(days=1),
        "deadline_kind": "exact",
        "deadline_reason": "timeout",
        "timeout_seconds": 86_940,
        "changed_at": now,
    }


def _task_token(task_id: uuid.UUID, token: str) -> dict[str, Any]:
    if not token:
        return {"token_state": TokenState.MISSING}
    return {
        "token_state": TokenState.HELD,
        "token_ciphertext": encrypt_token(token=token, task_id=task_id),
        "token_sha256": token_hash(token),
        "token_length": len(token),
    }


# --- record ------------------------------------------------------------------------------------
def make_decision(
    task: CallbackTask | None = None,
    user: User | None = None,
    *,
    output: bytes | None = b'{"ok": true}',
    now: datetime | None = None,
    **fields: Any,
) -> Decision:
    """A held approval without its audit entry; `output=None` makes a rejection."""
    task = task or make_task()
    now = now or timezone.now()
    payload = output if output is not None else b"Rejected\0No."
    values = {
        **_decision_task(task),
        "direction": Direction.REJECT if output is None else Direction.APPROVE,
        "output": output,
        "error": "Rejected" if output is None else "",
        "cause": "No." if output is None else "",
        "payload_sha256": hashlib.sha256(payload).hexdigest(),
        "payload_bytes": len(payload),
        "decided_by": user,
        "decided_by_name": user.label if user else "Somebody",
        "decided_at": now,
        "channel": "page",
        "policy_id": task.policy_id,
        "policy_name": task.policy.name,
        "policy_version": task.policy.version,
        "status": DecisionStatus.HELD,
        "status_at": now,
        "send_after": now,
        **fields,
    }
    return Decision.objects.create(id=values.pop("id", uuid.uuid4()), **values)


def _decision_task(task: CallbackTask) -> dict[str, Any]:
    return {
        "task": task,
        "request_id": task.request_id,
        "connection_id": task.connection_id,
        "connection_name": task.connection.name,
        "region": task.connection.region,
        "state_machine_name": task.state_machine_name,
        "execution_arn": task.execution.arn,
        "execution_name": task.execution.name,
        "state": task.state,
        "iteration": task.iteration,
        "attempt": task.attempt,
        "redrive_count": task.redrive_count,
        "scheduled_event_id": task.scheduled_event_id,
        "headline": task.headline,
        "shown_sha256": hashlib.sha256(task.input.encode()).hexdigest(),
    }


def make_vote(decision: Decision, user: User, **fields: Any) -> Vote:
    """One signature under a decision, without its audit entry."""
    values = {"at": timezone.now(), "channel": "page", "reason": "", **fields}
    return Vote.objects.create(
        id=uuid.uuid4(),
        decision=decision,
        user=user,
        user_name=user.label,
        payload_sha256=decision.payload_sha256,
        **values,
    )


def make_rescue(
    execution: Execution, user: User, *, task: CallbackTask | None = None, **fields: Any
) -> RescueAction:
    """A stop that is asked for, or with `task` a heartbeat, without its audit entry."""
    now = timezone.now()
    values = {
        "kind": RescueKind.HEARTBEAT if task else RescueKind.STOP,
        "task": task,
        "connection_id": execution.connection_id,
        "connection_name": execution.connection.name,
        "region": execution.connection.region,
        "state_machine_name": execution.state_machine.name,
        "execution_arn": execution.arn,
        "execution_name": execution.name,
        "redrive_count": execution.redrive_count,
        "state": task.state if task else "",
        "scheduled_event_id": task.scheduled_event_id if task else None,
        "reason": "It hangs.",
        "asked_by": user,
        "asked_by_name": user.label,
        "asked_at": now,
        "channel": "page",
        "status": RescueStatus.REQUESTED,
        "status_at": now,
        "look_after": now,
        **fields,
    }
    return RescueAction.objects.create(id=uuid.uuid4(), execution=execution, **values)


def make_comment(user: User, task: CallbackTask | None = None, text: str = "Hm.") -> Comment:
    """A remark without its audit entry."""
    task = task or make_task()
    return Comment.objects.create(
        id=uuid.uuid4(),
        request_id=task.request_id,
        task_id=task.pk,
        user=user,
        user_name=user.label,
        channel="page",
        at=timezone.now(),
        text=text,
    )


def make_claim(task: CallbackTask, user: User, *, by: User | None = None, note: str = "") -> Claim:
    """ "I am on it", or handed to the person by somebody else; without its audit entry."""
    return Claim.objects.create(
        request_id=task.request_id, user=user, by=by or user, note=note, at=timezone.now()
    )
