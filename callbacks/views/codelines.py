"""JSON as numbered lines of code, bounded: for definitions, which people read as code."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from callbacks.templatetags.words import shown_plain, whole

LINES = 400
LONGEST_LINE = 400
_PARTS = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?|(?P<word>-?\d[\d.eE+-]*|true|false|null)'
)


def code_lines(value: Any, *, added: Collection[str] = (), bad: Collection[str] = ()) -> SafeString:
    """The value, written with two blanks of indent, in spans that the stylesheet numbers.

    A line that holds one of the texts of `added` is marked as one to add, and one that begins with
    one of `bad` as one to look at.
    """
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    html = "".join(_line(line, _mark(line, added, bad)) for line in lines[:LINES])
    if len(lines) > LINES:
        more = _("… %(n)s more lines") % {"n": whole(len(lines) - LINES)}
        html += f'<span class="l">{escape(more)}</span>'
    return mark_safe(html)  # noqa: S308 - every piece was escaped by _coloured()


def _mark(line: str, added: Collection[str], bad: Collection[str]) -> str:
    if any(text in line for text in added):
        return " add"
    return " bad" if line.startswith(tuple(bad)) else ""


def _line(line: str, mark: str) -> str:
    return f'<span class="l{mark}">{_coloured(line)}</span>'


def _coloured(line: str) -> str:
    cut = shown_plain(line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…")
    return "".join(_pieces(cut))


def _pieces(line: str) -> Iterator[str]:
    at = 0
    for match in _PARTS.finditer(line):
        yield escape(line[at : match.start()])
        if match["text"] is None:
            yield f'<span class="n">{escape(match["word"])}</span>'
        else:
            kind = "k" if match["colon"] else "s"
            yield f'<span class="{kind}">{escape(match["text"])}</span>{match["colon"] or ""}'
        at = match.end()
    yield escape(line[at:])


def code_text(text: str) -> SafeString:
    """A JSON text as code; what is no JSON as the text that it is."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    return code_lines(value)
