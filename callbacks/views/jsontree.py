"""A workflow's JSON as a folded tree: inert HTML, bounded however large or deep the text is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.masking import MARKER
from callbacks.asl.places import step
from callbacks.templatetags.words import shown, whole

# What a page shows of one text; all of it stands behind "the text as it is".
NODES = 1_500
LETTERS = 120_000
LEVELS = 40
OPEN_LEVELS = 3
OPEN_MEMBERS = 40
SHORT_TEXT = 200
LONG_TEXT = 8_000
# JSON in a text of JSON in a text: unfolded on demand.
INNER_LEVELS = 5
_BLANKS = re.compile(r"(?:\\[nrt]|\s){12,}")


class Number(str):
    """A number, true, false or null as it was written: nothing is rounded."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """An object's members in their order; a key that stands twice is there twice."""


@dataclass(frozen=True, slots=True)
class Tree:
    """`fields` counts the values of the whole text, shown or not; None where it is no JSON."""

    html: SafeString
    fields: int | None
    is_cut: bool


class NotShown(ValueError):
    """The text is no JSON, or nested deeper than can be read."""


_READER = json.JSONDecoder(
    parse_int=Number,
    parse_float=Number,
    parse_constant=Number,
    object_pairs_hook=Members,
    strict=False,
)
_WORDS = {True: Number("true"), False: Number("false"), None: Number("null")}


# A page looks at one text several times; the few latest are enough.
@lru_cache(maxsize=4)
def read_shown(text: str) -> Any:
    """Parse for showing: every number as written. Raises NotShown. Not to be changed."""
    try:
        return _READER.decode(text)
    except (ValueError, RecursionError) as exc:
        raise NotShown from exc


def json_tree(text: str, *, raw_url: str = "") -> Tree:
    """Word `text` as a tree; what is no JSON, or too deep, as the text that it is."""
    writer = _Writer(raw_url)
    try:
        value = read_shown(text)
    except NotShown:
        return Tree(html=writer.plain(text), fields=None, is_cut=len(text) > LONG_TEXT)
    return Tree(html=writer.tree(value), fields=count_fields(value), is_cut=writer.is_cut)


def count_fields(value: Any) -> int:
    """Values at the ends of the tree, empty objects and arrays among them."""
    count, waiting = 0, [value]
    while waiting:
        node = waiting.pop()
        inner = values_of(node)
        count += not inner
        waiting.extend(inner)
    return count


def is_container(value: Any) -> bool:
    return isinstance(value, list)


def values_of(node: Any) -> list[Any]:
    """What is directly inside; nothing for a value that holds no others."""
    if isinstance(node, Members):
        return [value for _key, value in node]
    return node if isinstance(node, list) else []


def members_of(node: Any, path: str) -> Iterator[tuple[tuple[str, str], Any]]:
    """Each member of an object or array as ((key, its path), value)."""
    if isinstance(node, Members):
        for key, value in node:
            yield (key, path + step(key)), value
    else:
        for index, value in enumerate(node):
            yield (str(index), f"{path}[{index}]"), value


def text_html(text: str, *, quoted: bool = True) -> SafeString:
    """A text, escaped, with masked tokens as a word and runs of blanks counted."""
    return _dressed(json.dumps(text, ensure_ascii=False) if quoted else text)


def _dressed(text: str) -> SafeString:
    html = MARKER.sub(_masked, str(shown(text)))
    return mark_safe(_BLANKS.sub(_blanks, html))  # noqa: S308 - escaped by shown()


def _masked(match: re.Match[str]) -> str:
    return f'<span class="masked">{match.group()[1:-1]}</span>'


def _blanks(match: re.Match[str]) -> str:
    run = match.group()
    count = len(run) - run.count("\\")
    words = ngettext("%(n)s blank", "%(n)s blanks and line ends", count) % {"n": whole(count)}
    return f'<span class="odd">{escape(words)}</span>'


class _Writer:
    """Collects the pieces of one tree until its limits are reached."""

    def __init__(self, raw_url: str) -> None:
        self.raw_url = raw_url
        self.pieces: list[str] = []
        self.nodes = 0
        self.letters = 0
        self.is_cut = False

    def tree(self, value: Any) -> SafeString:
        if is_container(value) and value:
            self._members(value, "$", 1, 0)
        else:
            self._node("", value, "$", 1, 0)
        body = "".join(self.pieces)
        html = f'<div class="json"><ul class="root">{body}</ul>{self._raw_link()}</div>'
        return mark_safe(html)  # noqa: S308 - every piece was escaped when it was made

    def plain(self, text: str) -> SafeString:
        self.is_cut = len(text) > LONG_TEXT
        head = text_html(text[:LONG_TEXT], quoted=False)
        rest = self._cut_words(len(text) - LONG_TEXT) if self.is_cut else ""
        html = f'<div class="json"><pre class="wrap">{head}</pre>{rest}{self._raw_link()}</div>'
        return mark_safe(html)  # noqa: S308 - see tree()

    def _put(self, html: str) -> None:
        self.letters += len(html)
        self.pieces.append(html)

    @property
    def _is_full(self) -> bool:
        return self.nodes >= NODES or self.letters >= LETTERS

    def _members(self, node: Any, path: str, level: int, inner: int) -> None:
        for number, ((key, place), value) in enumerate(members_of(node, path)):
            if self._is_full:
                self.is_cut = True
                left = len(node) - number
                words = ngettext("%(n)s more", "%(n)s more", left) % {"n": whole(left)}
                self._put(f'<li class="muted">… {escape(words)}</li>')
                return
            self._node(key, value, place, level, inner)

    def _node(self, key: str, value: Any, path: str, level: int, inner: int) -> None:
        self.nodes += 1
        name = f'<span class="k">{_key_html(key)}</span>' if key else ""
        if is_container(value):
            self._container(name, key, value, path, level, inner)
        elif isinstance(value, Number) or not isinstance(value, str):
            word = value if isinstance(value, Number) else _WORDS[value]
            self._put(f'<li>{_colon(name)}<span class="n">{_short(word)}</span></li>')
        else:
            self._text(name, value, path, level, inner)

    def _container(
        self, name: str, key: str, value: Any, path: str, level: int, inner: int
    ) -> None:
        if not value:
            empty = "{}" if isinstance(value, Members) else "[]"
            self._put(f'<li>{_colon(name)}<span class="n">{empty}</span></li>')
            return
        note = _count_words(value)
        if level >= LEVELS:
            self.is_cut = True
            self._put(f'<li>{name} <span class="muted">{escape(note)} …</span></li>')
            return
        opened = " open" if level <= OPEN_LEVELS and len(value) <= OPEN_MEMBERS else ""
        self._put(f"<li><details{opened}><summary>{name}{escape(note)}</summary><ul>")
        self._members(value, path, level + 1, inner)
        self._put(f"</ul></details>{_copy_button(key, path)}</li>")

    def _text(self, name: str, text: str, path: str, level: int, inner: int) -> None:
        unfolded = _unfolded(text) if inner < INNER_LEVELS else None
        if len(text) <= SHORT_TEXT and unfolded is None:
            self._put(f'<li>{_colon(name)}<span class="s">{text_html(text)}</span></li>')
            return
        head = text_html(text[:SHORT_TEXT])
        size = _("%(n)s characters") % {"n": whole(len(text))}
        dots = "…" if len(text) > SHORT_TEXT else ""
        self._put(
            f"<li>{_colon(name)}<details><summary>"
            f'<span class="s">{head}{dots}</span> {escape(size)}</summary>'
        )
        if len(text) > SHORT_TEXT:
            self._whole_text(text)
        if unfolded is not None and level < LEVELS:
            self._put(f"<p>{escape(_('The same, read as JSON'))}</p><ul>")
            self._members(unfolded, path, level + 1, inner + 1)
            self._put("</ul>")
        self._put("</details></li>")

    def _whole_text(self, text: str) -> None:
        self._put(f'<pre class="wrap">{text_html(text[:LONG_TEXT], quoted=False)}</pre>')
        if len(text) > LONG_TEXT:
            self.is_cut = True
            self._put(self._cut_words(len(text) - LONG_TEXT))

    def _cut_words(self, left: int) -> str:
        words = _("… %(n)s more characters") % {"n": whole(left)}
        return f'<p class="muted">{escape(words)}</p>'

    def _raw_link(self) -> str:
        if not self.is_cut or not self.raw_url:
            return ""
        return f'<p><a href="{escape(self.raw_url)}">{escape(_("All of it, as text"))}</a></p>'


def _key_html(key: str) -> str:
    return str(shown(key if len(key) <= SHORT_TEXT else key[:SHORT_TEXT] + "…"))


def _colon(name: str) -> str:
    return f"{name}: " if name else ""


def _short(word: str) -> str:
    if len(word) <= SHORT_TEXT:
        return escape(word)
    digits = _("%(n)s digits") % {"n": whole(len(word))}
    return f'{escape(word[:60])}… <span class="muted">{escape(digits)}</span>'


def _count_words(value: Any) -> str:
    count = len(value)
    if isinstance(value, Members):
        return ngettext("%(n)s key", "%(n)s keys", count) % {"n": whole(count)}
    return ngettext("%(n)s item", "%(n)s items", count) % {"n": whole(count)}


def _copy_button(key: str, path: str) -> str:
    if len(path) > SHORT_TEXT:
        return ""
    label = escape(_("copy path"))
    return (
        f'<button class="copy needs-js" type="button" data-copy="{escape(path)}">'
        f'{label}<span class="sr"> {_key_html(key)}</span></button>'
    )


def _unfolded(text: str) -> Any:
    if text[:1] not in ("{", "["):
        return None
    try:
        value = read_shown(text)
    except NotShown:
        return None
    return value if is_container(value) and value else None
