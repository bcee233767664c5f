"""Steps that wait for a job by themselves and that an answer can end early: what that does."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Early:
    """What is said above the form of an answer that ends such a step."""

    title: str
    text: str
    consent: str


def early_words() -> Early:
    return Early(
        title=_("Nobody has to answer this: a job runs"),
        text=_(
            "The workflow waits for the end of the job and then goes on by itself. An answer from "
            "here ends this step early. The job itself goes on running; the workflow stops waiting "
            "for it."
        ),
        consent=_("I mean to end the step early, although the job goes on running"),
    )


def early_fact() -> str:
    """For the technical view."""
    return _("possible: the step was given its token, and waits for nobody")


def approve_words() -> str:
    return _("End it early")


def reject_words() -> str:
    return _("Fail it early")


def approve_effect() -> str:
    return _("the job goes on")
