"""The pages that are measured, as a browser asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.test import Client

from callbacks.models import CallbackTask
from tests.benchmarks.bare import bare_client
from tests.benchmarks.filling import Company

if TYPE_CHECKING:
    from callbacks.models import User

BARE = "bare page of 50 rows"
HTMX = {"HX-Request": "true"}
_FIELD = re.compile(r'<input type="hidden" name="(?P<name>[a-z]+)" value="(?P<value>[^"]*)"')


@dataclass(frozen=True)
class Door:
    """One address with the person who asks."""

    name: str
    client: Client
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    def ask(self) -> bytes:
        """Raises where it does not answer as it should: a wrong page would be measured."""
        response = self.client.get(self.address, headers=dict(self.headers))
        if response.status_code != self.status:
            raise RuntimeError(f"{self.name}: {self.address} answered {response.status_code}")
        return response.content


def doors(company: Company) -> list[Door]:
    approver, auditor = _signed_in(company.approver), _signed_in(company.auditor)
    task = _some_task(company)
    bare = bare_client()
    bare.force_login(company.approver)
    return [
        Door(BARE, bare, "/bare/"),
        Door("inbox", approver, "/"),
        Door("inbox, words that many have", approver, "/?q=portugal"),
        Door("inbox, words that one has", approver, f"/?q=2026-{task.execution.name[-6:]}"),
        Door("inbox, words that none has", approver, "/?q=nowhere"),
        Door("inbox, nothing changed", approver, _poll(approver), HTMX, status=204),
        Door("inbox, rows changed", approver, _poll(approver, seen="000000"), HTMX),
        Door("waiting", auditor, "/waiting/"),
        Door("waiting, one workflow", auditor, "/waiting/?state_machine=refund"),
        Door("history", auditor, "/history/"),
        Door("request", approver, f"/tasks/{task.pk}/"),
        Door("request, technical", approver, f"/tasks/{task.pk}/?view=technical"),
        Door("connections", auditor, "/connections/"),
    ]


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _some_task(company: Company) -> CallbackTask:
    """One in the middle of the approver's inbox."""
    mine = [
        policy.pk
        for policy in company.policies
        if {one.team_id for one in policy.policy_teams.all()} <= {*_teams(company)}
    ]
    rows = CallbackTask.objects.filter(policy_id__in=mine, status="waiting")
    count = rows.count()
    return rows.select_related("execution").order_by("dies_earliest", "id")[count // 2]


def _teams(company: Company) -> list[int]:
    return list(company.approver.groups.values_list("pk", flat=True))


def _poll(client: Client, seen: str = "") -> str:
    """The address that an open inbox polls; `seen` is put for what its rows looked like."""
    page = client.get("/").content.decode()
    fields = {found["name"]: unescape(found["value"]) for found in _FIELD.finditer(page)}
    if seen:
        fields["seen"] = re.sub(r"~[0-9a-f]{6}", f"~{seen}", fields["seen"])
        fields["since"] = "changed"
    return f"/?{urlencode(fields)}"
