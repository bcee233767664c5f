"""Many seeded courses of crashes, answers and messages: nothing lost, nothing twice, all named."""

import os
import uuid
from collections import Counter

import pytest

from callbacks.audit.verify import compare_with_file
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.takeback import withdraw
from callbacks.models import Direction, Role
from tests import making
from tests.faults.balance import take_balance
from tests.faults.schedules import START, Schedule, wire_outcomes

pytestmark = [pytest.mark.faults("mixed"), pytest.mark.django_db]

SCHEDULES = int(os.environ.get("HOLDPOINT_FAULT_SCHEDULES", "500"))
# Enough of them to differ, and few enough that several processes have something to do.
BLOCK = 250
BLOCKS = [range(start, start + BLOCK) for start in range(0, SCHEDULES, BLOCK)]
ANSWERS = (
    Answer(direction=Direction.APPROVE, output_text='{"ok": true}', reason="Fits."),
    Answer(direction=Direction.REJECT, error="Wrong", cause="Not this.", reason="No."),
)


@pytest.fixture
def make_schedule():
    actor = making.make_actor(making.make_person("ana", Role.APPROVER))
    machine = making.make_machine()

    def make(seed: int) -> Schedule:
        task = making.make_task(execution=making.make_execution(machine))
        decision = decide(
            task_id=task.pk,
            decision_id=uuid.uuid4(),
            answer=ANSWERS[seed % 2],
            actor=actor,
            undo_seconds=seed % 3 * 5,
            now=START,
        )
        return Schedule(
            seed=seed,
            decision=decision,
            undo=lambda now: withdraw(decision_id=decision.pk, actor=actor, now=now),
        )

    return make


@pytest.mark.parametrize("seeds", BLOCKS, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_whatever_crashes_and_whatever_aws_says_each_answer_ends_once_and_named(
    make_schedule, audit_sink, seeds
):
    statuses, crashes, outcomes, sends = Counter(), 0, Counter(), []
    for seed in seeds:
        schedule = make_schedule(seed)
        schedule.run()
        schedule.assert_promises()
        statuses[schedule.decision.status] += 1
        crashes += schedule.crashes
        sends += schedule.sends()
        outcomes.update(schedule.outcomes[: len(schedule.aws.calls)])
    # The courses differ enough for the promise to mean something.
    assert crashes > len(seeds) / 10
    assert set(outcomes) == set(wire_outcomes())
    assert set(statuses) == {"confirmed", "lost", "refused", "withdrawn"}
    assert take_balance(sends, runs=len(seeds)).given == len(seeds)
    compare_with_file(audit_sink)
