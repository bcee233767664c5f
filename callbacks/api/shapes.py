"""What the API answers, as types; the OpenAPI document is made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

TaskState = Literal["waiting", "running", "answered", "timed_out", "stopped", "closed"]
DecisionState = Literal[
    "collecting",
    "held",
    "sending",
    "sent",
    "confirmed",
    "unknown",
    "withdrawn",
    "lost",
    "refused",
]
Way = Literal["approve", "reject"]

STARTED_BY = (
    "The ARN of the execution that started this one, as its input says by AWS's convention: "
    'only as true as that input. "" where it names none.'
)


class DiesAt(BaseModel):
    """When the task dies; `earliest` differs from `latest` where a heartbeat may move it.

    Of a task whose run cannot be read nobody knows `earliest`. `reason`: timeout, heartbeat,
    execution_timeout, parent_timeout (of the run that a Map Run's child is a part of), not_started,
    one_year or unread.
    """

    earliest: datetime | None
    latest: datetime
    reason: str


class ClosedBy(BaseModel):
    """What ended the wait, as the run's history says."""

    kind: str
    at: datetime | None
    event_id: int | None
    event_type: str


class ActivityOut(BaseModel):
    """The activity whose worker is waited for."""

    arn: str
    picked_up_at: datetime | None = Field(description="null: no worker has it yet.")
    worker: str = Field(description="How the worker calls itself.")


class MapRunOut(BaseModel):
    """The run of a distributed Map in one of whose children the task is."""

    id: UUID = Field(description="For GET /tasks?map_run=, which takes the ARN as well.")
    arn: str
    execution: UUID = Field(description="The execution that it is a part of.")


class PolicyName(BaseModel):
    id: UUID
    name: str
    version: int


class VoteOut(BaseModel):
    """One person's signature under the exact bytes of the answer."""

    by: str
    at: datetime
    reason: str
    withdrawn_at: datetime | None


class AwsEvent(BaseModel):
    id: int
    type: str
    at: datetime | None


class AnswerOut(BaseModel):
    """An answer without its payload, as lists show it."""

    id: UUID
    task: UUID
    direction: Way
    status: DecisionState
    status_at: datetime
    send_after: datetime
    decided_by: str
    decided_at: datetime
    reason: str
    votes: list[VoteOut]


class DecisionOut(AnswerOut):
    explanation: str
    request: UUID
    connection: str
    state_machine: str
    execution_arn: str
    execution_name: str
    state: str
    attempt: int
    channel: str
    policy: PolicyName
    output: Any = Field(description="What was sent as output, as JSON; null for a failure.")
    output_text: str | None = Field(description="The exact text that was sent.")
    error: str
    cause: str
    payload_sha256: str
    outcome: str
    aws_event: AwsEvent | None


class TaskItem(BaseModel):
    """A task as lists show it."""

    id: UUID
    request: UUID
    execution: UUID
    status: TaskState
    early_completion: bool = Field(
        description="A job runs and nobody has to answer; an answer ends the step early."
    )
    headline: str
    key_fields: list[list[str]]
    asked_by: str
    connection: str
    state_machine: str
    execution_arn: str
    execution_name: str
    state: str
    map_run: MapRunOut | None = Field(
        description="null where the task is in no child of a distributed Map."
    )
    iteration: str
    attempt: int
    waiting_since: datetime
    dies_at: DiesAt
    closed_by: ClosedBy | None
    token_known: bool
    activity: ActivityOut | None
    policy: PolicyName
    decisions: list[AnswerOut]


class TaskOut(TaskItem):
    started_by: str = Field(description=STARTED_BY)
    input: Any = Field(description="JSON, with every task token masked.")
    context: Any = Field(description="The context object, with every task token masked.")
    parameters: Any = Field(description="What the worker got, with every task token masked.")


class TaskList(BaseModel):
    items: list[TaskItem]
    next_cursor: str | None


class PreflightProblem(BaseModel):
    field: str
    message: str
    state: str | None = Field(default=None, description="The state that stumbles over it.")
    error: str | None = Field(default=None, description="The error that the state would fail with.")
    rule: str | None = Field(default=None, description="The state's field, such as OutputPath.")
    path: str | None = Field(default=None, description="The path or formula without a value.")


class PreflightRetry(BaseModel):
    """The Retry rule that takes the error, counted from 0."""

    rule: int
    used: int = Field(description="How often it has then been used.")
    most: int = Field(description="How often it may be used.")
    seconds_least: float
    seconds_most: float


class PreflightOut(BaseModel):
    verdict: Literal["ok", "warning", "fatal", "unknown"]
    problems: list[PreflightProblem]
    explanation: list[str] = Field(description="The same as a person reads it.")
    state_output: Any = Field(description="What the state, or its catcher, hands on.")
    next_state: str | None = Field(description="The state that follows at once.")
    passed: list[str] = Field(description="Those gone through on the way that do nothing else.")
    arrives_at: str | None = Field(description="The state that then does something.")
    retry: PreflightRetry | None
    unknown: str | None = Field(description="Why it cannot be predicted.")
    outcome: Literal[
        "continues", "retried", "caught", "execution_fails", "execution_succeeds", "unknown"
    ]


class RescueOut(BaseModel):
    id: UUID
    kind: str
    status: str = Field(description="requested, sending, sent, done, refused or unknown.")
    asked_by: str
    asked_at: datetime
    reason: str
    outcome: str
    aws_said: str


class ExecutionOut(BaseModel):
    id: UUID
    arn: str
    name: str
    connection: str
    state_machine: str
    version: str = Field(description='By which version it was started, "" for none.')
    alias: str = Field(description="By which alias that led to the version.")
    status: str
    started_at: datetime
    stopped_at: datetime | None
    started_by: str = Field(description=STARTED_BY)
    redrive_count: int
    read_at: datetime | None
    problem: str = Field(description='Why its history cannot be read now, "" where it can.')
    input: Any
    output: Any
    error: str
    cause: str
    tasks: list[TaskItem] = Field(description="Those the caller may see, the latest first.")
    actions: list[RescueOut] = Field(description="Heartbeats, stops and redrives by operators.")


class ActorOut(BaseModel):
    id: int | None
    name: str


class AuditItem(BaseModel):
    seq: int
    at: datetime
    kind: str
    actor: ActorOut
    channel: str
    decision: UUID | None
    task: UUID | None
    headline: str
    facts: dict[str, str | int] | None = Field(
        description="null where the entry in the database is not one that we wrote."
    )
    personal: dict[str, str]
    entry_hash: str


class PersonalEvidence(BaseModel):
    value: str
    salt: str


class AuditEvidence(BaseModel):
    """What `verify_audit` holds an exported entry against, without the database."""

    body: str = Field(
        description="The canonical JSON (RFC 8785) that entry_hash is the SHA-256 of."
    )
    personal: dict[str, PersonalEvidence] = Field(
        description="body has SHA-256(salt + value) of each; both are empty where it was erased."
    )


class ExportedAuditItem(AuditItem):
    evidence: AuditEvidence


class AuditList(BaseModel):
    items: list[AuditItem]
    next_cursor: str | None


class PolicyOut(PolicyName):
    position: int
    is_default: bool
    connections: list[str]
    state_machine: str
    state: str
    tags: dict[str, str]
    conditions: list[Any]
    teams: dict[str, int] = Field(description="Team to how many of the approvals must be theirs.")
    users: list[str]
    approvals_needed: int
    rejections_needed: int
    own_requests_allowed: bool
    requester_path: str
    reason_rule: str
    rejection_mode: str
    rejection_errors: list[str]
    rejection_output: str
    undo_seconds: int | None
    headline: str
    question: str
    key_fields: list[Any]
    approve_label: str
    reject_label: str
    default_output: str
    output_schema: Any


class PolicyList(BaseModel):
    items: list[PolicyOut]
    next_cursor: None = None
