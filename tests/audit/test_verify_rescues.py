"""What people did beside answering is held against the record: row by entry, entry by row."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from callbacks.audit import verify_rescues as verify_module
from callbacks.audit.faults import Fault
from callbacks.audit.verify_rescues import verify_rescues
from callbacks.models import AuditEntry, AuditPersonal, RescueAction, Role
from callbacks.rescue.ask import heartbeat, redrive, stop
from tests import making
from tests.audit.chains import NOW, run_verify, tamper

pytestmark = pytest.mark.django_db


def ask_heartbeat(**asked: object) -> RescueAction:
    task = making.make_task(heartbeat_seconds=60)
    return heartbeat(task_id=task.pk, **asked)


def ask_stop(**asked: object) -> RescueAction:
    run = making.make_execution()
    return stop(execution_id=run.pk, error="Stuck", cause="It hangs.", **asked)


def ask_redrive(**asked: object) -> RescueAction:
    run = making.make_execution(status="FAILED", stopped_at=NOW)
    return redrive(execution_id=run.pk, **asked)


ASKED = {"heartbeat": ask_heartbeat, "stop": ask_stop, "redrive": ask_redrive}
Asked = Callable[..., RescueAction]


@pytest.fixture(params=ASKED)
def action(request: pytest.FixtureRequest) -> RescueAction:
    """Each kind in its turn, asked for by an operator through the product's own door."""
    olu = making.make_actor(making.make_person("olu", Role.OPERATOR))
    asked: Asked = ASKED[request.param]
    now = NOW + timedelta(minutes=1)
    return asked(action_id=uuid.uuid4(), reason="It hangs.", actor=olu, now=now)


@pytest.fixture
def stopped() -> RescueAction:
    olu = making.make_actor(making.make_person("olu", Role.OPERATOR))
    return ask_stop(action_id=uuid.uuid4(), reason="It hangs.", actor=olu, now=NOW)


def test_an_untouched_action_holds(action: RescueAction) -> None:
    assert verify_rescues() == 1
    assert "1 other actions" in run_verify()[1]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("asked_by_id = -1", "person"),
        ("asked_at = '2020-01-01 00:00:00'", "time"),
        ("channel = 'api'", "channel"),
        ("execution_arn = 'arn:of:another:run'", "execution arn"),
        ("redrive_count = 7", "redrive count"),
        ("task_id = '00000000000000000000000000000001'", "task"),
        ("reason = 'For fun.'", "reason"),
    ],
)
def test_an_altered_action_is_found(action: RescueAction, change: str, what: str) -> None:
    tamper(f"UPDATE callbacks_rescueaction SET {change}")  # noqa: S608 - fixed texts
    with pytest.raises(Fault, match=f"Entry 1: action {action.pk} has another {what} than it"):
        verify_rescues()


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("kind = 'redrive'", "kind"),
        ("error = 'Other'", "payload sha256"),
        ("cause = 'Other.'", "payload sha256"),
        ("waiting_tasks = 9", "waiting tasks"),
        ("live_answers = 9", "live answers"),
    ],
)
def test_what_a_stop_said_and_cost_cannot_be_altered(change: str, what: str) -> None:
    tamper(f"UPDATE callbacks_rescueaction SET {change}")  # noqa: S608 - fixed texts
    with pytest.raises(Fault, match=f"Entry 1: .* has another {what} than it recorded"):
        verify_rescues()


def test_a_removed_action_is_found_by_its_entry(action: RescueAction) -> None:
    tamper("DELETE FROM callbacks_rescueaction")
    with pytest.raises(Fault, match=f"Entry 1: action {action.pk} that it recorded is missing"):
        verify_rescues()


def test_an_action_that_was_never_recorded_is_found(action: RescueAction) -> None:
    put_in = making.make_rescue(making.make_execution(), making.make_person("eve"))
    with pytest.raises(Fault, match=f"No entry: action {put_in.pk} was never recorded"):
        verify_rescues()


def test_an_action_that_is_asked_for_during_the_check_raises_no_alarm(
    stopped: RescueAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = verify_module._entries
    later: list[RescueAction] = []

    def read_and_be_overtaken(*after: int) -> Iterator[list[AuditEntry]]:
        yield from read(*after)
        if not later:
            ana = making.make_actor(making.make_person("ana", Role.OPERATOR))
            asked = {"reason": "Again.", "actor": ana, "now": NOW + timedelta(minutes=1)}
            later.append(ask_stop(action_id=uuid.uuid4(), **asked))

    monkeypatch.setattr(verify_module, "_entries", read_and_be_overtaken)
    assert verify_rescues() == 2


def test_an_action_whose_reason_was_erased_still_holds(action: RescueAction) -> None:
    AuditPersonal.objects.update(value="", salt="")
    assert verify_rescues() == 1


@pytest.mark.usefixtures("stopped")
def test_the_command_names_an_altered_action() -> None:
    tamper("UPDATE callbacks_rescueaction SET waiting_tasks = 0, error = ''")
    code, said = run_verify()
    assert code == 1
    assert "has another payload sha256 than it recorded" in said
