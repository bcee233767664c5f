"""The AWS boundary: the only place that imports boto3; plain values in, our own types out."""

from callbacks.stepfunctions.access import Access, without_own_endpoint
from callbacks.stepfunctions.clients import forget_clients
from callbacks.stepfunctions.errors import (
    IncompleteAnswer,
    InvalidOutput,
    KeyThrottled,
    NotFound,
    NotSent,
    NotSentKind,
    PageExpired,
    Refused,
    RefusedKind,
    StepFunctionsError,
    TaskGone,
    Throttled,
    Unanswered,
)
from callbacks.stepfunctions.facts import (
    Event,
    Events,
    ExecutionDetail,
    ExecutionPage,
    ExecutionSummary,
    StateMachine,
    StateMachineDetail,
    StateTest,
)
from callbacks.stepfunctions.hint_queue import HintQueue, Hints
from callbacks.stepfunctions.identity import Identity, require_credentials, who_we_are
from callbacks.stepfunctions.quiet import quiet_botocore
from callbacks.stepfunctions.reading import Reader
from callbacks.stepfunctions.sending import Reply, Sender
from callbacks.stepfunctions.sessions import session_name
from callbacks.stepfunctions.wire import CallCounter

__all__ = [
    "Access",
    "CallCounter",
    "Event",
    "Events",
    "ExecutionDetail",
    "ExecutionPage",
    "ExecutionSummary",
    "HintQueue",
    "Hints",
    "Identity",
    "IncompleteAnswer",
    "InvalidOutput",
    "KeyThrottled",
    "NotFound",
    "NotSent",
    "NotSentKind",
    "PageExpired",
    "Reader",
    "Refused",
    "RefusedKind",
    "Reply",
    "Sender",
    "StateMachine",
    "StateMachineDetail",
    "StateTest",
    "StepFunctionsError",
    "TaskGone",
    "Throttled",
    "Unanswered",
    "forget_clients",
    "quiet_botocore",
    "require_credentials",
    "session_name",
    "who_we_are",
    "without_own_endpoint",
]
