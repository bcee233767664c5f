"""The JSONata library, without what its import does to the whole process.

It raises Python's limit of recursion tenfold. What holds to the limit elsewhere would then go
wrong: JSON nested too deeply, patterns of a policy. 100 levels of an expression fit as it is."""

import sys

_LIMIT = sys.getrecursionlimit()

from jsonata import Functions, JException, Jsonata  # noqa: E402 - the limit stands around it
from jsonata.utils import Utils  # noqa: E402

sys.setrecursionlimit(_LIMIT)

__all__ = ["Functions", "JException", "Jsonata", "Utils"]
