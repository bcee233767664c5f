"""What Step Functions told us, as plain values: nothing in here knows botocore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

# One history event with AWS's own keys: id, previousEventId, type, timestamp (aware, UTC) and the
# details under their own names.
Event = Mapping[str, Any]


Item = TypeVar("Item", covariant=True)


class Items(tuple[Item, ...]):
    """Items of a page. Their repr is a count: what they hold may carry task tokens."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} items>"


class Events(Items[Event]):
    """History events in ascending order of their ids."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class StateMachine:
    """A line of the list of state machines. `type` is STANDARD or EXPRESS."""

    arn: str
    name: str
    type: str
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class StateMachineDetail:
    """A state machine with its definition, which is the text that AWS keeps.

    `revision_id` is None for the first revision, and from emulators that have no revisions.
    `updated_at` is only in the answer for an execution.
    """

    arn: str
    name: str
    definition: str = field(repr=False)
    type: str | None = None
    status: str | None = None
    revision_id: str | None = None
    role_arn: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    # Of a key of one's own that encrypts it: an ARN, an id or an alias, as it was given.
    kms_key: str = ""


@dataclass(frozen=True, kw_only=True)
class _StartedBy:
    """By which version an execution was started, and by which alias; None: by neither."""

    state_machine_version_arn: str | None = None
    state_machine_alias_arn: str | None = None

    @property
    def version(self) -> str:
        """Its number, "" for none."""
        return (self.state_machine_version_arn or "").rpartition(":")[2]

    @property
    def alias(self) -> str:
        return (self.state_machine_alias_arn or "").rpartition(":")[2]


@dataclass(frozen=True, kw_only=True)
class ExecutionSummary(_StartedBy):
    """A line of the list of executions."""

    arn: str
    name: str
    state_machine_arn: str
    status: str
    started_at: datetime
    stopped_at: datetime | None = None
    map_run_arn: str | None = None
    redrive_count: int = 0
    redriven_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ExecutionDetail(_StartedBy):
    """An execution. Input and output may hold tokens of other tasks, so they are not printed."""

    arn: str
    name: str | None
    state_machine_arn: str
    status: str
    started_at: datetime
    stopped_at: datetime | None = None
    input: str | None = field(default=None, repr=False)
    output: str | None = field(default=None, repr=False)
    error: str | None = None
    cause: str | None = field(default=None, repr=False)
    map_run_arn: str | None = None
    redrive_count: int = 0
    redriven_at: datetime | None = None
    redrive_status: str | None = None
    redrive_status_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class ExecutionPage:
    """One page of a listing; without `next_token` it is the last."""

    executions: tuple[ExecutionSummary, ...]
    next_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class StateTest:
    """What AWS says that one state would do (TestState). `status`: SUCCEEDED, FAILED, RETRIABLE or
    CAUGHT_ERROR; the rule's numbers count from 0, `retry_seconds` is the delay before the repeat.
    """

    status: str
    output: str | None = field(default=None, repr=False)
    next_state: str | None = None
    error: str | None = None
    cause: str | None = field(default=None, repr=False)
    retry_rule: int | None = None
    retry_seconds: int | None = None
