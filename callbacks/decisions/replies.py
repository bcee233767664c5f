"""What AWS said, or what came instead, written to the decision that it answers."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.conf import settings

from callbacks.decisions.claims import Claim
from callbacks.decisions.moves import move
from callbacks.models import Decision, DecisionStatus
from callbacks.models.secret import TokenUnreadable
from callbacks.stepfunctions import (
    InvalidOutput,
    NotSent,
    NotSentKind,
    Refused,
    RefusedKind,
    Reply,
    StepFunctionsError,
    TaskGone,
    Throttled,
)
from callbacks.stepfunctions.rights import ASSUME_ROLE

# How often credentials that had ended are renewed for one answer.
RENEWALS = 2
# The longest pause of an answer that AWS refuses while an earlier call of it is in doubt.
LONGEST_DOUBT_PAUSE = timedelta(seconds=60)


def note(*, claim: Claim, said: Reply | StepFunctionsError | TokenUnreadable) -> None:
    """Write the outcome of the call. Raises Superseded where the claim is no longer ours."""
    if isinstance(said, Reply):
        _note_taken(claim, said)
    elif isinstance(said, TokenUnreadable):
        _note_refusal(claim, code="TokenUnreadable", message=str(said), outcome="token_unreadable")
    elif _may_pass(claim.decision, said):
        release(claim=claim, code=said.code, message=said.message)
    elif said.certainly_not_applied:
        _note_refusal(
            claim,
            code=said.code,
            message=said.message,
            outcome=_why_refused(said),
            outcome_facts=_what_is_missing(said),
        )
    else:
        _doubt(claim, said)


def _may_pass(decision: Decision, error: StepFunctionsError) -> bool:
    """Certainly not applied, and by itself likely to go away: the same bytes again, later."""
    if isinstance(error, Refused) and error.kind == RefusedKind.EXPIRED_CREDENTIALS:
        # Credentials were asked for anew; where they are still too old, that is no accident.
        # Tries that failed for other reasons do not count.
        return decision.answer_code != error.code or decision.looks < RENEWALS
    return isinstance(error, Throttled) or (
        isinstance(error, NotSent) and error.kind == NotSentKind.UNREACHABLE
    )


def _why_refused(error: StepFunctionsError) -> str:
    if isinstance(error, Refused | NotSent):
        return str(error.kind)
    return "invalid_output" if isinstance(error, InvalidOutput) else "other"


def _what_is_missing(error: StepFunctionsError) -> dict[str, str]:
    if isinstance(error, NotSent) and error.kind == NotSentKind.ROLE_DENIED:
        return {"action": ASSUME_ROLE, "resource": error.resource or ""}
    if not isinstance(error, Refused):
        return {}
    return {"action": error.action or "", "resource": error.resource or ""}


def _note_taken(claim: Claim, reply: Reply) -> None:
    move(
        decision=claim.decision,
        to=DecisionStatus.SENT,
        now=claim.now,
        facts={"aws_request_id": reply.request_id},
        aws_request_id=reply.request_id,
        first_sent_at=claim.decision.first_sent_at or claim.now,
        answer_code="",
        answer_message="",
        lease_until=None,
        look_after=claim.now,
        looks=0,
    )


def release(*, claim: Claim, code: str, message: str) -> None:
    """Keep the answer for another try. It stays `sending`: once claimed, it is not taken back."""
    pause = settings.SEND_RETRY_SECONDS * random.uniform(1.0, 1.5)  # noqa: S311 - jitter
    move(
        decision=claim.decision,
        to=DecisionStatus.SENDING,
        now=claim.now,
        kind="answer_not_sent",
        facts={"code": code},
        answer_code=code,
        answer_message=message,
        lease_until=None,
        look_after=claim.now + timedelta(seconds=pause),
        # How often in a row for this reason.
        looks=claim.decision.looks + 1 if claim.decision.answer_code == code else 1,
    )


def _note_refusal(
    claim: Claim,
    *,
    code: str,
    message: str,
    outcome: str,
    outcome_facts: dict[str, str] | None = None,
) -> None:
    """Free the task for another answer, unless an earlier call of this one may still be applied."""
    # What is no JSON was none in the earlier call either.
    if claim.decision.first_sent_at is not None and outcome != "invalid_output":
        _stay_in_doubt(claim, since=claim.decision.first_sent_at, code=code, message=message)
        return
    move(
        decision=claim.decision,
        to=DecisionStatus.REFUSED,
        now=claim.now,
        facts={"code": code},
        answer_code=code,
        answer_message=message,
        lease_until=None,
        look_after=None,
        outcome=outcome,
        outcome_facts=outcome_facts or {},
    )


def _stay_in_doubt(claim: Claim, *, since: datetime, code: str, message: str) -> None:
    """This call changed nothing, but a worker may sleep just before the socket of an earlier one.

    So the task stays locked and the history tells. Each pause is as long as the doubt is old.
    """
    shortest = timedelta(seconds=settings.SEND_DOUBT_SECONDS)
    pause = min(max(claim.now - since, shortest), LONGEST_DOUBT_PAUSE)
    move(
        decision=claim.decision,
        to=DecisionStatus.UNKNOWN,
        now=claim.now,
        facts={"code": code},
        answer_code=code,
        answer_message=message,
        lease_until=None,
        look_after=claim.now + pause,
    )


def _doubt(claim: Claim, error: StepFunctionsError) -> None:
    """AWS may have taken it, now or before: from here on only the history tells."""
    # A spent token says that this call changed nothing: where no earlier one may have, an equal
    # answer in the history is somebody else's.
    may_be_ours = not isinstance(error, TaskGone)
    before = claim.decision.first_sent_at
    move(
        decision=claim.decision,
        to=DecisionStatus.UNKNOWN,
        now=claim.now,
        facts={"code": error.code},
        answer_code=error.code,
        answer_message=error.message,
        first_sent_at=before or (claim.now if may_be_ours else None),
        lease_until=None,
        look_after=claim.now,
        looks=0,
    )
