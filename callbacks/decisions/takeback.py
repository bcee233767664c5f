"""Take an answer or a signature back while it is held, or send it without waiting."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from callbacks.audit.actor import Actor
from callbacks.decisions.errors import TaskUnknown, TooLate
from callbacks.decisions.hints import hint
from callbacks.decisions.moves import Superseded, move
from callbacks.decisions.votes import recount, unsign
from callbacks.models import Decision, DecisionStatus, Vote

MAY_BE_TAKEN_BACK = (DecisionStatus.COLLECTING, DecisionStatus.HELD)


def withdraw(*, decision_id: uuid.UUID, actor: Actor, now: datetime) -> Decision:
    """Take back one's own answer or signature. Raises TooLate once it is on its way.

    An answer that others have signed too goes on collecting without this signature.
    """
    try:
        with transaction.atomic():
            decision = _own(decision_id, actor)
            if decision.status not in MAY_BE_TAKEN_BACK:
                raise TooLate(decision)
            _withdraw(decision, actor, now)
    except Superseded:
        raise TooLate(Decision.objects.get(pk=decision_id)) from None
    return decision


def send_now(*, decision_id: uuid.UUID, actor: Actor, now: datetime) -> Decision:
    """End the undo window of one's own answer. Raises TooLate once it is not held any more.

    Where several signed, the window is everybody's and nobody shortens it: TooLate as well.
    """
    try:
        with transaction.atomic():
            decision = _own(decision_id, actor)
            if decision.status != DecisionStatus.HELD or decision.votes.exists():
                raise TooLate(decision)
            move(
                decision=decision,
                to=DecisionStatus.HELD,
                now=now,
                actor=actor,
                kind="answer_hurried",
                send_after=min(decision.send_after, now),
            )
    except Superseded:
        raise TooLate(Decision.objects.get(pk=decision_id)) from None
    hint("deliver_decision", decision.pk)
    return decision


def _withdraw(decision: Decision, actor: Actor, now: datetime) -> None:
    standing = Vote.objects.filter(decision=decision, withdrawn_at=None)
    if standing.exists():
        if not unsign(decision=decision, actor=actor, now=now):
            # Their signature was taken back before; the answer is the others'.
            raise TooLate(decision)
        if standing.exists():
            if decision.status == DecisionStatus.HELD:
                recount(decision=decision, now=now)
            return
    move(decision=decision, to=DecisionStatus.WITHDRAWN, now=now, actor=actor)


def _own(decision_id: uuid.UUID, actor: Actor) -> Decision:
    """The row, locked, if this person gave or signed it. Raises TaskUnknown."""
    if actor.user is None:
        raise TaskUnknown
    signed = Vote.objects.filter(decision_id=decision_id, user_id=actor.user.pk)
    decision = Decision.objects.select_for_update(of=("self",)).filter(pk=decision_id).first()
    if decision is None or (decision.decided_by_id != actor.user.pk and not signed.exists()):
        raise TaskUnknown
    return decision
