"""One answer for its page: the record, its task where the mirror holds it, its audit lines."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from callbacks.models import AuditEntry, CallbackTask, Decision, Vote
from callbacks.queries.lines import lines
from callbacks.queries.sight import Sight, visible_decisions


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """`task` is None while the mirror does not hold it; the record does not need it."""

    decision: Decision
    task: CallbackTask | None
    lines: Sequence[AuditEntry]
    votes: Sequence[Vote]


def find_decision(*, decision_id: uuid.UUID, sight: Sight) -> Decision | None:
    """The answer, or None where this person may not know of it; who signed it always may."""
    found = visible_decisions(sight).filter(pk=decision_id).first()
    if found is not None:
        return found
    return Decision.objects.filter(pk=decision_id, votes__user_id=sight.user_id).first()


def decision_facts(*, decision: Decision) -> DecisionFacts:
    """The task with its execution and policy, every audit entry of the answer, its signatures."""
    task = (
        CallbackTask.objects.select_related("execution__state_machine", "connection", "policy")
        .defer("input", "context", "parameters", "variables", "token_ciphertext")
        .filter(pk=decision.task_id)
        .first()
    )
    steps = lines().filter(decision_id=decision.pk).order_by("chain_seq")
    votes = Vote.objects.filter(decision=decision).order_by("at")
    return DecisionFacts(decision=decision, task=task, lines=tuple(steps), votes=tuple(votes))
