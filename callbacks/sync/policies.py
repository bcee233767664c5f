"""Which policy a task gets when it opens, and when policies change: the one place that decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from callbacks.asl.lookup import Payloads
from callbacks.models import CallbackTask, Policy
from callbacks.models.searching import search_text
from callbacks.sync.matching import Subject, first_match
from callbacks.sync.summary import summarise


def current_policies() -> list[Policy]:
    """All policies in force, in the order in which they are tried; the default stands last."""
    return list(Policy.objects.current().in_order())


def policy_for(*, subject: Subject, policies: Sequence[Policy]) -> Policy:
    """Return the first policy that covers the task; the default policy covers everything."""
    found = first_match(policies, subject)
    if found is None:
        raise Policy.DoesNotExist("There is no default policy.")
    return found


def subject_of(task: CallbackTask) -> Subject:
    """The task as rules see it; wants its connection and state machine selected along."""
    machine = task.execution.state_machine
    return Subject(
        connection=task.execution.connection.name,
        state_machine=task.state_machine_name,
        state=task.state,
        tags=machine.known_tags,
        payloads=Payloads(input=task.input, context=task.context),
        is_unread=not task.execution.is_known,
    )


def shown_columns(*, subject: Subject, policies: Sequence[Policy]) -> dict[str, Any]:
    """Columns of a task that its policy decides: the policy, and what people read of the task."""
    policy = policy_for(subject=subject, policies=policies)
    summary = summarise(
        state_machine=subject.state_machine,
        state=subject.state,
        payloads=subject.payloads,
        texts=policy,
    )
    return {
        "policy": policy,
        "headline": summary.headline,
        "key_fields": [list(pair) for pair in summary.key_fields],
        "asked_by": summary.asked_by,
        "search_text": search_text(
            names=(summary.headline, subject.state_machine, subject.state, summary.asked_by),
            key_fields=summary.key_fields,
        ),
    }


def subjects_of(tasks: QuerySet[CallbackTask]) -> QuerySet[CallbackTask]:
    """Only the columns that rules look at, with what `subject_of` wants along."""
    return tasks.select_related("execution__connection", "execution__state_machine").only(
        "policy_id",
        "state_machine_name",
        "state",
        "input",
        "context",
        "dies_earliest",
        "execution__status",
        "execution__connection__name",
        "execution__state_machine__tags",
        "execution__state_machine__tags_read_at",
    )


def match_again(task: CallbackTask) -> None:
    """Put the task under the policy of today, which may be another than when it was opened."""
    if change_policy(task, policies=current_policies()):
        task.save(update_fields=CHANGES)


def change_policy(task: CallbackTask, *, policies: Sequence[Policy]) -> bool:
    """Set what today's policies make of the task; say whether another one covers it now."""
    subject = subject_of(task)
    policy = policy_for(subject=subject, policies=policies)
    if policy.pk == task.policy_id:
        task.policy = policy
        return False
    if subject.is_unread:
        # What people read of it are its worker's words.
        task.policy = policy
        return True
    for column, value in shown_columns(subject=subject, policies=policies).items():
        setattr(task, column, value)
    return True


CHANGES = ("policy", "headline", "key_fields", "asked_by", "search_text")
