"""The panel while signatures are collected, and where they came to count for nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from callbacks.models import Decision, VoidOutcome
from callbacks.views.panels import Panel, Scene, again_url
from callbacks.views.places import task_page, withdraw_door
from callbacks.views.signing_words import Signing, signature_facts, signing_of

# The outcome of signatures shows on a page within so many seconds.
POLL_SECONDS = 3


def collecting(scene: Scene) -> Panel:
    """Who signed, who is missing, and one's own way back."""
    task = scene.task
    signing = None
    if task is not None:
        signing = signing_of(
            decision=scene.decision,
            task=task,
            votes=scene.votes,
            user_id=scene.user_id,
            now=scene.now,
        )
    if signing is not None and signing.is_outdated:
        return _outdated(scene, signing)
    return Panel(
        decision=scene.decision,
        title=_("Your signature is given") if scene.is_own else _("More signatures are needed"),
        badge="collecting",
        badge_word=signing.count if signing else "",
        texts=(_("It is sent when all have signed exactly this answer."),),
        signing=signing,
        undo_url=withdraw_door(scene.decision.pk) if scene.is_own else "",
        undo_label=_("Take my signature back"),
        poll=POLL_SECONDS,
        says=_("Your signature is given.") if scene.is_own else "",
        shows_record_link=True,
    )


def _outdated(scene: Scene, signing: Signing) -> Panel:
    return Panel(
        decision=scene.decision,
        title=_("The policy has changed since"),
        icon="shield-x",
        texts=(_("These signatures count for nothing any more. The next answer begins anew."),),
        facts=signature_facts(scene.decision, scene.votes, scene.now),
        again_url=again_url(scene) if scene.is_own else task_page(scene.decision.task_id),
        again_label=_("Sign again, as it is asked now")
        if signing.has_signed
        else _("See what is asked now"),
        shows_record_link=True,
    )


_VOIDED: Mapping[str, Callable[[], str]] = {
    VoidOutcome.OTHER_ANSWER: lambda: _(
        "Somebody proposed another answer, so these signatures are void."
    ),
    VoidOutcome.REJECTED: lambda: _("Somebody rejected the request, so these signatures are void."),
    VoidOutcome.POLICY_CHANGED: lambda: _("The policy was changed, so these signatures are void."),
    VoidOutcome.RUN_READ: lambda: _(
        "The run of this request was read after the answer was given, and shows more than there "
        "was to see then."
    ),
}


def is_void(decision: Decision) -> bool:
    return decision.outcome in _VOIDED


def voided(scene: Scene) -> Panel:
    """Why the signatures count for nothing any more."""
    return Panel(
        decision=scene.decision,
        title=_("The signatures are void")
        if scene.votes
        else _("Your answer was not sent: there is more to see now")
        if scene.is_own
        else _("An answer was not sent: there is more to see now"),
        icon="shield-x",
        texts=(_VOIDED[scene.decision.outcome]() + " " + _("This answer was not sent."),),
        facts=signature_facts(scene.decision, scene.votes, scene.now),
        again_url=task_page(scene.decision.task_id) if scene.still_waits else "",
        again_label=_("See what is asked now"),
        says=_("The signatures are void.") if scene.votes else "",
        shows_record_link=True,
    )
