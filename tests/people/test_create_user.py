"""People are made by a command, with roles and teams, and the record says so."""

import io
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from callbacks.audit import SYSTEM, AuditUnavailable
from callbacks.models import AuditEntry, AuditPersonal, Role, User
from callbacks.people import create_person, grant_role
from tests import making
from tests.audit.chains import NOW

pytestmark = pytest.mark.django_db


def run(monkeypatch: Any, *args: str, typed: str = "") -> str:
    out = StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    call_command("create_user", *args, stdout=out)
    return out.getvalue()


def test_a_person_gets_roles_and_teams(monkeypatch: Any) -> None:
    making.make_team("finance")
    options = ["--role", "approver", "--role", "auditor", "--group", "finance", "--group", "ops"]
    run(monkeypatch, "ada", *options)
    user = User.objects.get(username="ada")
    assert user.roles == {Role.APPROVER, Role.AUDITOR}
    assert set(user.groups.values_list("name", flat=True)) == {"finance", "ops"}


def test_the_password_may_come_from_standard_input(monkeypatch: Any) -> None:
    options = ["--role", "admin", "--password-stdin"]
    said = run(monkeypatch, "ada", *options, typed=f"{making.PASSWORD}\n")
    assert User.objects.get(username="ada").check_password(making.PASSWORD)
    assert making.PASSWORD not in said


def test_without_a_terminal_a_password_is_made_and_printed(monkeypatch: Any) -> None:
    said = run(monkeypatch, "ada", "--role", "admin")
    password = said.split("Password: ")[1].strip()
    assert User.objects.get(username="ada").check_password(password)


def test_two_different_passwords_make_nobody(monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = iter([making.PASSWORD, "another one altogether"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    with pytest.raises(CommandError, match="differ"):
        call_command("create_user", "ada", "--role", "admin")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("ada", "short", "too short"),
        ("ada", "", "too short"),
        ("a b", making.PASSWORD, "valid username"),
        ("taken", making.PASSWORD, "named taken already"),
    ],
)
def test_what_does_not_fit_is_said_and_makes_nobody(
    monkeypatch: Any, name: str, typed: str, says: str
) -> None:
    making.make_person("taken")
    with pytest.raises(CommandError, match=says):
        run(monkeypatch, name, "--role", "admin", "--password-stdin", typed=typed)
    assert User.objects.count() == 1


@pytest.mark.parametrize("options", [[], ["--role", "king"]])
def test_a_person_has_a_known_role(monkeypatch: Any, options: list[str]) -> None:
    with pytest.raises(CommandError, match="--role"):
        run(monkeypatch, "ada", *options)


def test_the_record_says_who_was_made_what(monkeypatch: Any) -> None:
    run(monkeypatch, "ada", "--role", "auditor", "--role", "approver", "--group", "ops")
    entry = AuditEntry.objects.get()
    body = json.loads(entry.body)
    user = User.objects.get()
    assert (body["kind"], body["channel"]) == ("person_created", "command")
    assert body["facts"] == {"person": user.pk, "roles": "approver,auditor", "teams": "ops"}
    values = dict(AuditPersonal.objects.values_list("field", "value"))
    assert values["username"] == "ada"


def test_a_person_who_cannot_be_recorded_is_not_made(monkeypatch: Any) -> None:
    def refuse(**kwargs: Any) -> None:
        raise AuditUnavailable

    monkeypatch.setattr("callbacks.people.configuration_changed", refuse)
    with pytest.raises(AuditUnavailable):
        create_person(
            username="ada", password=making.PASSWORD, roles=[Role.ADMIN], actor=SYSTEM, now=NOW
        )
    assert not User.objects.exists()


def test_a_role_given_later_is_recorded_once() -> None:
    user = making.make_person("ada", Role.APPROVER)
    for _ in range(2):
        grant_role(user=user, role=Role.AUDITOR, actor=SYSTEM, now=NOW)
    assert User.objects.get().roles == {Role.APPROVER, Role.AUDITOR}
    assert [entry.kind for entry in AuditEntry.objects.all()] == ["role_granted"]


def test_a_superuser_is_recorded_and_is_an_admin() -> None:
    call_command("createsuperuser", "--noinput", username="root", email="", stdout=StringIO())
    assert User.objects.get().roles == {Role.ADMIN}
    assert AuditEntry.objects.get().kind == "superuser_created"
