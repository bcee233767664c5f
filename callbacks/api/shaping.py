"""Rows as the shapes of the API: only of tasks more is asked than what was read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from callbacks.api.rendering import raw_or_text
from callbacks.api.shapes import (
    ActivityOut,
    AnswerOut,
    AwsEvent,
    ClosedBy,
    DecisionOut,
    DiesAt,
    ExecutionOut,
    MapRunOut,
    PolicyName,
    RescueOut,
    TaskItem,
    TaskOut,
    VoteOut,
)
from callbacks.api.words import explanation
from callbacks.models import CallbackTask, DeadlineKind, Decision, Execution, TokenState
from callbacks.queries.listing import answers_to
from callbacks.queries.map_runs import MapRunFacts, map_runs_around


def task_items(tasks: Iterable[CallbackTask]) -> list[TaskItem]:
    """Two queries: the answers and their signatures; one more for those that are in Map Runs."""
    tasks = tuple(tasks)
    answers = answers_to(task_ids=[task.pk for task in tasks])
    around = map_runs_around(executions=[task.execution for task in tasks])
    return [
        TaskItem(**_task(task, answers.get(task.pk, ()), around.get(task.execution_id)))
        for task in tasks
    ]


def task_out(task: CallbackTask) -> TaskOut:
    """The same of one, with its payloads."""
    answers = answers_to(task_ids=[task.pk]).get(task.pk, ())
    around = map_runs_around(executions=[task.execution]).get(task.execution_id)
    return TaskOut(
        **_task(task, answers, around),
        started_by=task.execution.started_by,
        input=raw_or_text(task.input),
        context=raw_or_text(task.context),
        parameters=raw_or_text(task.parameters),
    )


def answer_out(decision: Decision) -> AnswerOut:
    return AnswerOut(**_answer(decision))


def decision_out(decision: Decision, *, is_off: bool) -> DecisionOut:
    has_output = decision.output is not None
    return DecisionOut(
        **_answer(decision),
        explanation=explanation(decision, is_off=is_off),
        request=decision.request_id,
        connection=decision.connection_name,
        state_machine=decision.state_machine_name,
        execution_arn=decision.execution_arn,
        execution_name=decision.execution_name,
        state=decision.state,
        attempt=decision.attempt,
        channel=decision.channel,
        policy=PolicyName(
            id=decision.policy_id, name=decision.policy_name, version=decision.policy_version
        ),
        output=raw_or_text(decision.output_text),
        output_text=decision.output_text if has_output else None,
        error=decision.error,
        cause=decision.cause,
        payload_sha256=decision.payload_sha256,
        outcome=decision.outcome,
        aws_event=_aws_event(decision),
    )


def execution_out(
    execution: Execution, tasks: list[TaskItem], actions: list[RescueOut]
) -> ExecutionOut:
    return ExecutionOut(
        id=execution.pk,
        arn=execution.arn,
        name=execution.name,
        connection=execution.connection.name,
        state_machine=execution.state_machine.name,
        version=execution.version,
        alias=execution.alias,
        status=execution.status,
        started_at=execution.started_at,
        stopped_at=execution.stopped_at,
        started_by=execution.started_by,
        redrive_count=execution.redrive_count,
        read_at=execution.read_at,
        problem=execution.problem,
        input=raw_or_text(execution.input),
        output=raw_or_text(execution.output),
        error=execution.error,
        cause=execution.cause,
        tasks=tasks,
        actions=actions,
    )


def _dies_at(task: CallbackTask) -> DiesAt:
    is_unknown = task.deadline_kind == DeadlineKind.UNKNOWN
    earliest = None if is_unknown else task.dies_earliest
    return DiesAt(earliest=earliest, latest=task.dies_latest, reason=task.deadline_reason)


def _task(
    task: CallbackTask, answers: Iterable[Decision], around: MapRunFacts | None
) -> dict[str, Any]:
    policy = task.policy
    return {
        "id": task.pk,
        "request": task.request_id,
        "execution": task.execution_id,
        "status": task.status,
        "early_completion": task.early_completion,
        "headline": task.headline,
        "key_fields": task.key_fields,
        "asked_by": task.asked_by,
        "connection": task.connection.name,
        "state_machine": task.state_machine_name,
        "execution_arn": task.execution.arn,
        "execution_name": task.execution.name,
        "state": task.state,
        "map_run": _map_run(around),
        "iteration": task.iteration,
        "attempt": task.attempt,
        "waiting_since": task.waiting_since,
        "dies_at": _dies_at(task),
        "closed_by": None if task.is_open else _closed_by(task),
        "token_known": task.token_state == TokenState.HELD,
        "activity": _activity(task),
        "policy": PolicyName(id=policy.pk, name=policy.name, version=policy.version),
        "decisions": [answer_out(decision) for decision in answers],
    }


def _map_run(around: MapRunFacts | None) -> MapRunOut | None:
    if around is None:
        return None
    return MapRunOut(id=around.id, arn=around.arn, execution=around.execution_id)


def _activity(task: CallbackTask) -> ActivityOut | None:
    if not task.is_activity:
        return None
    return ActivityOut(arn=task.resource, picked_up_at=task.started_at, worker=task.worker)


def _closed_by(task: CallbackTask) -> ClosedBy:
    return ClosedBy(
        kind=task.closed_kind,
        at=task.closed_at,
        event_id=task.closed_event_id,
        event_type=task.closed_event_type,
    )


def _answer(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.pk,
        "task": decision.task_id,
        "direction": decision.direction,
        "status": decision.status,
        "status_at": decision.status_at,
        "send_after": decision.send_after,
        "decided_by": decision.decided_by_name,
        "decided_at": decision.decided_at,
        "reason": decision.reason,
        "votes": [
            VoteOut(
                by=vote.user_name, at=vote.at, reason=vote.reason, withdrawn_at=vote.withdrawn_at
            )
            for vote in decision.votes.all()
        ],
    }


def _aws_event(decision: Decision) -> AwsEvent | None:
    if decision.closing_event_id is None:
        return None
    return AwsEvent(
        id=decision.closing_event_id,
        type=decision.closing_event_type,
        at=decision.closing_at,
    )
