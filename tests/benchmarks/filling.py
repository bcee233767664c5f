"""A mirror as a company of some size has it, written in bulk.

Four connections, twenty workflows, a hundred policies. Each task has an input of about 2 kB, its
context and parameters, and a token encrypted for its own row.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.utils import timezone

from callbacks.models import (
    CallbackTask,
    Connection,
    ConnectionHealth,
    Decision,
    DecisionStatus,
    Direction,
    Execution,
    Policy,
    PolicyTeam,
    Pulse,
    Request,
    Role,
    StateMachine,
    TaskStatus,
    TokenState,
    User,
)
from callbacks.models.identity import execution_id, request_id, task_id
from callbacks.models.secret import encrypt_token, token_hash
from tests import making
from tests.benchmarks import mixture
from tests.benchmarks.bulk import insert_many

BATCH = 2_000


@dataclass
class Company:
    """Who and what there is, whatever the number of tasks."""

    connections: Sequence[Connection]
    # By name, one in each connection.
    machines: Mapping[str, Sequence[StateMachine]]
    # By team; the team "" has the default policy.
    policies: Mapping[str, Sequence[Policy]]
    # May answer by two policies, by fifty that have much, and by fifty that have hardly anything.
    approver: User
    desk: User
    corner: User
    auditor: User
    now: datetime
    filled: int = 0
    _random: random.Random = field(default_factory=lambda: random.Random(4))

    def fill(self, waiting: int) -> None:
        """Bring the mirror to so many waiting tasks, and about a tenth of that in the history."""
        numbers = range(self.filled, waiting)
        for batch in _batches(iter(numbers)):
            self._write([_Visit(self, number) for number in batch])
        self.filled = max(self.filled, waiting)

    def freshen(self, now: datetime) -> None:
        """Let every connection have been read just now, so that no page warns."""
        ConnectionHealth.objects.update(read_ok_at=now)
        Pulse.objects.update(at=now)

    def _write(self, visits: Sequence[_Visit]) -> None:
        insert_many([visit.execution for visit in visits])
        insert_many([visit.request for visit in visits])
        insert_many([visit.task() for visit in visits])
        answered = [visit.answered_task() for visit in visits if visit.has_history]
        insert_many(answered)
        insert_many([_decision(task, self.approver, self.now) for task in answered])

    def seconds(self, most: int) -> timedelta:
        return timedelta(seconds=self._random.uniform(300, most))


def found_company() -> Company:
    now = timezone.now()
    connections = [making.make_connection(f"account-{name}") for name in ("a", "b", "c", "d")]
    for connection in connections:
        ConnectionHealth.objects.create(
            connection=connection, pass_started_at=now, pass_finished_at=now, read_ok_at=now
        )
    Pulse.objects.update_or_create(name="worker", defaults={"at": now})
    finance = ["finance"]
    return Company(
        connections=connections,
        machines={
            name: [making.make_machine(connection, name) for connection in connections]
            for name in mixture.WORKFLOWS
        },
        policies=_policies(),
        approver=making.make_person("bench-approver", Role.APPROVER, teams=finance),
        desk=making.make_person("bench-desk", Role.APPROVER, teams=[*finance, "desk"]),
        corner=making.make_person("bench-corner", Role.APPROVER, teams=["corner"]),
        auditor=making.make_person("bench-auditor", Role.AUDITOR),
        now=now,
    )


def _policies() -> dict[str, list[Policy]]:
    default = making.default_policy()
    PolicyTeam.objects.create(policy=default, team=making.make_team("finance"))
    found = {"": [default]}
    for team, many in mixture.TEAMS.items():
        found[team] = [
            making.make_policy(f"For {team} {number}", team=team, state_machine=f"{team}-*")
            for number in range(many)
        ]
    return found


class _Visit:
    """One execution that waits in one state."""

    def __init__(self, company: Company, number: int) -> None:
        self.company = company
        self.number = number
        self.words = mixture.words(number)
        self.has_history = mixture.is_answered(number)
        machine = company.machines[mixture.workflow(number)][number % len(company.connections)]
        name = f"run-{number:06}"
        arn = f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        self.since = company.now - company.seconds(30 * 86_400)
        self.input = json.dumps(order_input(number))
        self.execution = Execution(
            id=execution_id(connection=machine.connection_id, arn=arn),
            connection_id=machine.connection_id,
            state_machine=machine,
            definition_id=machine.definition_id,
            arn=arn,
            name=name,
            started_at=self.since,
            ordered_at=self.since,
            input=self.input,
            last_event_id=12,
            read_at=company.now,
            is_moving=False,
        )
        key = request_id(
            connection=machine.connection_id,
            execution_arn=arn,
            state="Review",
            iteration="",
            entry_number=1,
        )
        self.request = Request(id=key, execution=self.execution, state="Review")
        team, which = mixture.policy(number)
        self.policy = company.policies[team][which]

    def task(self) -> CallbackTask:
        key = self._task_id(12)
        token = making.make_token()
        return self._row(
            key,
            12,
            attempt=2 if self.has_history else 1,
            waiting_since=self.since,
            token_state=TokenState.HELD,
            token_ciphertext=encrypt_token(token=token, task_id=key),
            token_sha256=token_hash(token),
            token_length=len(token),
        )

    def answered_task(self) -> CallbackTask:
        """An earlier attempt, which somebody answered."""
        closed_at = self.since - timedelta(minutes=5)
        return self._row(
            self._task_id(5),
            5,
            waiting_since=closed_at - timedelta(hours=1),
            token_state=TokenState.HELD,
            status=TaskStatus.ANSWERED,
            closed_at=closed_at,
            closed_event_id=8,
            closed_event_type="TaskFailed",
            closed_kind="failed",
            closed_error="Rejected",
        )

    def _row(self, key: uuid.UUID, event_id: int, **fields: object) -> CallbackTask:
        now = self.company.now
        dies = now + self.company.seconds(40 * 86_400)
        values = {
            **_payloads(self.input, self.number),
            "resource": "lambda:invoke.waitForTaskToken",
            "state_machine_name": self.execution.state_machine.name,
            "state": "Review",
            "headline": f"{self.execution.state_machine.name}: order 2026-{self.number:06}"
            f"{self.words['headline']}",
            "key_fields": [
                ["Order", f"2026-{self.number:06}"],
                ["Amount", f"{self.number * 7 % 90_000 / 100:.2f} EUR"],
                ["Customer", f"Customer {self.number % 5_000} Ltd"],
                ["Country", "Portugal"],
                ["Depot", self.words["depot"]],
                ["Note", self.words["note"]],
            ],
            "asked_by": self.words["asked_by"],
            "dies_earliest": dies,
            "dies_latest": dies,
            "deadline_kind": "exact",
            "deadline_reason": "timeout",
            "timeout_seconds": 86_400,
            "changed_at": now,
        }
        columns = values | fields
        return CallbackTask(
            id=key,
            request=self.request,
            execution=self.execution,
            connection_id=self.execution.connection_id,
            policy=self.policy,
            scheduled_event_id=event_id,
            **columns,
            search_text=making.search_text_of(columns),
        )

    def _task_id(self, event_id: int) -> uuid.UUID:
        return task_id(
            connection=self.execution.connection_id,
            execution_arn=self.execution.arn,
            redrive_count=0,
            scheduled_event_id=event_id,
        )


def order_input(number: int) -> dict[str, object]:
    """About 2 kB, of the kind that an order system sends."""
    items = [
        {
            "sku": f"SKU-{number * 31 + line:08}",
            "title": f"Insulated cover, size {line}, colour {number % 17}",
            "quantity": line,
            "unitPrice": {"amount": f"{line * 13.5:.2f}", "currency": "EUR"},
        }
        for line in range(1, 11)
    ]
    return {
        "orderId": f"2026-{number:06}",
        "customer": {
            "name": f"Customer {number % 5_000} Ltd",
            "country": "Portugal",
            "since": 2019,
        },
        "riskScore": number % 100,
        "requestedBy": f"service-{number % 40}",
        "items": items,
        "note": "The delivery address differs from the one of the invoice; "
        "the carrier asks for a release before the truck leaves at six.",
        "trace": uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex * 8,
    }


def _payloads(given: str, number: int) -> dict[str, str]:
    context = {"Execution": {"Name": f"run-{number:06}", "Input": json.loads(given)}}
    mask = "[masked · 672 characters · sha256 0d6f…91aa]"
    parameters = {"FunctionName": "ask", "Payload": {"order": json.loads(given), "token": mask}}
    return {
        "input": given,
        "context": json.dumps(context),
        "parameters": json.dumps(parameters, ensure_ascii=False),
    }


def _decision(task: CallbackTask, user: User, now: datetime) -> Decision:
    decided_at = task.closed_at or now
    return Decision(
        id=uuid.uuid5(uuid.NAMESPACE_OID, str(task.pk)),
        task_id=task.pk,
        request_id=task.request_id,
        connection_id=task.connection_id,
        connection_name="account-a",
        region="eu-central-1",
        state_machine_name=task.state_machine_name,
        execution_arn=task.execution.arn,
        execution_name=task.execution.name,
        state=task.state,
        attempt=1,
        redrive_count=0,
        scheduled_event_id=task.scheduled_event_id,
        headline=task.headline,
        shown_sha256="0" * 64,
        direction=Direction.REJECT,
        error="Rejected",
        cause="The amount is wrong.",
        payload_sha256="0" * 64,
        payload_bytes=28,
        reason="The amount is wrong.",
        decided_by=user,
        decided_by_name=user.label,
        decided_at=decided_at,
        channel="page",
        policy_id=task.policy_id,
        policy_name=task.policy.name,
        policy_version=1,
        status=DecisionStatus.CONFIRMED,
        status_at=decided_at,
        send_after=decided_at,
        closing_event_id=8,
        closing_event_type="TaskFailed",
        closing_at=decided_at,
    )


def _batches(numbers: Iterator[int]) -> Iterator[list[int]]:
    while batch := list(islice(numbers, BATCH)):
        yield batch
