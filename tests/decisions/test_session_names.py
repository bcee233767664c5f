"""In AWS, an answer goes out under the name of whoever gave it, where a role is assumed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client

from callbacks.decisions.deliver import deliver
from callbacks.models import (
    AuditEntry,
    AuditPersonal,
    Connection,
    Decision,
    DecisionStatus,
    RescueStatus,
    Role,
    User,
)
from callbacks.rescue.ask import stop
from callbacks.rescue.carry_out import carry_out
from callbacks.stepfunctions import forget_clients
from tests import making
from tests.stepfunctions import wire_server as on
from tests.stepfunctions.wire_server import WireServer, wire_server

pytestmark = pytest.mark.django_db
ROLE = "arn:aws:iam::123456789012:role/Holdpoint"


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[WireServer]:
    forget_clients()
    with wire_server() as server:
        server.play(on.assumed_role("ASIAANA", expires=in_minutes(60)), on.reply())
        yield server
    forget_clients()


@pytest.fixture
def ana(db: None) -> User:
    return making.make_person("ana", Role.APPROVER, Role.OPERATOR, Role.ADMIN)


def in_minutes(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def behind_a_role(wire: WireServer, **fields: Any) -> Connection:
    return making.make_connection(endpoint_url=wire.url, **{"role_arn": ROLE, **fields})


def held_answer(connection: Connection, user: User) -> Decision:
    machine = making.make_machine(connection)
    task = making.make_task(making.make_request(making.make_execution(machine)))
    return making.make_decision(task, user, send_after=datetime.now(UTC))


def send(decision: Decision) -> Decision:
    deliver(decision_id=decision.pk, now=datetime.now(UTC))
    decision.refresh_from_db()
    return decision


def session_asked_for(wire: WireServer) -> str:
    (asked,) = [one for one in wire.requests if one.operation == "AssumeRole"]
    (name,) = parse_qs(asked.body)["RoleSessionName"]
    return name


def test_an_answer_is_sent_in_a_session_that_names_who_gave_it(wire: WireServer, ana: User) -> None:
    decision = send(held_answer(behind_a_role(wire), ana))

    assert decision.status == DecisionStatus.SENT
    assert session_asked_for(wire) == f"holdpoint-{ana.pk}-ana"


def test_many_answers_of_one_person_assume_the_role_once(wire: WireServer, ana: User) -> None:
    connection = behind_a_role(wire)

    for _ in range(3):
        send(held_answer(connection, ana))

    assert wire.operations == ["AssumeRole", *["SendTaskSuccess"] * 3]


def test_the_username_can_be_kept_out_of_aws(wire: WireServer, ana: User, settings: Any) -> None:
    settings.AWS_SESSION_USERNAMES = False

    send(held_answer(behind_a_role(wire), ana))

    assert session_asked_for(wire) == f"holdpoint-{ana.pk}"


def test_without_a_role_there_is_no_name_to_choose(wire: WireServer, ana: User) -> None:
    wire.play(on.reply())

    send(held_answer(behind_a_role(wire, role_arn=""), ana))

    assert wire.operations == ["SendTaskSuccess"]
    assert not AuditPersonal.objects.filter(field="session").exists()


def test_a_role_that_sts_refuses_is_an_error_before_anything_is_sent(
    wire: WireServer, ana: User
) -> None:
    wire.play(on.role_refused("AccessDenied"))

    decision = send(held_answer(behind_a_role(wire), ana))

    assert (decision.status, decision.outcome) == (DecisionStatus.REFUSED, "role_denied")
    assert decision.first_sent_at is None
    assert set(wire.operations) == {"AssumeRole"}


def test_the_record_holds_the_name_beside_the_chain(wire: WireServer, ana: User) -> None:
    """A username is somebody's personal value, and may be erased."""
    decision = send(held_answer(behind_a_role(wire), ana))

    entry = AuditEntry.objects.get(kind="answer_sending")
    assert entry.decision_id == decision.pk
    assert entry.personal.get(field="session").value == f"holdpoint-{ana.pk}-ana"
    assert "ana" not in entry.body


def test_the_pages_of_the_answer_tell_it(wire: WireServer, ana: User, client: Client) -> None:
    decision = send(held_answer(behind_a_role(wire), ana))
    client.force_login(ana)
    told = f"Taken for sending as holdpoint-{ana.pk}-ana"

    record = client.get(f"/decisions/{decision.pk}/").content.decode()
    technical = client.get(f"/tasks/{decision.task_id}/?view=technical").content.decode()
    audit = client.get("/audit/").content.decode()

    assert told in record
    assert "Role session" in record
    assert told in technical
    assert f"holdpoint-{ana.pk}-ana" in audit


def test_an_operators_stop_goes_out_under_their_name(wire: WireServer, ana: User) -> None:
    machine = making.make_machine(behind_a_role(wire))
    action = stop(
        execution_id=making.make_execution(machine).pk,
        action_id=uuid.uuid4(),
        reason="It hangs.",
        actor=making.make_actor(ana),
        now=datetime.now(UTC),
    )

    carry_out(action_id=action.pk, now=datetime.now(UTC))

    action.refresh_from_db()
    assert action.status == RescueStatus.SENT
    assert wire.operations == ["AssumeRole", "StopExecution"]
    assert session_asked_for(wire) == f"holdpoint-{ana.pk}-ana"
    entry = AuditEntry.objects.get(kind="stop_sending")
    assert entry.personal.get(field="session").value == f"holdpoint-{ana.pk}-ana"
