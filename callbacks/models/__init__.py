"""Tables: mirror (rebuilt from AWS), record (never lost), working (in hand), and people."""

from callbacks.models.api import ApiCall, ApiKey, Scope
from callbacks.models.connection import CallBudget, CallCount, Connection, ConnectionHealth, Hint
from callbacks.models.conversation import Comment
from callbacks.models.mirror import (
    CallbackTask,
    DeadlineKind,
    Definition,
    Execution,
    ExecutionStatus,
    HistorySkeleton,
    Request,
    StateMachine,
    TaskStatus,
    TokenState,
)
from callbacks.models.outside import AuditRollback, AuditTree
from callbacks.models.people import Role, RoleGrant, Theme, User
from callbacks.models.policy import Policy, PolicyTeam, ReasonRule, RejectionMode
from callbacks.models.record import (
    LIVE,
    UNSETTLED,
    VOID_OUTCOMES,
    AuditEntry,
    AuditPersonal,
    Decision,
    DecisionStatus,
    Direction,
    Reading,
    RecordError,
    VoidOutcome,
    Vote,
)
from callbacks.models.rescue import OPEN_RESCUES, RescueAction, RescueKind, RescueStatus
from callbacks.models.working import Claim, Draft, Lease, Presence, Pulse

__all__ = [
    "LIVE",
    "OPEN_RESCUES",
    "UNSETTLED",
    "VOID_OUTCOMES",
    "ApiCall",
    "ApiKey",
    "AuditEntry",
    "AuditPersonal",
    "AuditRollback",
    "AuditTree",
    "CallBudget",
    "CallCount",
    "CallbackTask",
    "Claim",
    "Comment",
    "Connection",
    "ConnectionHealth",
    "DeadlineKind",
    "Decision",
    "DecisionStatus",
    "Definition",
    "Direction",
    "Draft",
    "Execution",
    "ExecutionStatus",
    "Hint",
    "HistorySkeleton",
    "Lease",
    "Policy",
    "PolicyTeam",
    "Presence",
    "Pulse",
    "Reading",
    "ReasonRule",
    "RecordError",
    "RejectionMode",
    "Request",
    "RescueAction",
    "RescueKind",
    "RescueStatus",
    "Role",
    "RoleGrant",
    "Scope",
    "StateMachine",
    "TaskStatus",
    "Theme",
    "TokenState",
    "User",
    "VoidOutcome",
    "Vote",
]
