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
from callbacks.queries.sight import answerable_tasks, sight_of
from tests.benchmarks.bare import bare_client
from tests.benchmarks.filling import Company

if TYPE_CHECKING:
    from callbacks.models import User

BARE = "bare page of 50 rows"
HTMX = {"HX-Request": "true"}
# A row of Inbox or Waiting, or an item of the API's list.
_ROW = re.compile(rb'<(?:tr|li class="li [^"]*") id="task-|"key_fields":')
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
    """Each kind of page; the lists and searches, of which there are many, are in `list_doors`."""
    approver, auditor = signed_in(company.approver), signed_in(company.auditor)
    task = _some_task(company)
    bare = bare_client()
    bare.force_login(company.approver)
    return [
        Door(BARE, bare, "/bare/"),
        Door("inbox, nothing changed", approver, _poll(approver), HTMX, status=204),
        Door("inbox, rows changed", approver, _poll(approver, seen="000000"), HTMX),
        Door("history", auditor, "/history/"),
        Door("request", approver, f"/tasks/{task.pk}/"),
        Door("request, technical", approver, f"/tasks/{task.pk}/?view=technical"),
        Door("connections", auditor, "/connections/"),
        Door("connection", auditor, f"/connections/{company.connections[0].pk}/"),
    ]


def rows_in(content: bytes) -> int:
    """Tasks of a list, or lines of a table; nothing where a page is no list."""
    return len(_ROW.findall(content))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _some_task(company: Company) -> CallbackTask:
    """One in the middle of those in the approver's inbox that have an answered attempt."""
    mine = answerable_tasks(sight_of(user=company.approver))
    rows = mine.filter(status="waiting", attempt=2)
    return rows.order_by("dies_earliest", "id")[rows.count() // 2]


def _poll(client: Client, seen: str = "") -> str:
    """The address that an open inbox polls; `seen` is put for what its rows looked like."""
    page = client.get("/").content.decode()
    fields = {found["name"]: unescape(found["value"]) for found in _FIELD.finditer(page)}
    if seen:
        fields["seen"] = re.sub(r"~[0-9a-f]{6}", f"~{seen}", fields["seen"])
        fields["since"] = "changed"
    return f"/?{urlencode(fields)}"
