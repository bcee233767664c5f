"""What people did is held against the record: row by entry, entry by row."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import transaction

from callbacks.audit import verify_rows as verify_module
from callbacks.audit.actor import Actor
from callbacks.audit.faults import Fault
from callbacks.audit.verify_rows import verify_rows
from callbacks.conversation.comments import add_comment
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.takeback import withdraw
from callbacks.models import (
    AuditEntry,
    AuditPersonal,
    CallbackTask,
    Comment,
    Decision,
    Direction,
    RescueAction,
    Role,
    Vote,
)
from callbacks.rescue.ask import heartbeat, redrive, stop
from tests import making
from tests.audit.chains import NOW, run_verify, tamper

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=1)


def make_ada() -> Actor:
    return making.make_actor(making.make_person("ada", Role.APPROVER, Role.OPERATOR))


def make_shared_task() -> CallbackTask:
    """One that two have to approve."""
    return making.make_task(policy=making.make_policy(approvals_needed=2))


def answer(task: CallbackTask, actor: Actor, direction: str = Direction.APPROVE) -> Decision:
    given = {"output_text": '{"ok": true}'} if direction == Direction.APPROVE else {"error": "Bad"}
    return decide(
        task_id=task.pk, decision_id=uuid.uuid4(), actor=actor, now=NOW,
        answer=Answer(direction=direction, reason="Fits.", **given),
    )  # fmt: skip


def approve() -> Decision:
    return answer(making.make_task(), make_ada())


def reject() -> Decision:
    return answer(making.make_task(), make_ada(), Direction.REJECT)


def sign() -> Vote:
    return answer(make_shared_task(), make_ada()).votes.get()


def sign_and_withdraw() -> Vote:
    ada = make_ada()
    decision = answer(make_shared_task(), ada)
    withdraw(decision_id=decision.pk, actor=ada, now=LATER)
    return decision.votes.get()


def say() -> Comment:
    task = making.make_task()
    said = {"comment_id": uuid.uuid4(), "text": "Who knows this one?"}
    return add_comment(task=task, actor=make_ada(), now=NOW, **said)


def ask_heartbeat() -> RescueAction:
    task = making.make_task(heartbeat_seconds=60)
    return heartbeat(task_id=task.pk, **asked())


def ask_stop() -> RescueAction:
    run = making.make_execution()
    return stop(execution_id=run.pk, error="Stuck", cause="It hangs.", **asked())


def ask_redrive() -> RescueAction:
    run = making.make_execution(status="FAILED", stopped_at=NOW)
    return redrive(execution_id=run.pk, **asked())


def asked(actor: Actor | None = None) -> dict[str, object]:
    by = actor or make_ada()
    return {"action_id": uuid.uuid4(), "reason": "It hangs.", "actor": by, "now": LATER}


# By what it is called: how it comes about, and its row in the database.
DONE: dict[str, Callable[[], object]] = {
    "approval": approve,
    "rejection": reject,
    "signature": sign,
    "withdrawal": sign_and_withdraw,
    "comment": say,
    "heartbeat": ask_heartbeat,
    "stop": ask_stop,
    "redrive": ask_redrive,
}


def alter(done: object, change: str) -> None:
    table = done._meta.db_table
    tamper(f"UPDATE {table} SET {change}")  # noqa: S608 - fixed texts


@pytest.mark.parametrize("act", DONE.values(), ids=DONE)
def test_what_was_done_and_left_alone_holds(act: Callable[[], object]) -> None:
    act()
    assert sum(verify_rows().values()) >= 1


def test_the_command_says_how_much_it_held_against_the_record() -> None:
    sign_and_withdraw()
    ask_stop_by_another()
    said = run_verify()[1]
    assert "1 decisions with 1 signatures, 0 comments, 1 other actions" in said


def ask_stop_by_another() -> RescueAction:
    olu = making.make_actor(making.make_person("olu", Role.OPERATOR))
    run = making.make_execution()
    return stop(execution_id=run.pk, error="Stuck", cause="It hangs.", **asked(olu))


NOBODY = "00000000000000000000000000000001"
# How a row is altered, and what the check says is another one.
OF_A_DECISION = {
    "decided_by_id = -1": "person",
    "decided_at = '2020-01-01 00:00:00'": "time",
    "channel = 'api'": "channel",
    "execution_arn = 'arn:of:another:run'": "execution arn",
    "execution_name = 'another'": "execution name",
    "connection_name = 'another'": "connection name",
    "region = 'nowhere'": "region",
    "state_machine_name = 'another'": "state machine name",
    "iteration = 'Items[9]'": "iteration",
    "decided_by_name = 'Eve'": "name",
    "state = 'Other'": "state",
    "scheduled_event_id = 99": "scheduled event id",
    "redrive_count = 7": "redrive count",
    "payload_sha256 = '0'": "hash of its payload",
    "payload_bytes = 1": "payload bytes",
    "policy_name = 'Nobody'": "policy",
    "policy_version = 9": "policy version",
    "shown_sha256 = '0'": "shown sha256",
    "reason = 'For fun.'": "reason",
}
OF_AN_ACTION = {
    "asked_by_id = -1": "person",
    "asked_by_name = 'Eve'": "name",
    "asked_at = '2020-01-01 00:00:00'": "time",
    "channel = 'api'": "channel",
    "execution_arn = 'arn:of:another:run'": "execution arn",
    "redrive_count = 7": "redrive count",
    f"task_id = '{NOBODY}'": "task",
    "reason = 'For fun.'": "reason",
}
ALTERED: dict[Callable[[], object], dict[str, str]] = {
    approve: OF_A_DECISION
    | {"direction = 'reject'": "direction", "output = NULL": "payload sha256"},
    reject: OF_A_DECISION
    | {"error = 'Other'": "payload sha256", "cause = 'Other.'": "payload sha256"},
    sign: {
        "user_id = -1": "person",
        "user_name = 'Eve'": "name",
        "at = '2020-01-01 00:00:00'": "time",
        "channel = 'api'": "channel",
        "payload_sha256 = '0'": "payload sha256",
        "reason = 'For fun.'": "reason",
    },
    sign_and_withdraw: {"withdrawn_at = '2020-01-01 00:00:00'": "time"},
    say: {
        "text = 'I know.'": "sha256",
        "user_id = -1": "person",
        "user_name = 'Eve'": "name",
        "at = '2020-01-01 00:00:00'": "time",
        "channel = 'api'": "channel",
        f"request_id = '{NOBODY}'": "request",
        f"task_id = '{NOBODY}'": "task",
    },
    ask_heartbeat: OF_AN_ACTION
    | {"state = 'Other'": "state", "scheduled_event_id = 99": "scheduled event id"},
    ask_stop: OF_AN_ACTION
    | {
        "kind = 'redrive'": "kind",
        "error = 'Other'": "payload sha256",
        "cause = 'Other.'": "payload sha256",
        "waiting_tasks = 9": "waiting tasks",
        "live_answers = 9": "live answers",
    },
    ask_redrive: OF_AN_ACTION,
}


@pytest.mark.parametrize("act", ALTERED, ids=lambda act: act.__name__)
def test_whatever_was_altered_later_is_found(act: Callable[[], object]) -> None:
    done = act()
    for change, what in ALTERED[act].items():
        found = rf"Entry \d: \w.* {done.pk} has another {what} than it recorded"
        with transaction.atomic():
            alter(done, change)
            with pytest.raises(Fault, match=found):
                verify_rows()
            transaction.set_rollback(True)
    verify_rows()


@pytest.mark.parametrize("act", DONE.values(), ids=DONE)
def test_a_row_that_was_removed_is_found_by_its_entry(act: Callable[[], object]) -> None:
    done = act()
    if isinstance(done, Decision | Vote):
        # Whoever removes an answer takes the signatures under it, too.
        tamper("DELETE FROM callbacks_vote")
    tamper(f"DELETE FROM {done._meta.db_table}")  # noqa: S608 - fixed texts
    with pytest.raises(Fault, match=rf"Entry \d: .* {done.pk} that it recorded is missing"):
        verify_rows()


def test_a_signature_that_was_put_back_is_found() -> None:
    vote = sign_and_withdraw()
    alter(vote, "withdrawn_at = NULL")
    with pytest.raises(Fault, match=f"withdrawal of signature {vote.pk} that it recorded is miss"):
        verify_rows()


def test_a_signature_that_was_struck_out_is_found() -> None:
    vote = sign()
    alter(vote, "withdrawn_at = '2026-03-02 00:00:00'")
    with pytest.raises(Fault, match=f"No entry: withdrawal of signature {vote.pk} was never"):
        verify_rows()


def forge_decision() -> Decision:
    return making.make_decision(user=making.make_person("eve"))


def forge_vote() -> Vote:
    return making.make_vote(approve(), making.make_person("eve"))


def forge_comment() -> Comment:
    return making.make_comment(making.make_person("eve"))


def forge_action() -> RescueAction:
    return making.make_rescue(making.make_execution(), making.make_person("eve"))


@pytest.mark.parametrize("forge", [forge_decision, forge_vote, forge_comment, forge_action])
def test_a_row_that_was_never_recorded_is_found(forge: Callable[[], object]) -> None:
    put_in = forge()
    with pytest.raises(Fault, match=f"No entry: .* {put_in.pk} was never recorded"):
        verify_rows()


def test_what_is_done_during_the_check_raises_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    ask_stop()
    read = verify_module._entries
    later: list[RescueAction] = []

    def read_and_be_overtaken(kept: object, after: int) -> Iterator[list[AuditEntry]]:
        yield from read(kept, after)
        if kept.name == "action" and not later:
            later.append(ask_stop_by_another())

    monkeypatch.setattr(verify_module, "_entries", read_and_be_overtaken)
    assert verify_rows()["action"] == 2


@pytest.mark.parametrize("act", DONE.values(), ids=DONE)
def test_what_lost_its_personal_values_still_holds(act: Callable[[], object]) -> None:
    act()
    AuditPersonal.objects.update(value="", salt="")
    verify_rows()


def test_the_command_names_what_was_altered() -> None:
    alter(ask_stop(), "waiting_tasks = 0, error = ''")
    code, said = run_verify()
    assert code == 1
    assert "has another payload sha256 than it recorded" in said
