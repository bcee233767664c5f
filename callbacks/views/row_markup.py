"""The parts of a row as markup, put together once: a template would look each word up again.

A list of fifty rows spends most of its time in its template; here a part is one string. Everything
that comes from a workflow goes through `shown`, everything else through `escape`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape

from django.utils.safestring import SafeString

from callbacks.models import TaskStatus
from callbacks.templatetags.look import badge, icon
from callbacks.templatetags.words import say, shown
from callbacks.views.rows import CONNECTION_OFF, HELD_OFF, Batch, Look, Row

_ = say

FIELDS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the inbox: what its template needs, and the rest as markup."""

    id: str
    kind: str
    main: SafeString
    time: SafeString
    undo_url: str
    # What tells it from a batch.
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchLine:
    """The heading of a batch, and its items."""

    key: str
    title: SafeString
    waiting: int
    meta: SafeString
    time: SafeString
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class TableLine:
    """One row of the table of everything that waits: all its cells."""

    id: str
    cells: SafeString


def entry(one: Row | Batch, *, with_connection: bool) -> Line | BatchLine:
    """A row, or a batch with its items."""
    if isinstance(one, Row):
        return line(one, with_connection=with_connection)
    first = replace(one.first, item=0)
    return BatchLine(
        key=one.key,
        title=batch_title(one),
        waiting=one.waiting,
        meta=meta(first, with_connection=with_connection),
        time=_time(first.look),
        lines=tuple(line(row, with_connection=with_connection) for row in one.rows),
    )


def line(row: Row, *, with_connection: bool) -> Line:
    look = row.look
    return Line(
        id=str(row.id),
        kind=f"{look.kind} item" if row.item else look.kind,
        main=_main(row, with_connection=with_connection),
        time=_time(look),
        undo_url=look.undo_url,
    )


def _main(row: Row, *, with_connection: bool) -> SafeString:
    """The link with the headline, and below it the lines that say more."""
    url, current = escape(row.url), ' aria-current="true"' if row.is_selected else ""
    parts = [
        f'<a class="li-head" id="open-{row.id}" href="{url}" data-row{current}'
        f' hx-get="{url}" hx-push-url="{escape(row.open_url)}">{title(row)}</a>'
    ]
    # An item says only what tells it from its neighbours.
    if not row.item:
        parts.append(_paragraph("li-meta li-fields", fields(row)))
        parts.append(_paragraph("li-meta", meta(row, with_connection=with_connection)))
    if not row.item or row.look.kind or row.look.tone or row.look.is_off:
        parts.append(_paragraph("badges", badges(row)))
    return _safe("".join(parts))


def _time(look: Look) -> SafeString:
    return _safe(f"{left(look)}{escape(look.before)}")


def _paragraph(kind: str, markup: SafeString) -> str:
    return f'<p class="{kind}">{markup}</p>' if markup else ""


def table_line(row: Row, *, with_connection: bool) -> TableLine:
    task, look = row.task, row.look
    told = fields(row)
    small = f'<small class="li-fields">{told}</small>' if told else ""
    cells = (
        f'<td class="when">{left(look)} {_small(look.at or look.before)}</td>',
        f'<td class="title"><a id="open-{row.id}" href="{escape(row.url)}" data-row>'
        f"{title(row)}</a>{small}</td>",
        f"<td>{badges(row)}{_small_shown(look.meta) if look.meta else ''}</td>",
        f'<td class="wide-only soft workflow-cell">{shown(task.state_machine_name)}'
        f"{_small(row.connection) if with_connection else ''}</td>",
        f'<td class="wide-only mono">{shown(task.state)}</td>',
        f'<td class="soft nowrap" data-label="{escape(_age_label(row))}">{escape(row.waited)}</td>',
        f'<td class="wide-only break">{shown(task.asked_by)}</td>',
    )
    return TableLine(id=str(row.id), cells=_safe("".join(cells)))


def _age_label(row: Row) -> str:
    return _("Running") if row.task.status == TaskStatus.RUNNING else _("Waiting")


def _small_shown(text: str) -> str:
    return f"<small>{shown(text)}</small>"


def _small(text: str) -> str:
    return f"<small>{escape(text)}</small>"


# --- parts --------------------------------------------------------------------------------------
def title(row: Row) -> SafeString:
    """The headline, or the number of a Map's item with the value that tells it apart."""
    if not row.item:
        return shown(row.task.headline)
    parts = [escape(_("Item %(n)d") % {"n": row.item})]
    if row.item_value:
        parts.append(shown(row.item_value))
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
        parts.append(str(shown(row.look.meta)))
    else:
        if row.task.asked_by:
            parts.append(_("asked by %(name)s") % {"name": shown(row.task.asked_by)})
        parts.append(escape(_("%(span)s ago") % {"span": row.waited}))
    return _safe(" · ".join(parts))


def badges(row: Row) -> SafeString:
    """The state's badge, the attempt beyond the first, and the iteration it belongs to."""
    parts = [str(badge(row.look.badge))]
    if row.look.is_off and row.look.badge not in (CONNECTION_OFF, HELD_OFF):
        parts.append(str(badge(CONNECTION_OFF)))
    if row.holder:
        parts.append(_note("hand-stop", shown(row.holder)))
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
