"""What Inbox and Waiting share: reading the address, the page of rows, and the answer to polls."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.definition import known_definition, map_labelled
from callbacks.models import CallbackTask, User
from callbacks.queries.frame import ConnectionFacts
from callbacks.queries.map_runs import names_of
from callbacks.queries.paging import PAGE_SIZE, Cursor
from callbacks.queries.tasks import (
    NEW_LIMIT,
    Order,
    TaskFilter,
    TaskPage,
    count_new,
    count_waiting,
    list_waiting,
    look_again,
)
from callbacks.templatetags.words import age
from callbacks.views.addresses import Address, Chip, read_address, read_cursor, read_uuid
from callbacks.views.frame import Frame
from callbacks.views.map_run_words import map_label
from callbacks.views.places import task_page
from callbacks.views.row_markup import BatchLine, Line, TableLine, entry, line, table_line
from callbacks.views.rows import Batch, Row, Words, group, look_of

FILTERS = ("connection", "state_machine", "state", "due", "on_it", "map_run", "q")
# The only person that the filter "on_it" takes.
ME = "me"
NAMES = (*FILTERS, "order", "cursor", "selected")
# Which list, where a page has two: JOBS, or else what waits for people.
KIND, JOBS = "kind", "jobs"
DUE = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "24h": timedelta(hours=24)}
# The filter "due" of what nothing of its own ever ends.
NEVER = "never"
_SEEN = re.compile(r"([0-9a-f]{32})~([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What the address asks for."""

    address: Address
    filters: TaskFilter
    order: Order
    cursor: Cursor | None
    selected: uuid.UUID | None


def read_list(
    *, path: str, query: Mapping[str, str], user: User, has_jobs: bool = False
) -> ListQuery:
    """Raises BadAddress for an id or a place that cannot be read; unknown words are the default."""
    names = (KIND, *NAMES) if has_jobs and query.get(KIND) == JOBS else NAMES
    address = read_address(path=path, query=query, names=names)
    return ListQuery(
        address=address,
        filters=TaskFilter(
            connection=read_uuid(address.get("connection")),
            state_machine=address.get("state_machine"),
            state=address.get("state"),
            text=address.get("q"),
            dies_within=DUE.get(address.get("due")),
            has_no_clock=address.get("due") == NEVER,
            holder=(user.pk, user.team_ids) if address.get("on_it") == ME else None,
            map_run=read_uuid(address.get("map_run")),
            jobs=bool(address.get(KIND)),
        ),
        order=Order(address.get("order")) if address.get("order") in list(Order) else Order.SOONEST,
        cursor=read_cursor(address.get("cursor")),
        selected=read_uuid(address.get("selected")),
    )


# --- the page -----------------------------------------------------------------------------------
def list_context(
    *,
    asked: ListQuery,
    tasks: QuerySet[CallbackTask],
    frame: Frame,
    total: int,
    grouped: bool = True,
) -> dict[str, Any]:
    """Everything below the title: three queries, one more where a filter has many (their count)."""
    found = list_waiting(
        tasks=tasks,
        filters=asked.filters,
        order=asked.order,
        cursor=asked.cursor,
        reader=frame.user.pk,
        now=frame.now,
    )
    rows = word_rows(page=found, frame=frame, asked=asked)
    entries = group(rows) if grouped else list(rows)
    many = len(frame.facts.connections) > 1
    matching = total
    if found.found is not None:
        matching = found.found
    elif not asked.filters.is_empty:
        is_all = asked.cursor is None and found.next is None
        matching = (
            len(found.tasks)
            if is_all
            else count_waiting(tasks=tasks, filters=asked.filters, now=frame.now)
        )
    return {
        # Named, as a template looks long for what is not there, once per row.
        "oob": False,
        "entries": _drawn(entries, grouped=grouped, with_connection=many),
        "total": total,
        "matching": matching,
        "is_filtered": not asked.filters.is_empty,
        "is_continued": asked.cursor is not None,
        "next_url": asked.address.with_(cursor=str(found.next)) if found.next else "",
        "next_size": PAGE_SIZE,
        "first_url": asked.address.with_(cursor=""),
        "state": poll_state(entries=entries, end=found.next, new=0, frame=frame),
        **filter_context(
            asked=asked, connections=frame.facts.connections, map_run=_map_run(asked, frame)
        ),
    }


def _drawn(
    entries: Sequence[Row | Batch], *, grouped: bool, with_connection: bool
) -> list[Line | BatchLine] | list[TableLine]:
    """The rows as markup: of the inbox with its batches, or of the table."""
    if grouped:
        return [entry(one, with_connection=with_connection) for one in entries]
    return [table_line(row, with_connection=with_connection) for row in flat(entries)]


def word_rows(*, page: TaskPage, frame: Frame, asked: ListQuery) -> list[Row]:
    words = Words(user_id=frame.user.pk, now=frame.now, off=frame.facts.off)
    labels = {facts.id: facts.label for facts in frame.facts.connections}
    here = asked.address.with_(cursor=asked.address.get("cursor"), selected="")
    join = "&" if "?" in here else "?"
    return [
        Row(
            task=task,
            look=look_of(task=task, answer=page.answers.get(task.id), words=words),
            connection=labels.get(task.connection_id, ""),
            waited=age(since=task.waiting_since, now=frame.now),
            url=task_page(task.id),
            open_url=f"{here}{join}selected={task.id}",
            is_selected=task.id == asked.selected,
            item=0,
            holder=page.holders.get(task.request_id, ""),
        )
        for task in page.tasks
    ]


def _map_run(asked: ListQuery, frame: Frame) -> str:
    """How people call the Map Run that is asked for; "" for those who see nothing of it."""
    run = asked.filters.map_run
    names = names_of(map_run_id=run, sight=frame.sight) if run else None
    if names is None:
        return ""
    label, definition = map_label(names[0]), known_definition(names[1])
    # Where a Map has no label, the one in the ARN is AWS's: an id.
    return (map_labelled(definition, label) if definition else "") or label


def filter_context(
    *, asked: ListQuery, connections: Sequence[ConnectionFacts], map_run: str = ""
) -> dict[str, Any]:
    """Chips, the choices of the filter menu, and the orders, each with its address."""
    address = asked.address
    names = {str(facts.id): facts.label for facts in connections}
    unknown = _("not known here")
    connection = names.get(str(asked.filters.connection), unknown)
    said: dict[str, tuple[str, Callable[[str], str]]] = {
        "connection": (_("Connection"), lambda _value: connection),
        "state_machine": (_("Workflow"), str),
        "state": (_("Step"), str),
        "due": (_("Time left"), lambda value: DUE_WORDS[value]() if value in DUE_WORDS else value),
        "on_it": (_("On it"), lambda _value: _("me and my teams")),
        "map_run": (_("Map Run"), lambda _value: map_run or unknown),
        "q": (_("Words"), str),
    }
    return {
        "address": address,
        "chips": [
            Chip(label=label, value=word(address.get(name)), url=address.without([name]))
            for name, (label, word) in said.items()
            if address.get(name) and (name != "on_it" or asked.filters.holder)
        ],
        "clear_url": address.without(FILTERS),
        "orders": [
            {"url": address.with_(order=code), "label": label(), "current": asked.order == code}
            for code, label in ORDER_WORDS.items()
        ],
        "order_label": ORDER_WORDS[asked.order](),
        "connection_choices": connections,
        "due_choices": [(code, label()) for code, label in DUE_WORDS.items()],
    }


ORDER_WORDS: Mapping[Order, Callable[[], str]] = {
    Order.SOONEST: lambda: _("Dies soonest first"),
    Order.OLDEST: lambda: _("Waiting longest first"),
    Order.NEWEST: lambda: _("Newest first"),
}
DUE_WORDS: Mapping[str, Callable[[], str]] = {
    "15m": lambda: _("under 15 min"),
    "1h": lambda: _("under 1 h"),
    "24h": lambda: _("under 24 h"),
    NEVER: lambda: _("no time limit"),
}


# --- polls --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PollState:
    """What an open page knows of itself, and sends with each poll.

    `seen` names its rows and what they looked like, `end` the last place that belongs to it
    (empty: it is the last page), `version` all of it together with counts and ages.
    """

    version: str
    seen: str
    end: str
    new: int
    # What the banners say, so that a poll puts none up twice.
    banners: str


def poll_state(
    *, entries: Sequence[Row | Batch], end: Cursor | None, new: int, frame: Frame
) -> PollState:
    seen = ".".join(f"{row.id.hex}~{row.print}" for row in flat(entries))
    warned = _hash([(b.kind, "" if b.kind == "down" else b.title) for b in frame.banners])
    counts = (frame.facts.for_me, frame.facts.waiting, new)
    own = [(answer.id, answer.status) for answer in frame.facts.own_answers]
    ages = [coarse_age(facts, frame.now) for facts in frame.facts.connections]
    return PollState(
        version=_hash((seen, counts, own, ages, warned)),
        seen=seen,
        end=str(end or ""),
        new=new,
        banners=warned,
    )


def _hash(told: object) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def coarse_age(facts: ConnectionFacts, now: datetime) -> tuple[bool, int | None]:
    """Ages in steps of a poll: a connection that is read in time changes nothing on the page."""
    failing = facts.failing_since is not None
    if facts.read_ok_at is None:
        return failing, None
    return failing, int((now - facts.read_ok_at).total_seconds()) // 10


def flat(entries: Sequence[Row | Batch]) -> list[Row]:
    return [row for one in entries for row in (one.rows if isinstance(one, Batch) else (one,))]


def poll_context(
    *,
    asked: ListQuery,
    visible: QuerySet[CallbackTask],
    listed: QuerySet[CallbackTask],
    frame: Frame,
    query: Mapping[str, str],
    grouped: bool = True,
) -> dict[str, Any] | None:
    """What changed since the page was loaded or last told; None where nothing did.

    Three queries: the rows that the page shows, their answers, and the count of new ones.
    """
    before = dict(_SEEN.findall(query.get("seen", "")))
    ids = [uuid.UUID(hex=key) for key in list(before)[:PAGE_SIZE]]
    end = read_cursor(query.get("end", ""))
    found = look_again(tasks=visible, ids=ids, reader=frame.user.pk, now=frame.now)
    place = {key: number for number, key in enumerate(ids)}
    tasks = sorted(found.tasks, key=lambda task: place[task.id])
    page = replace(found, tasks=tuple(tasks))
    rows = word_rows(page=page, frame=frame, asked=asked)
    entries = group(rows) if grouped else list(rows)
    new = count_new(
        tasks=listed,
        filters=asked.filters,
        order=asked.order,
        start=asked.cursor,
        end=end,
        shown=ids,
        now=frame.now,
    )
    state = poll_state(entries=entries, end=end, new=new, frame=frame)
    if state.version == query.get("since"):
        return None
    many = len(frame.facts.connections) > 1
    draw = line if grouped else table_line
    changed = [row for row in flat(entries) if before.get(row.id.hex) != row.print]
    batches = _changed_batches(entries, before)
    return {
        "oob": True,
        "state": state,
        "new_words": new_words(new),
        "changed": [draw(row, with_connection=many) for row in changed],
        "changed_batches": [entry(one, with_connection=many) for one in batches],
        "first_url": asked.address.with_(cursor=""),
        "address": asked.address,
        "has_new_banners": state.banners != query.get("banners"),
        "says": new_words(new) if str(new) != query.get("new", "0") and new else "",
    }


def _changed_batches(entries: Sequence[Row | Batch], before: Mapping[str, str]) -> list[Batch]:
    return [
        one
        for one in entries
        if isinstance(one, Batch) and any(before.get(row.id.hex) != row.print for row in one.rows)
    ]


def new_words(new: int) -> str:
    if new > NEW_LIMIT:
        return _("More than %(n)d new requests") % {"n": NEW_LIMIT}
    return ngettext("%(n)d new request", "%(n)d new requests", new) % {"n": new}
