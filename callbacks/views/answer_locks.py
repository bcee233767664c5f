"""Why somebody cannot answer a request, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from callbacks.decisions.people import why_not_allowed
from callbacks.decisions.policy import Refusal
from callbacks.models import (
    CallbackTask,
    Policy,
    TokenState,
    User,
)
from callbacks.views.answer_bar import Bar
from callbacks.views.off_words import how_to_switch_on


@dataclass(frozen=True, slots=True)
class Lock:
    """Why there is no form: the buttons stay, off."""

    title: str
    text: str
    icon: str
    bar: Bar


def lock_of(*, task: CallbackTask, user: User) -> Lock | None:
    """None where this person may answer."""
    why = why_not_allowed(user=user, task=task)
    if why is not None:
        return _not_yours(why, task.policy)
    if not task.connection.is_enabled:
        return _switched_off(task.connection.name)
    if task.token_state != TokenState.HELD:
        return _no_token(task)
    return None


def not_yours(*, code: str, policy: Policy) -> Lock:
    """The refusal that decide() gave, as the page words it before the click."""
    return _not_yours(Refusal(code), policy)


def _not_yours(why: Refusal, policy: Policy) -> Lock:
    text = _("You may read it.")
    if why == Refusal.NOT_NAMED:
        title, off = _("Only %(who)s may answer this") % {"who": named_in(policy)}, _("not yours")
    elif why == Refusal.NOT_APPROVER:
        title = _("Only approvers may answer this")
        off = _("you are no approver")
    elif why == Refusal.OWN_REQUEST:
        title, off = _("You asked for this yourself"), _("your own request")
        text = _("Somebody else has to answer it.")
    elif why == Refusal.ASKER_UNKNOWN:
        title, off = _("Nobody can tell who asked for this"), _("asker unknown")
        text = _(
            "The policy forbids people to answer their own requests, and the workflow did not say "
            "where the policy looks (%(path)s) whose request it is. An administrator can change "
            "the policy."
        ) % {"path": policy.requester_path}
    else:
        title, off = _("You may not answer this"), _("not for you")
    return Lock(title=title, text=text, icon="lock", bar=Bar(off=off))


def named_in(policy: Policy) -> str:
    """Whom a policy names, for people: teams first."""
    teams = sorted(one.team.name for one in policy.policy_teams.all())
    people = sorted(user.label for user in policy.users.all())
    return ", ".join([*teams, *people]) or _("every approver")


def _switched_off(name: str) -> Lock:
    return Lock(
        title=_("This connection is switched off"),
        text=f"{_('Nothing is read or sent over it.')} {how_to_switch_on(name)}",
        icon="player-stop",
        bar=Bar(off=_("connection switched off"), off_icon="player-stop"),
    )


def _no_token(task: CallbackTask) -> Lock:
    if task.is_activity and task.started_at is None:
        text = _(
            "It waits for a worker of an activity, and nobody has the token yet. Start a worker, "
            "or stop the run."
        )
        return _without_token(text)
    texts = {
        TokenState.ACTIVITY: _(
            "It waits for an activity's worker, and only that worker has the token."
        ),
        TokenState.AMBIGUOUS: _(
            "More than one text in its data may be the token, and Holdpoint never guesses."
        ),
    }
    if task.token_state == TokenState.PENDING:
        return _looking()
    usual = _("The token was not passed on in the data of this step, so it cannot be read.")
    return _without_token(
        texts.get(TokenState(task.token_state), usual)
        + " "
        + _("Whoever has the token can answer; otherwise stop the run, or restart it.")
    )


def _without_token(text: str) -> Lock:
    return Lock(
        title=_("This request cannot be answered from here"),
        text=text,
        icon="key-off",
        bar=Bar(off=_("no token"), off_icon="key-off"),
    )


def _looking() -> Lock:
    return Lock(
        title=_("Its run is being looked up"),
        text=_(
            "A program handed this request over moments ago. Holdpoint looks up which run it "
            "belongs to and who may answer it. Most are found within a minute."
        ),
        icon="hourglass",
        bar=Bar(off=_("being looked up"), off_icon="hourglass"),
    )
