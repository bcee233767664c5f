"""Tasks and requests of a history as rows of the mirror."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from callbacks.asl.history import CallbackTask as HistoryTask
from callbacks.asl.lookup import Payloads
from callbacks.models import CallbackTask, Execution, Policy, Request, TaskStatus, TokenState
from callbacks.models.identity import request_id, task_id
from callbacks.models.secret import encrypt_token, token_hash
from callbacks.sync.context import rebuilt_context, variables_text
from callbacks.sync.matching import Subject
from callbacks.sync.plan import TaskClosing, TaskKey, key_of, waiting_since
from callbacks.sync.policies import current_policies, shown_columns
from callbacks.sync.reading import Reading
from callbacks.sync.storable import Storable, fitting

_TOKEN_STATES = {
    "found": TokenState.HELD,
    "ambiguous": TokenState.AMBIGUOUS,
    "missing": TokenState.MISSING,
    "not_in_history": TokenState.ACTIVITY,
}
LONGEST_ITERATION = 500


# State, iteration and number of the entry: what tells a request within its execution.
Visit = tuple[str, str, int]


def visit_of(task: HistoryTask) -> Visit:
    return task.state, fitting(task.iteration, longest=LONGEST_ITERATION), task.entry_number


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes the rows of one execution from one reading of it."""

    execution: Execution
    reading: Reading
    storable: Storable
    now: datetime
    # Read once, and only where a task is to be made.
    _policies: list[Policy] = field(default_factory=list)
    _prepared: dict[TaskKey, CallbackTask] = field(default_factory=dict)
    # Ids that tasks and requests have already, instead of those made of what they are in AWS.
    task_ids: Mapping[TaskKey, UUID] = field(default_factory=dict)
    request_ids: Mapping[Visit, UUID] = field(default_factory=dict)

    def request(self, task: HistoryTask) -> Request:
        state, iteration, entry_number = visit_of(task)
        return Request(
            id=self._request_id(task),
            execution_id=self.execution.pk,
            state=state,
            iteration=iteration,
            entry_number=entry_number,
        )

    def prepare(self, tasks: Iterable[HistoryTask]) -> None:
        """Make rows ahead: masking a thousand payloads is nothing to hold a lock for."""
        for task in tasks:
            self._prepared[key_of(task)] = self._make(task)

    def task(self, task: HistoryTask, closing: TaskClosing | None) -> CallbackTask:
        row = self._prepared.get(key_of(task))
        if row is None or key_of(task) in self.task_ids:
            row = self._make(task)
        row.request_id = self._request_id(task)
        for column, value in (self.closing(closing) if closing else {}).items():
            setattr(row, column, value)
        return row

    def _make(self, task: HistoryTask) -> CallbackTask:
        key = self._task_id(task)
        payloads = self._payloads(task)
        values = {
            **self._identity(task),
            **self._shown(task, payloads),
            **payloads,
            **self._times(task),
            **token_columns(task=task, task_id=key),
        }
        return CallbackTask(id=key, changed_at=self.now, **values)

    def closing(self, closing: TaskClosing) -> dict[str, Any]:
        """Columns of a task that has ended."""
        return {
            "status": TaskStatus(closing.status),
            "closed_kind": closing.kind,
            "closed_at": closing.at,
            "closed_event_id": closing.event_id,
            "closed_event_type": closing.event_type,
            "closed_output": self.storable.text(closing.output),
            "closed_error": self.storable.text(closing.error, longest=256),
            "closed_cause": self.storable.text(closing.cause),
        }

    def change(self, task: HistoryTask, *, has_token: bool) -> dict[str, Any]:
        """Columns of an open task that have news."""
        columns = self._times(task)
        if task.token is None or has_token:
            return columns
        # Not found at first, so the payloads may show it in plain.
        found = token_columns(task=task, task_id=self._task_id(task))
        return {**columns, **found, **self._payloads(task)}

    def _request_id(self, task: HistoryTask) -> UUID:
        return self.request_ids.get(visit_of(task)) or request_id(
            connection=self.execution.connection_id,
            execution_arn=self.execution.arn,
            state=task.state,
            iteration=task.iteration,
            entry_number=task.entry_number,
        )

    def _task_id(self, task: HistoryTask) -> UUID:
        return self.task_ids.get(key_of(task)) or task_id(
            connection=self.execution.connection_id,
            execution_arn=self.execution.arn,
            redrive_count=task.redrive_count,
            scheduled_event_id=task.scheduled_event_id,
        )

    def _identity(self, task: HistoryTask) -> dict[str, Any]:
        return {
            "request_id": self._request_id(task),
            "execution_id": self.execution.pk,
            "connection_id": self.execution.connection_id,
            "redrive_count": task.redrive_count,
            "scheduled_event_id": task.scheduled_event_id,
            "attempt": task.attempt,
            "resource": task.resource[:256],
            "early_completion": task.early_answer,
            "status": TaskStatus.RUNNING if task.early_answer else TaskStatus.WAITING,
        }

    def _shown(self, task: HistoryTask, payloads: Mapping[str, str]) -> dict[str, Any]:
        machine = self.execution.state_machine
        if not self._policies:
            self._policies.extend(current_policies())
        subject = Subject(
            connection=machine.connection.name,
            state_machine=machine.name,
            state=task.state,
            tags=machine.known_tags,
            payloads=Payloads(input=payloads["input"], context=payloads["context"]),
        )
        return {
            "state_machine_name": machine.name,
            "state": task.state,
            "iteration": fitting(task.iteration, longest=LONGEST_ITERATION),
            **shown_columns(subject=subject, policies=self._policies),
        }

    def _payloads(self, task: HistoryTask) -> dict[str, str]:
        return {
            "input": self.storable.text(task.input),
            "context": self.storable.text(task.context or self._context(task)),
            "parameters": self.storable.text(task.parameters),
            "variables": self.storable.text(variables_text(task.variables)),
        }

    def _context(self, task: HistoryTask) -> str:
        history = self.reading.facts.history
        if history is None:
            return ""
        return rebuilt_context(
            task=task,
            history=history,
            execution_arn=self.execution.arn,
            execution_name=self.execution.name,
            state_machine_arn=self.execution.state_machine.state_machine_arn,
            entered_at=self.reading.entered_at.get(task.entered_event_id),
        )

    def _times(self, task: HistoryTask) -> dict[str, Any]:
        dies = self.reading.facts.deadlines[key_of(task)]
        return {
            "started_at": task.started_at,
            "worker": self.storable.text(task.worker, longest=256),
            "waiting_since": waiting_since(task),
            "dies_earliest": dies.earliest,
            "dies_latest": dies.latest,
            "deadline_kind": dies.kind,
            "deadline_reason": dies.reason,
            "timeout_seconds": task.timeout_seconds,
            "heartbeat_seconds": task.heartbeat_seconds,
        }


def token_columns(*, task: HistoryTask, task_id: UUID) -> dict[str, Any]:
    """The token encrypted for this very row; only its hash can be looked up."""
    state = _TOKEN_STATES[task.token_state]
    if task.token is None:
        return {"token_state": state}
    return {
        "token_state": state,
        "token_ciphertext": encrypt_token(token=task.token, task_id=task_id),
        "token_sha256": token_hash(task.token),
        "token_length": len(task.token),
    }
