"""Why an answer was refused, in words: by AWS, or by us before it could leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from callbacks.models import Decision
from callbacks.views.panels import Fact, Panel, Scene, own_words, short_text, still_words, who_facts
from callbacks.views.places import answer_again


def refused(scene: Scene) -> Panel:
    decision = scene.decision
    missing = _missing_right(scene)
    return Panel(
        decision=decision,
        title=_("AWS refused the answer")
        if decision.outcome not in _OWN_REFUSALS
        else _("The answer could not be sent"),
        tone="fatal",
        icon="circle-x",
        is_alert=True,
        texts=(_why_refused(scene), _waits_on(scene)),
        facts=(
            *((Fact(_("Missing right"), missing, is_code=True),) if missing else ()),
            *(() if scene.is_own else who_facts(scene)),
            *_said(decision),
        ),
        again_url=answer_again(task_id=decision.task_id, decision_id=decision.pk)
        if scene.is_own and scene.still_waits
        else "",
        again_label=_("Try again"),
        copy=_for_the_administrator(decision, missing) if scene.is_own else "",
        own_text="" if scene.still_waits or not scene.is_own else own_words(decision),
        says=_("AWS refused the answer"),
        shows_record_link=True,
    )


# Refusals that never reached AWS.
_OWN_REFUSALS = frozenset(
    {"token_unreadable", "credentials", "role_denied", "configuration", "unreachable"}
)
_REFUSALS: Mapping[str, Callable[[], str]] = {
    "access_denied": lambda: _("Holdpoint's role may not answer tasks of %(workflow)s."),
    "expired_credentials": lambda: _("Holdpoint's own credentials for AWS have run out."),
    "bad_credentials": lambda: _("AWS does not accept Holdpoint's own credentials."),
    "credentials": lambda: _("Holdpoint has no credentials for this account."),
    "role_denied": lambda: _(
        "AWS does not let Holdpoint into the role through which it answers %(workflow)s."
    ),
    "configuration": lambda: _("This connection is set up wrongly."),
    "clock": lambda: _("The clock of Holdpoint's machine differs too much from AWS's."),
    "invalid_request": lambda: _("AWS did not accept the form of the answer."),
    "invalid_output": lambda: _("AWS could not read the answer as JSON."),
    "key_state": lambda: _("The key that encrypts this workflow's data is switched off now."),
    "kms": lambda: _("The key that encrypts this workflow's data cannot be used by Holdpoint."),
    "wrong_token": lambda: _(
        "The token that a worker handed over for this step answers nothing any more. The step "
        "still waits, for a worker who has its token."
    ),
    "token_unreadable": lambda: _("The task's token cannot be read any more with today's keys."),
}


def _why_refused(scene: Scene) -> str:
    words = _REFUSALS.get(scene.decision.outcome, lambda: _("AWS did not take the answer."))
    return words().replace("%(workflow)s", scene.decision.state_machine_name)


def _waits_on(scene: Scene) -> str:
    if scene.task is None or not scene.still_waits:
        return _("Nothing was applied.")
    return _("Nothing was applied, and your text is kept. %(still)s") % {
        "still": still_words(scene.task)
    }


def _missing_right(scene: Scene) -> str:
    """The right, with what it is needed on where that is not the workflow itself; "" for none."""
    outcome, facts = scene.decision.outcome, scene.decision.outcome_facts
    action = str(facts.get("action", ""))
    if outcome == "role_denied":
        return f"{action} on {facts['resource']}" if facts.get("resource") else action
    if outcome != "access_denied":
        return ""
    if action:
        return action
    return "states:SendTaskSuccess" if scene.is_approval else "states:SendTaskFailure"


def _said(decision: Decision) -> tuple[Fact, ...]:
    said = ": ".join(part for part in (decision.answer_code, decision.answer_message) if part)
    return (Fact(_("AWS said"), short_text(said), is_code=True),) if said else ()


def _for_the_administrator(decision: Decision, missing: str) -> str:
    lines = (
        f"{decision.connection_name} · {decision.region} · {decision.state_machine_name}",
        missing or decision.outcome,
        f"{decision.answer_code}: {decision.answer_message}",
    )
    return "\n".join(lines)
