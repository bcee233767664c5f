"""What a policy would cover if it were in force: waiting requests, and who could answer them."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass

from callbacks.models import CallbackTask, Policy
from callbacks.policies.check import who_may_answer
from callbacks.policies.fields import SAME, PolicyFields
from callbacks.sync.matching import first_match, matches
from callbacks.sync.policies import current_policies, subject_of, subjects_of
from callbacks.sync.summary import summarise

# What dies soonest is looked at; a trial of a hundred thousand would keep its writer waiting.
MOST_TASKS = 2_000
MOST_CHARACTERS = 20_000_000
MOST_SHOWN = 10
MOST_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class Example:
    """A waiting request as it would read under the policy."""

    task_id: uuid.UUID
    headline: str
    key_fields: tuple[tuple[str, str], ...]
    asked_by: str


@dataclass(frozen=True, slots=True)
class Trial:
    """`taken` counts tasks that fit, but that an earlier policy covers, by its name."""

    looked_at: int
    is_all: bool
    covered: int
    examples: tuple[Example, ...]
    taken: tuple[tuple[str, int], ...]
    people: tuple[str, ...]
    people_count: int


def try_out(*, fields: PolicyFields) -> Trial:
    """Match the policy against what waits, in its place among those in force."""
    draft, order = in_place(fields)
    looked_at, is_all = _waiting()
    covered: list[CallbackTask] = []
    taken: Counter[str] = Counter()
    for task in looked_at:
        subject = subject_of(task)
        if not matches(draft, subject):
            continue
        first = first_match(order, subject)
        if first is draft:
            covered.append(task)
        elif first is not None:
            taken[first.name] += 1
    people = who_may_answer(fields)
    return Trial(
        looked_at=len(looked_at),
        is_all=is_all,
        covered=len(covered),
        examples=tuple(_example(task, draft) for task in covered[:MOST_SHOWN]),
        taken=tuple(taken.most_common()),
        people=tuple(person.label for person in people[:MOST_PEOPLE]),
        people_count=people.count(),
    )


def in_place(fields: PolicyFields) -> tuple[Policy, list[Policy]]:
    """The draft as a row that is never saved, and the order in which it would be tried."""
    draft = Policy(
        name=fields.name,
        is_default=fields.is_default,
        **{name: getattr(fields, name) for name in SAME},
    )
    order = current_policies()
    names = [policy.name for policy in order]
    if fields.name in names:
        order[names.index(fields.name)] = draft
    else:
        order.insert(max(0, len(order) - 1), draft)
    return draft, order


def _waiting() -> tuple[list[CallbackTask], bool]:
    """As many as can be looked at while somebody waits, and whether these are all."""
    rows = subjects_of(CallbackTask.objects.waiting()).order_by("dies_earliest", "id")
    looked_at: list[CallbackTask] = []
    characters = 0
    for task in rows[: MOST_TASKS + 1].iterator(chunk_size=100):
        if len(looked_at) == MOST_TASKS or characters > MOST_CHARACTERS:
            return looked_at, False
        looked_at.append(task)
        characters += len(task.input) + len(task.context)
    return looked_at, True


def _example(task: CallbackTask, draft: Policy) -> Example:
    subject = subject_of(task)
    summary = summarise(
        state_machine=subject.state_machine,
        state=subject.state,
        payloads=subject.payloads,
        texts=draft,
    )
    return Example(task.pk, summary.headline, summary.key_fields, summary.asked_by)
