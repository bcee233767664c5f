"""The demo's people; their passwords are made once and kept for the owner of the machine."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callbacks.audit.configuration import COMMAND
from callbacks.models import Role, User
from callbacks.people import create_person

# Without letters that look like others.
LETTERS = "abcdefghkmnpqrstuvwxyz23456789"
NAMES = {
    "approver": ("Ana Lindqvist", Role.APPROVER),
    "approver2": ("Priya Raman", Role.APPROVER),
    "operator": ("Joel Okafor", Role.OPERATOR),
    "auditor": ("Sofie Keller", Role.AUDITOR),
    "admin": ("Mateo Ruiz", Role.ADMIN),
}


@dataclass(frozen=True, kw_only=True)
class SamplePerson:
    """`password` is empty where somebody of this name was there before the demo."""

    username: str
    role: str
    password: str


def ensure_people(*, kept_in: Path, now: datetime) -> list[SamplePerson]:
    """Create the people who are missing; return all. Nobody's password is ever changed.

    Raises AuditUnavailable.
    """
    passwords = json.loads(kept_in.read_text()) if kept_in.exists() else {}
    present = set(User.objects.filter(username__in=NAMES).values_list("username", flat=True))
    for username in NAMES.keys() - present - passwords.keys():
        passwords[username] = _password()
    # First the file: a person whose password nobody knows is of no use.
    _keep(kept_in, passwords)
    for username, (full_name, role) in NAMES.items():
        if username not in present:
            create_person(
                username=username,
                password=passwords[username],
                roles=[role],
                actor=COMMAND,
                now=now,
                full_name=full_name,
            )
    return [
        SamplePerson(username=name, role=role.label, password=passwords.get(name, ""))
        for name, (_, role) in NAMES.items()
    ]


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _keep(path: Path, passwords: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(passwords, file, indent=2)
