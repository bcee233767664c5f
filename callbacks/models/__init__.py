"""Tables: mirror (rebuilt from AWS), record (never lost), working (in hand), and people."""

from callbacks.models.api import ApiCall, ApiKey, Scope
from callbacks.models.connection import CallBudget, CallCount, Connection, ConnectionHealth, Hint
from callbacks.models.conversation import Comment
from callbacks.models.figures import Measurement, OpinionCount, WorkflowFigures
from callbacks.models.intake import Intake, IntakeStatus
from callbacks.models.mirror import (
    MAY_WAIT,
    Definition,
    Execution,
    ExecutionStatus,
    HistorySkeleton,
    StateMachine,
    StateMachineVersion,
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
from callbacks.models.tasks import (
    OPEN_TASKS,
    CallbackTask,
    DeadlineKind,
    Request,
    TaskStatus,
    TokenState,
)
from callbacks.models.working import Claim, Draft, Lease, Presence, Pulse

__all__ = [
    "LIVE",
    "MAY_WAIT",
    "OPEN_RESCUES",
    "OPEN_TASKS",
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
    "Intake",
    "IntakeStatus",
    "Lease",
    "Measurement",
    "OpinionCount",
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
    "StateMachineVersion",
    "TaskStatus",
    "Theme",
    "TokenState",
    "User",
    "VoidOutcome",
    "Vote",
    "WorkflowFigures",
]
