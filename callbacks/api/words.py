"""How an answer stands and why a person may not answer, in one sentence each."""

from __future__ import annotations

from collections.abc import Mapping

from callbacks.decisions.policy import Refusal
from callbacks.models import Decision, DecisionStatus

STANDS: Mapping[str, str] = {
    DecisionStatus.COLLECTING: "More signatures are needed before it is sent.",
    DecisionStatus.HELD: "Held, and sent at send_after; until then it can be withdrawn.",
    DecisionStatus.SENDING: "Being sent to AWS.",
    DecisionStatus.SENT: "AWS took it; the run's history is read to confirm it.",
    DecisionStatus.CONFIRMED: "The run's history shows this answer.",
    DecisionStatus.UNKNOWN: (
        "It may have arrived. The run's history is read until that is known; it is sent again only "
        "if the run still waits."
    ),
    DecisionStatus.WITHDRAWN: "Taken back; nothing was sent.",
    DecisionStatus.LOST: "The wait ended before this answer, which was not used",
    DecisionStatus.REFUSED: "It was refused; the task still waits unless it ended since",
}
# Why signatures that were given do not count: outcomes of an answer taken back by somebody else.
VOIDED: Mapping[str, str] = {
    "other_answer": "Somebody proposed another answer, so its signatures are void.",
    "rejected": "Somebody rejected the request, so its signatures are void.",
    "policy_changed": "The policy was changed, so its signatures are void.",
    "run_read": "Its run was read after the answer was given, and shows more than before.",
}
MAY_NOT: Mapping[str, str] = {
    Refusal.NOT_APPROVER: "Only approvers answer requests.",
    Refusal.NOT_NAMED: "The policy names other people.",
    Refusal.NOT_ACTIVE: "This person is not active.",
    Refusal.OWN_REQUEST: "Nobody answers a request of their own.",
    Refusal.ASKER_UNKNOWN: "The policy says where it stands who asks, and nobody stands there.",
}


OFF = "Held: the connection is switched off. Nothing is sent until it is on"


def explanation(decision: Decision, *, is_off: bool) -> str:
    """`is_off`: nobody is at it, as its connection is switched off."""
    if is_off:
        way_back = "; until then it can be withdrawn"
        return f"{OFF}{way_back if decision.status == DecisionStatus.HELD else ''}."
    if decision.status == DecisionStatus.WITHDRAWN and decision.outcome in VOIDED:
        return f"{VOIDED[decision.outcome]} Nothing was sent."
    sentence = STANDS[decision.status]
    if sentence.endswith("."):
        return sentence
    why = ": ".join(part for part in (decision.outcome, decision.answer_code) if part)
    return f"{sentence} ({why})." if why else f"{sentence}."


def may_not(code: str) -> str:
    return MAY_NOT.get(code, "The policy does not let this person answer.")


def who_and_when(decision: Decision) -> str:
    verb = "approved" if decision.direction == "approve" else "rejected"
    at = decision.decided_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{decision.decided_by_name} {verb} this at {at}; the answer is {decision.status}."
