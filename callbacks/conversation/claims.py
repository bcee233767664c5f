"""Say that one is on it, let go of it, or hand it to somebody: hints, which block no answer."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from callbacks.asl.payload import PayloadError, check_text
from callbacks.audit import append
from callbacks.audit.actor import Actor
from callbacks.conversation.comments import MAY_COMMENT
from callbacks.conversation.errors import HeldByAnother, Refused
from callbacks.conversation.recipients import recipient
from callbacks.models import CallbackTask, Claim, Request, User
from callbacks.queries.conversation import claim_of

LONGEST_NOTE = 1_000


def take(*, task: CallbackTask, actor: Actor, now: datetime, take_over: bool = False) -> Claim:
    """Say "I am on it". Raises Refused, AuditUnavailable, and HeldByAnother without `take_over`."""
    user = _person(actor)
    _check_waits(task)
    with transaction.atomic():
        before = _before(task, user, now, take_over=take_over)
        return _put(task, actor, now, kind="request_taken", user=user, before=before)


def let_go(*, task: CallbackTask, actor: Actor, now: datetime) -> None:
    """Take the name off; whoever may see the request may do that. Raises Refused."""
    user = _person(actor)
    with transaction.atomic():
        before = _before(task, user, now, take_over=True)
        deleted, _rows = Claim.objects.filter(request_id=task.request_id).delete()
        if deleted:
            _record(task, actor, now, kind="request_let_go", to="", before=before)


def hand_over(
    *,
    task: CallbackTask,
    to: str,
    note: str,
    actor: Actor,
    now: datetime,
    take_over: bool = False,
) -> Claim:
    """Give it to a person (by username or full name) or a team, who must be able to answer it.

    Raises Refused, with words about the recipient, AuditUnavailable, and HeldByAnother without
    `take_over`.
    """
    giver = _person(actor)
    _check_waits(task)
    if len(note) > LONGEST_NOTE:
        raise Refused(f"A note has at most {LONGEST_NOTE:,} characters.", field="note")
    try:
        check_text(note)
    except PayloadError as exc:
        raise Refused(str(exc.problem), field="note") from None
    user, team = recipient(task=task, to=to)
    with transaction.atomic():
        before = _before(task, giver, now, take_over=take_over)
        kind = "request_handed_over"
        return _put(task, actor, now, kind=kind, user=user, team=team, note=note, before=before)


def _before(task: CallbackTask, user: User, now: datetime, *, take_over: bool) -> str:
    """Whose it is, where it is somebody else's; "" where it is not. Raises HeldByAnother.

    With the request locked, so that of two who take it at once the second is asked.
    """
    list(Request.objects.select_for_update().filter(pk=task.request_id).values_list("pk"))
    earlier = claim_of(task=task, now=now)
    if earlier is None or _is_theirs(earlier, user):
        return ""
    # Who gave it away may think better of it.
    if not take_over and earlier.by_id != user.pk:
        raise HeldByAnother(earlier)
    return _called(earlier.user, earlier.team)


def _person(actor: Actor) -> User:
    if actor.user is None or not actor.user.roles & MAY_COMMENT:
        raise Refused("Whoever only reads the record takes nothing over.", is_forbidden=True)
    return actor.user


def _check_waits(task: CallbackTask) -> None:
    if not task.is_waiting:
        raise Refused("This request does not wait any more.")


def _put(
    task: CallbackTask,
    actor: Actor,
    now: datetime,
    *,
    kind: str,
    user: User | None = None,
    team: Group | None = None,
    note: str = "",
    before: str = "",
) -> Claim:
    values = {"user": user, "team": team, "by": _person(actor), "note": note, "at": now}
    claim, _is_new = Claim.objects.update_or_create(request_id=task.request_id, defaults=values)
    _record(task, actor, now, kind=kind, to=_called(user, team), before=before)
    return claim


def _is_theirs(claim: Claim, user: User) -> bool:
    return claim.user_id == user.pk or claim.team_id in user.team_ids


def _called(user: User | None, team: Group | None) -> str:
    return user.username if user else str(team or "")


def _record(
    task: CallbackTask, actor: Actor, now: datetime, *, kind: str, to: str, before: str = ""
) -> None:
    """`before` is whose it was when somebody else took it over."""
    append(
        kind=kind,
        now=now,
        actor=actor,
        task_id=task.pk,
        facts={"request": str(task.request_id)},
        personal={"to": to, "before": before},
    )
