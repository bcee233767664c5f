"""jsonata-python, without the limit of recursion that it sets for the whole process.

With ten thousand levels a text of brackets alone would be parsed, or end the process.
"""

from __future__ import annotations

import sys

_BEFORE = sys.getrecursionlimit()

from jsonata.functions import Functions  # noqa: E402
from jsonata.jexception import JException  # noqa: E402
from jsonata.jsonata import Jsonata  # noqa: E402
from jsonata.regex_engine import RegexFlags  # noqa: E402
from jsonata.utils import Utils  # noqa: E402

sys.setrecursionlimit(_BEFORE)

__all__ = ["Functions", "JException", "Jsonata", "RegexFlags", "Utils"]
