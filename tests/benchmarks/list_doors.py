"""Inbox, Waiting and the API's list in all the ways in which they are asked for.

The lists are of fifty rows at every size, or of the same few: see `mixture`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.test import Client

from callbacks.api.cursors import seal
from callbacks.models import CallbackTask, User
from callbacks.queries.paging import PAGE_SIZE, Cursor
from callbacks.queries.sight import answerable_tasks, sight_of, visible_tasks
from tests.benchmarks import mixture
from tests.benchmarks.doors import Door, signed_in
from tests.benchmarks.filling import Company

# What is searched for, by how many tasks have it.
WORDS = {
    "all have": "portugal",
    "1 in 100 has": "scarce",
    "1 in 1,000 has": "fragile",
    "twenty have, headline": "express",
    "twenty have, key fields": "lisbon",
    "twenty have, names": "kiosk",
    "none has": "nowhere",
    "none has, two letters": "qq",
}


@dataclass(frozen=True)
class _List:
    """One list as one person sees it."""

    name: str
    client: Client
    path: str
    tasks: QuerySet[CallbackTask]
    # Of a place in the list, as its address has it.
    place: Callable[[Cursor], str] = str

    def door(self, name: str, **query: str) -> Door:
        shown = f"{self.name}, {name}" if name else self.name
        address = f"{self.path}?{urlencode(query)}" if query else self.path
        return Door(shown, self.client, address)

    def ways(self) -> Iterator[Door]:
        yield self.door("")
        yield self.door("far down", cursor=self.place(self._last_full_page()))
        yield self.door("workflow of most", state_machine=mixture.WORKFLOWS[0])
        yield self.door("workflow of twenty", state_machine=mixture.WORKFLOWS[-1])

    def searches(self) -> Iterator[Door]:
        for who, word in WORDS.items():
            yield self.door(f"q: {who}", q=word)

    def _last_full_page(self) -> Cursor:
        rows = self.tasks.filter(status="waiting").order_by("dies_earliest", "id")
        first = max(0, rows.count() - PAGE_SIZE - 2)
        at, key = rows.values_list("dies_earliest", "id")[first]
        return Cursor(at=at, id=key)


def list_doors(company: Company) -> Iterator[Door]:
    inbox, fifty = _inbox("inbox", company.approver), _inbox("inbox of 50 policies", company.desk)
    little = _inbox("inbox of 50 policies with little", company.corner)
    auditor = signed_in(company.auditor)
    everything = visible_tasks(sight_of(user=company.auditor))
    waiting = _List("waiting", auditor, "/waiting/", everything)
    api = _List(
        "API", auditor, "/api/v1/tasks", everything, lambda place: seal(_API_LIST, str(place))
    )
    mine = _List("API, mine of 50 policies", signed_in(company.desk), api.path, everything)
    yield inbox.door("")
    for one in (fifty, waiting, api):
        yield from one.ways()
    yield little.door("")
    yield mine.door("", mine="true")
    for one in (fifty, waiting, api):
        yield from one.searches()


_API_LIST = "tasks.waiting.soonest"


def _inbox(name: str, user: User) -> _List:
    return _List(name, signed_in(user), "/", answerable_tasks(sight_of(user=user)))
