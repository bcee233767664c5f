"""`manage.py create_api_key` prints a key once, and says why it makes none."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from callbacks.models import ApiKey, AuditEntry


def test_it_prints_the_key_and_nothing_else(people, client, capsys):
    call_command("create_api_key", "approver", "--name", "robot")
    text = capsys.readouterr().out.strip()
    answer = client.get("/api/v1/tasks", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 200
    assert AuditEntry.objects.filter(kind="api_key_created").count() == 1


def test_scopes_end_and_state_machines_can_be_given(people):
    call_command(
        "create_api_key", "approver", "--name=robot", "--scope=read", "--expires-days=7",
        "--state-machine=Refunds",
    )  # fmt: skip
    key = ApiKey.objects.get()
    assert (key.scopes, key.state_machines) == (["read"], ["Refunds"])
    assert (key.expires_at - key.created_at).days == 7


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody", "--name=robot"],
        ["approver", "--name= "],
        ["approver", "--name=robot", "--expires-days=0"],
        ["approver", "--name=robot", "--expires-days=99999999999"],
    ],
)
def test_what_cannot_be_made_is_told(people, arguments):
    with pytest.raises(CommandError):
        call_command("create_api_key", *arguments)
    assert not ApiKey.objects.exists()
