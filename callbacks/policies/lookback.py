"""What a policy would have refused of the answers of the last weeks, had it been in force.

Teams are those of today; that somebody was deactivated or is no approver any more is no reason.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from django.contrib.auth.models import Group

from callbacks.decisions.answer import Answer, check_answer, under
from callbacks.decisions.errors import InvalidAnswer
from callbacks.decisions.people import facts_of
from callbacks.decisions.policy import PersonFacts, Refusal, Rule, missing, refusal
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Direction,
    Policy,
    RejectionMode,
    User,
    Vote,
)
from callbacks.policies.fields import PolicyFields
from callbacks.policies.trial import in_place
from callbacks.sync.matching import first_match
from callbacks.sync.policies import subject_of, subjects_of
from callbacks.sync.summary import summarise

LOOK_BACK = timedelta(days=30)
MOST_ANSWERS = 2_000
MOST_SHOWN = 10
# A form may take long to check; whoever tries a policy out does not wait much longer than this.
PATIENCE_SECONDS = 3.0
CHUNK = 100
TAKEN = (DecisionStatus.SENT, DecisionStatus.CONFIRMED)


class Objection(StrEnum):
    OWN_REQUEST = "own_request"
    NOT_NAMED = "not_named"
    SIGNATURES = "signatures"
    REASON = "reason"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that AWS took and that the policy would not have let out."""

    decision_id: uuid.UUID
    headline: str
    objection: Objection


@dataclass(frozen=True, slots=True)
class Lookback:
    """`covered` of the answers were to requests that the policy would have covered.

    `is_all` is False where older answers of the time were not looked at.
    """

    looked_at: int
    is_all: bool
    covered: int
    refused: int
    objections: tuple[tuple[Objection, int], ...]
    examples: tuple[Refused, ...]


def look_back(*, fields: PolicyFields, now: datetime) -> Lookback:
    """Hold the policy against the latest answers that AWS took; a few queries per hundred."""
    draft, order = in_place(fields)
    rule, until = _rule(fields), time.monotonic() + PATIENCE_SECONDS
    rows = Decision.objects.filter(status__in=TAKEN, decided_at__gte=now - LOOK_BACK)
    latest = rows.order_by("-decided_at", "-id")[: MOST_ANSWERS + 1]
    looked_at, covered, found, is_all = 0, 0, list[Refused](), True
    for answer, case in _cases(latest.iterator(chunk_size=CHUNK), draft, order):
        if looked_at == MOST_ANSWERS or time.monotonic() > until:
            is_all = False
            break
        looked_at += 1
        covered += case is not None
        if case is not None and (objection := _objection(case, draft, rule)):
            found.append(Refused(answer.pk, answer.headline, objection))
    return Lookback(
        looked_at=looked_at,
        is_all=is_all,
        covered=covered,
        refused=len(found),
        objections=tuple(Counter(one.objection for one in found).most_common()),
        examples=tuple(found[:MOST_SHOWN]),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """An answer to what the draft would cover, and who gave or signed it."""

    answer: Decision
    asked_by: str
    signers: Sequence[PersonFacts]


def _cases(
    answers: Iterator[Decision], draft: Policy, order: Sequence[Policy]
) -> Iterator[tuple[Decision, _Case | None]]:
    while chunk := list(islice(answers, CHUNK)):
        tasks = subjects_of(CallbackTask.objects.all()).in_bulk([one.task_id for one in chunk])
        people = _people(chunk)
        for answer in chunk:
            # The mirror may have forgotten the task.
            task = tasks.get(answer.task_id)
            subject = subject_of(task) if task else None
            if subject is None or first_match(order, subject) is not draft:
                yield answer, None
                continue
            asked_by = summarise(
                state_machine=subject.state_machine,
                state=subject.state,
                payloads=subject.payloads,
                texts=draft,
            ).asked_by
            yield answer, _Case(answer, asked_by, people[answer.pk])


def _people(answers: Sequence[Decision]) -> Mapping[uuid.UUID, Sequence[PersonFacts]]:
    signed: dict[uuid.UUID, set[int]] = defaultdict(set)
    votes = Vote.objects.filter(decision__in=answers, withdrawn_at=None)
    for decision_id, user_id in votes.values_list("decision_id", "user_id"):
        signed[decision_id].add(user_id)
    for answer in answers:
        if not signed[answer.pk] and answer.decided_by_id is not None:
            signed[answer.pk].add(answer.decided_by_id)
    facts = {one.id: one for one in facts_of(set().union(*signed.values()))}
    return {key: [facts[user] for user in users if user in facts] for key, users in signed.items()}


def _objection(case: _Case, draft: Policy, rule: Rule) -> Objection | None:
    then = [replace(one, is_active=True, is_approver=True) for one in case.signers]
    refusals = {refusal(person=one, rule=rule, asked_by=case.asked_by) for one in then}
    if Refusal.OWN_REQUEST in refusals:
        return Objection.OWN_REQUEST
    if refusals - {None, Refusal.ASKER_UNKNOWN}:
        return Objection.NOT_NAMED
    is_approval = case.answer.direction == Direction.APPROVE
    rule = replace(rule, names_asker=False)
    lacking = missing(rule=rule, is_approval=is_approval, signers=then, asked_by=case.asked_by)
    if not lacking.is_nothing:
        return Objection.SIGNATURES
    return _objection_to_form(case.answer, draft)


def _objection_to_form(decision: Decision, draft: Policy) -> Objection | None:
    try:
        check_answer(under(_answer_of(decision, draft), draft), policy=draft, ends_early=False)
    except InvalidAnswer as exc:
        return Objection.REASON if set(exc.errors) == {"reason"} else Objection.FORM
    return None


def _answer_of(decision: Decision, draft: Policy) -> Answer:
    answer = Answer(
        direction=Direction(decision.direction), reason=decision.reason, empty_is_meant=True
    )
    if decision.direction == Direction.APPROVE:
        return replace(answer, output_text=decision.output_text)
    if draft.rejection_mode == RejectionMode.SUCCESS:
        return answer
    if decision.output is not None:
        # Rejected by a success, with no error to choose: any that is allowed would have done.
        return replace(answer, error=next(iter(draft.rejection_errors), ""))
    return replace(answer, error=decision.error, cause=decision.cause)


def _rule(fields: PolicyFields) -> Rule:
    """The draft has no rows of its own to read it from."""
    teams = dict(Group.objects.filter(name__in=fields.teams).values_list("name", "pk"))
    users = User.objects.filter(username__in=fields.users).values_list("pk", flat=True)
    counts = {teams[name]: count for name, count in fields.teams.items() if name in teams}
    return Rule(
        team_ids=frozenset(counts),
        user_ids=frozenset(users),
        approvals_needed=fields.approvals_needed,
        rejections_needed=fields.rejections_needed,
        of_teams=tuple((team, count) for team, count in counts.items() if count),
        own_requests_allowed=fields.own_requests_allowed,
        names_asker=bool(fields.requester_path),
    )
