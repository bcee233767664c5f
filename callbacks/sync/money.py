"""Amounts of money in a headline: "2480" beside the currency "EUR" reads "2,480.00 €". Pure.

A headline is written once, for everybody, so that it is the same in a list, a mail and the record.
"""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"(-?)(\d{1,18})(?:\.(\d{1,6}))?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
# A path to exactly one value; its last step is a name.
_PLAIN = re.compile(r"(\$\$?(?:\.\w+|\[\d+\]|\['[^'\\]*'\])*)(?:\.\w+|\['[^'\\]*'\])")
_SIGNS = {"EUR": "€", "GBP": "£"}
# Currencies in use that have no smaller coin.
_WHOLE = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "VND", "XAF", "XOF", "XPF"})


def as_money(text: str, *, currency: str = "") -> str:
    """Group the digits and show cents; never round. What is no plain number stays as it is."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return text
    minus, whole, cents = found[1], int(found[2]), found[3] or ""
    code = currency if _CURRENCY.fullmatch(currency) else ""
    if cents or code not in _WHOLE:
        cents = "." + cents.ljust(2, "0")
    return f"{minus}{whole:,}{cents} {_SIGNS.get(code, code)}".rstrip()


def currency_path(path: str) -> str:
    """Where the currency of an amount stands: under "currency" beside it; "" for other paths.

    Only of a path to one value: of several, the first amount and the first currency may not
    belong together.
    """
    found = _PLAIN.fullmatch(path)
    return f"{found[1]}.currency" if found else ""
