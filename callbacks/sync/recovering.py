"""Executions whose answers are not settled, and that the mirror has lost: found by the record.

What runs is listed and comes back by itself; what has ended meanwhile would never be read again.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from callbacks.models import Connection, Decision, Execution, StateMachine
from callbacks.models.identity import state_machine_id
from callbacks.stepfunctions import NotFound
from callbacks.sync.asking import Asking
from callbacks.sync.candidates import Candidate
from callbacks.sync.plan import RUNNING, Target

OPERATION = "DescribeExecution"
# More stand in the next pass.
MOST = 50


def lost_executions(connection: Connection) -> list[str]:
    """ARNs of executions with an answer under way that the mirror does not hold: one query."""
    held = Execution.objects.filter(connection=connection, arn=OuterRef("execution_arn"))
    rows = Decision.objects.unsettled().filter(~Exists(held), connection_id=connection.pk)
    return list(rows.values_list("execution_arn", flat=True).distinct()[:MOST])


def recover(*, asking: Asking, connection: Connection) -> Iterator[Candidate]:
    """Describe them and give those that have ended to the pass. Raises StepFunctionsError."""
    for arn in lost_executions(connection):
        if not asking.may(OPERATION):
            return
        try:
            detail = asking.reader.describe_execution(arn=arn)
        except NotFound:
            # AWS has forgotten it (90 days after its end).
            continue
        key = state_machine_id(connection=connection.pk, arn=detail.state_machine_arn)
        if detail.status != RUNNING and StateMachine.objects.filter(pk=key).exists():
            target = Target(
                arn=arn, name=detail.name or "", started_at=detail.started_at, has_left=True
            )
            yield Candidate(machine_id=key, target=target)
