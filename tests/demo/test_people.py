"""The demo's people: made once, their passwords kept for the owner of the machine only."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory
from django.utils import timezone

from callbacks.demo.people import SamplePerson, ensure_people
from callbacks.models import AuditEntry, User
from tests import making


def made_in(folder: Path) -> dict[str, SamplePerson]:
    people = ensure_people(kept_in=folder / "people.json", now=timezone.now())
    return {person.username: person for person in people}


@pytest.mark.django_db
def test_five_people_with_one_role_each(tmp_path: Path) -> None:
    assert list(made_in(tmp_path)) == ["approver", "approver2", "operator", "auditor", "admin"]
    roles = {user.username: user.roles for user in User.objects.all()}
    assert roles["approver"] == roles["approver2"] == {"approver"}
    assert roles["admin"] == {"admin"}


@pytest.mark.django_db
def test_the_printed_password_opens_the_door(tmp_path: Path) -> None:
    password = made_in(tmp_path)["approver"].password
    request = RequestFactory().post("/accounts/login/")
    assert authenticate(request, username="approver", password=password)


@pytest.mark.django_db
def test_a_second_run_prints_the_same_passwords(tmp_path: Path) -> None:
    assert made_in(tmp_path) == made_in(tmp_path)
    assert User.objects.count() == 5


@pytest.mark.django_db
def test_an_emptied_database_gets_the_people_back(tmp_path: Path) -> None:
    before = made_in(tmp_path)
    User.objects.all().delete()
    assert made_in(tmp_path) == before
    assert User.objects.count() == 5


@pytest.mark.django_db
def test_somebody_who_was_there_before_keeps_their_password(tmp_path: Path) -> None:
    admin = making.make_person("admin")
    assert made_in(tmp_path)["admin"].password == ""
    assert User.objects.get(username="admin").password == admin.password


@pytest.mark.django_db
def test_passwords_are_for_the_owner_only(tmp_path: Path) -> None:
    made_in(tmp_path)
    file = tmp_path / "people.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(set(json.loads(file.read_text()).values())) == 5


@pytest.mark.django_db
def test_the_record_says_who_was_made(tmp_path: Path) -> None:
    made_in(tmp_path)
    assert AuditEntry.objects.filter(kind="person_created").count() == 5
