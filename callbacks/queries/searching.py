"""Searching lists for words so that it costs little, whether all or none of many tasks have them.

There are two ways to a page of a list: walk it in its order and leave out what lacks the words, or
find all that has them by their own index and sort that. The first is dear where few have them, the
second where many do, and no database knows beforehand which it will be. So what has the words is
counted first, up to a bound: that is cheap both ways, and a page shows the number anyway. SQLite
has the first way only, over an index that holds the words (`models.sqlite`).
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import Contains

from callbacks.models import CallbackTask
from callbacks.models.searching import search_words
from callbacks.queries.paging import bounded_count

# Up to so many are sorted. Beyond, of 100,000 at least one in fifty has the words, and a page is
# full after some 2,500.
SORTED_LIMIT = 2000
# What is of one Map Run began together, and may stand together far behind all else: a walk to it
# ends after so many.
WALKED = 2500
# PostgreSQL's index is of three letters each, the blanks before a word among them.
INDEXED_LETTERS = 3
BEFORE_WORDS = "\n\t -_/.:,;#@([{<=&+*|$\"'"


def text_condition(text: str) -> Q:
    """Every word of `text` in the names, the headline or the key fields of a task.

    One or two letters or digits have to begin a word there: in the midst of words nobody looks for
    them, and no index has them.
    """
    found = Q()
    for word in search_words(text):
        if len(word) >= INDEXED_LETTERS:
            found &= Q(search_text__contains=word)
        elif word.isascii() and word.isalnum():
            found &= _begins_a_word(word)
        else:
            # Some scripts have words of two letters and nothing between them. The index has nothing
            # of these, and would be read from end to end.
            found &= Q(Contains(_as_it_is("search_text"), word))
    return found


def _begins_a_word(word: str) -> Q:
    found = Q(search_text__startswith=word)
    for before in BEFORE_WORDS:
        found |= Q(search_text__contains=f"{before}{word}")
    return found


def count_found(rows: QuerySet[CallbackTask]) -> int:
    """One more than SORTED_LIMIT says "more than that": one query."""
    return bounded_count(rows, limit=SORTED_LIMIT)


def in_order(
    rows: QuerySet[CallbackTask], column: str, *, descending: bool, found: int | None
) -> QuerySet[CallbackTask]:
    """By (column, id). `found`: how many have the words, None where no word is looked for."""
    sign = "-" if descending else ""
    if found is None or found > SORTED_LIMIT or connection.vendor == "sqlite":
        return rows.order_by(f"{sign}{column}", f"{sign}id")
    return apart_from_indexes(rows, column, descending=descending)


def near(
    rows: QuerySet[CallbackTask], among: QuerySet[CallbackTask], column: str, *, descending: bool
) -> QuerySet[CallbackTask]:
    """By (column, id), those that come within the first WALKED of a longer list: one query."""
    longer = in_order(among, column, descending=descending, found=None)
    last = next(iter(longer.values_list(column, flat=True)[WALKED : WALKED + 1]), None)
    if last is not None:
        rows = rows.filter(**{f"{column}__{'gte' if descending else 'lte'}": last})
    return in_order(rows, column, descending=descending, found=None)


def after_runs(
    rows: QuerySet[CallbackTask], column: str, *, descending: bool
) -> QuerySet[CallbackTask]:
    """By (column, id), of rows that are found by their runs.

    What they are sorted by names the run, so that no database sorts all that waits beforehand.
    """
    first = Coalesce(F(column), F("execution__started_at"))
    second = Coalesce(F("id"), F("execution_id"))
    if descending:
        return rows.order_by(first.desc(), second.desc())
    return rows.order_by(first, second)


def apart_from_indexes(
    rows: QuerySet[CallbackTask], column: str, *, descending: bool
) -> QuerySet[CallbackTask]:
    """By (column, id), of rows that are to be found first and then sorted."""
    first, second = (_as_it_is(name) for name in (column, "id"))
    if descending:
        return rows.order_by(first.desc(), second.desc())
    return rows.order_by(first, second)


def _as_it_is(column: str) -> Any:
    """The column, but no index of it."""
    return Coalesce(F(column), F(column))
