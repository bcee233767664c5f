"""What a task that waits looks like in the mirror."""

from __future__ import annotations

import json

from callbacks.asl.masking import MARKER
from callbacks.models.secret import decrypt_token
from tests.sync.world import World


def test_the_founding_case_waits_in_the_mirror_after_one_pass(world: World) -> None:
    arn = world.start(input={"order": "A-1", "amount": 120.00})

    figures = world.sync()

    task = world.task(arn)
    assert (task.status, task.state, task.attempt) == ("waiting", "Approve", 1)
    assert (figures.executions_listed, figures.tasks_opened, figures.tasks_closed) == (1, 1, 0)


def test_the_token_is_kept_for_this_row_alone_and_is_the_right_one(world: World) -> None:
    arn = world.start()

    world.sync()

    task = world.task(arn)
    plain = decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)
    assert plain == world.token(arn)
    assert task.token_length == len(plain)


def test_the_context_is_what_the_worker_got_with_the_token_masked(world: World) -> None:
    arn = world.start(input={"order": "A-1"})

    world.sync()

    context = json.loads(world.task(arn).context)
    assert context["Execution"]["Id"] == arn
    assert context["Execution"]["Input"] == {"order": "A-1"}
    assert MARKER.fullmatch(context["Task"]["Token"])
