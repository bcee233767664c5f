"""A pass that ends in its midst, as by SIGKILL."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

# Where a process may end: before a call to AWS, and before each kind of thing that is written.
DEATHS = (
    "callbacks.sync.asking.Asking.admit",
    "callbacks.sync.looks.write_news",
    "callbacks.sync.sweeps.write_missing",
    "callbacks.sync.sweeps._keep",
    "callbacks.sync.looks._keep",
    "callbacks.sync.apply._open",
    "callbacks.sync.apply._close",
    "callbacks.sync.apply.mirror_map_runs",
    "callbacks.sync.apply._write_execution",
    "callbacks.sync.passes.count_calls",
)


class Killed(BaseException):
    """No handler of the product's may stop it."""


@contextmanager
def killed_at(where: str, after: int) -> Iterator[None]:
    """The call of this function after so many others ends the process."""
    module, _, name = where.rpartition(".")
    left = [after]

    def dying(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return original(*args, **kwargs)

        return call

    owner = pkgutil.resolve_name(module)
    with mock.patch.object(owner, name, dying(getattr(owner, name))):
        yield
