"""Which routes can come to which function: read from the compiled code, so that none is forgotten.

Whatever a function names or encloses is followed, within the product; that it is called is not
asked. A function that is found by text (getattr, a dotted path) would not be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

PRODUCT = "callbacks"


def reaches(start: Any, targets: Collection[Callable[..., Any]]) -> bool:
    seen: dict[int, Any] = {}
    ahead = [start]
    while ahead:
        one = ahead.pop()
        if id(one) not in seen:
            seen[id(one)] = one
            ahead += _next(one)
    return any(id(target) in seen for target in targets)


def _next(one: Any) -> Iterator[Any]:
    if isinstance(one, MethodType):
        yield from (one.__func__, one.__self__)
    elif isinstance(one, FunctionType):
        yield from _enclosed(one)
        if one.__module__.startswith(PRODUCT):
            yield from _named(one)
    elif isinstance(one, property):
        yield one.fget
    elif isinstance(one, type):
        yield from vars(one).values() if one.__module__.startswith(PRODUCT) else ()
    else:
        # An address of the API, as django-ninja keeps it.
        yield from (each.view_func for each in getattr(one, "operations", ()))


def _enclosed(function: FunctionType) -> Iterator[Any]:
    """What a decorator holds: the view that it wraps."""
    yield from (cell.cell_contents for cell in function.__closure__ or ())


def _named(function: FunctionType) -> Iterator[Any]:
    names = set(_names(function.__code__))
    for name in names:
        value = function.__globals__.get(name)
        yield value
        if isinstance(value, ModuleType):
            yield from (getattr(value, part, None) for part in names)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names(part)
