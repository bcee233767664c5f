"""The parts of a row as markup, put together once: a template would look each word up again.

A list of fifty rows spends most of its time in its template; here a part is one string. Everything
that comes from a workflow goes through `shown`, everything else through `escape`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape

from django.utils.safestring import SafeString

from callbacks.templatetags.look import badge, icon
from callbacks.templatetags.words import say, shown
from callbacks.views.rows import Batch, Look, Row

_ = say

FIELDS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row as templates take it: plain values, and its parts as markup."""

    id: str
    row: Row
    look: Look
    url: str
    open_url: str
    kind: str
    is_selected: bool
    title: SafeString
    fields: SafeString
    meta: SafeString
    badges: SafeString
    left: SafeString
    before: str


@dataclass(frozen=True, slots=True)
class BatchLine:
    """The heading of a batch, and its items."""

    key: str
    title: SafeString
    waiting: int
    first: Line
    lines: tuple[Line, ...]


def line(row: Row, *, with_connection: bool) -> Line:
    look = row.look
    return Line(
        id=str(row.id),
        row=row,
        look=look,
        url=row.url,
        open_url=row.open_url,
        kind=f"{look.kind} item" if row.item else look.kind,
        is_selected=row.is_selected,
        title=title(row),
        # An item says only what tells it from its neighbours.
        fields=SafeString() if row.item else fields(row),
        meta=SafeString() if row.item else meta(row, with_connection=with_connection),
        badges=SafeString() if row.item and not (look.kind or look.tone) else badges(row),
        left=left(look),
        before=look.before,
    )


def entry(one: Row | Batch, *, with_connection: bool) -> Line | BatchLine:
    """A row, or a batch with its items."""
    if isinstance(one, Row):
        return line(one, with_connection=with_connection)
    return BatchLine(
        key=one.key,
        title=batch_title(one),
        waiting=one.waiting,
        first=line(replace(one.first, item=0), with_connection=with_connection),
        lines=tuple(line(row, with_connection=with_connection) for row in one.rows),
    )


def title(row: Row) -> SafeString:
    """The headline, or the number of a Map's item with the first value that tells it apart."""
    if not row.item:
        return shown(row.task.headline)
    parts = [escape(_("Item %(n)d") % {"n": row.item})]
    parts += [shown(text) for _label, text in row.task.key_fields[:1]]
    return _safe(" · ".join(parts))


def fields(row: Row) -> SafeString:
    """The workflow's own values that tell one request from the next."""
    return _safe(
        "".join(
            f"<span>{shown(label)} <b>{shown(text)}</b></span>"
            for label, text in row.task.key_fields[:FIELDS_SHOWN]
        )
    )


def meta(row: Row, *, with_connection: bool) -> SafeString:
    """Workflow, connection, and who asked when, or how it stands now."""
    parts = [str(shown(row.task.state_machine_name))]
    if with_connection:
        parts.append(escape(row.connection))
    if row.look.meta:
        parts.append(escape(row.look.meta))
    else:
        if row.task.asked_by:
            parts.append(_("asked by %(name)s") % {"name": shown(row.task.asked_by)})
        parts.append(escape(_("%(span)s ago") % {"span": row.waited}))
    return _safe(" · ".join(parts))


def badges(row: Row) -> SafeString:
    """The state's badge, the attempt beyond the first, and the iteration it belongs to."""
    parts = [str(badge(row.look.badge))]
    if row.task.attempt > 1:
        parts.append(_note("repeat", escape(_("Attempt %(n)d") % {"n": row.task.attempt})))
    if row.task.iteration and not row.item:
        parts.append(_note("stack-2", shown(row.task.iteration)))
    return _safe("".join(parts))


def left(look: Look) -> SafeString:
    """The time left; a short one counts down in the browser."""
    if not look.left:
        return SafeString()
    mark = icon(look.left_icon) if look.left_icon else ""
    text = escape(look.left)
    if look.left_until:
        text = (
            f'<time data-until datetime="{look.left_until}" data-words="{escape(look.left_words)}"'
            f' data-ended="{escape(_("time is over"))}">{text}</time>'
        )
    return _safe(f'<span class="left {look.tone}">{mark}{text}</span>')


def batch_title(batch: Batch) -> SafeString:
    """What the items have in common, and how many there are."""
    name = shown(batch.first.task.headline)
    return _safe(_("%(name)s, %(n)d items") % {"name": name, "n": len(batch.rows)})


def _note(symbol: str, text: str) -> str:
    return f"<span>{icon(symbol)}{text}</span>"


def _safe(markup: str) -> SafeString:
    """Made of escaped parts only. Not mark_safe: that looks for lazy texts each time."""
    return SafeString(markup)
