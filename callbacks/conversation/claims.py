"""Say that one is on it, let go of it, or hand it to somebody: hints, which block no answer."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from callbacks.audit import append
from callbacks.audit.actor import Actor
from callbacks.conversation.comments import MAY_COMMENT
from callbacks.conversation.errors import HeldByAnother, Refused
from callbacks.decisions.people import why_not_allowed
from callbacks.models import CallbackTask, Claim, User
from callbacks.queries.conversation import claim_of

LONGEST_NOTE = 1_000


def take(*, task: CallbackTask, actor: Actor, now: datetime, take_over: bool = False) -> Claim:
    """Say "I am on it". Raises Refused, AuditUnavailable, and HeldByAnother without `take_over`."""
    user = _person(actor)
    _check_waits(task)
    with transaction.atomic():
        earlier = claim_of(task=task, now=now)
        of_another = earlier if earlier and not _is_theirs(earlier, user) else None
        if of_another and not take_over:
            raise HeldByAnother(of_another)
        before = _called(of_another.user, of_another.team) if of_another else ""
        return _put(task, actor, now, kind="request_taken", user=user, before=before)


def let_go(*, task: CallbackTask, actor: Actor, now: datetime) -> None:
    """Take the name off; whoever may see the request may do that. Raises Refused."""
    _person(actor)
    with transaction.atomic():
        deleted, _rows = Claim.objects.filter(request_id=task.request_id).delete()
        if deleted:
            _record(task, actor, now, kind="request_let_go", to="")


def hand_over(*, task: CallbackTask, to: str, note: str, actor: Actor, now: datetime) -> Claim:
    """Give it to a person (by username) or a team, who must be able to answer it.

    Raises Refused, with words about the recipient, and AuditUnavailable.
    """
    _person(actor)
    _check_waits(task)
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise Refused(f"A note has at most {LONGEST_NOTE:,} characters and no NUL.")
    user = User.objects.filter(username=to, is_active=True).first()
    if user is not None:
        if why_not_allowed(user=user, task=task) is not None:
            raise Refused(f"{user.label} may not answer this request, so it cannot be theirs.")
        return _put(task, actor, now, kind="request_handed_over", user=user, note=note)
    team = Group.objects.filter(name=to).first()
    if team is None:
        raise Refused(f"There is no person and no team “{to}”.")
    if not any(why_not_allowed(user=one, task=task) is None for one in team.user_set.all()):
        raise Refused(f"Nobody of {team.name} may answer this request.")
    return _put(task, actor, now, kind="request_handed_over", team=team, note=note)


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
    with transaction.atomic():
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
