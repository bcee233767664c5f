"""Which tokens there are: each that a simulator makes, that a test makes up, or that is stored.

The places where tokens come into being are wrapped from outside; nothing in them knows of it.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import Any

from tests.leaks.spellings import SHORTEST, Detector

# Tests that start thousands of executions are searched for these many of their tokens, and the
# last so many of a run stay known: what is leaked by one code path leaks them all.
MOST_OF_A_TEST = 1_000
MOST_OF_A_RUN = 4_000


class Tokens:
    """The tokens of this run; `fresh` are those that came up since the test began."""

    def __init__(self) -> None:
        self.detector = Detector()
        self.fresh: dict[str, None] = {}
        self.made = 0
        self.left_out = 0
        self._order: deque[str] = deque()
        self._lock = threading.Lock()

    def begin(self) -> None:
        with self._lock:
            self.fresh = {}

    def add(self, token: str) -> None:
        if len(token) < SHORTEST or token in self.fresh:
            return
        with self._lock:
            self.made += 1
            if len(self.fresh) >= MOST_OF_A_TEST:
                self.left_out += 1
                return
            self.fresh[token] = None
            if token not in self.detector:
                self.detector.add(token)
                self._order.append(token)
            while len(self._order) > MOST_OF_A_RUN:
                self.detector.forget(self._order.popleft())


def watch_sources(tokens: Tokens) -> None:
    """From now on every token that comes into being is known."""
    _watch_simulators(tokens)
    _watch_simulator_processes(tokens)
    _watch_product(tokens)


def _watch_simulators(tokens: Tokens) -> None:
    from tests.simulator.tokens import TokenMint

    mint = TokenMint.token

    @wraps(mint)
    def token(self: TokenMint, number: int) -> str:
        made = mint(self, number)
        tokens.add(made)
        return made

    TokenMint.token = token  # type: ignore[method-assign]


def _watch_simulator_processes(tokens: Tokens) -> None:
    """A simulator in a process of its own is asked before it ends, and whenever a test asks it."""
    from tests.simulator.control import Control, SimulatorProcess

    ask, end, start = Control.tokens, SimulatorProcess._end, SimulatorProcess.start

    @wraps(ask)
    def asked(self: Control, execution_arn: str | None = None) -> list[Any]:
        found = ask(self, execution_arn)
        for one in found:
            tokens.add(one["token"])
        return found

    @wraps(start)
    def started(self: SimulatorProcess) -> Control:
        self.leak_search_control = start(self)  # type: ignore[attr-defined]
        return self.leak_search_control  # type: ignore[attr-defined,no-any-return]

    @wraps(end)
    def ended(self: SimulatorProcess, how: Any) -> int:
        with contextlib.suppress(OSError, AttributeError, ValueError):
            asked(self.leak_search_control)  # type: ignore[attr-defined]
        return end(self, how)

    Control.tokens = asked  # type: ignore[method-assign]
    SimulatorProcess.start = started  # type: ignore[method-assign]
    SimulatorProcess._end = ended  # type: ignore[method-assign]


def _watch_product(tokens: Tokens) -> None:
    """What the product stores, wherever it came from (moto, real recordings), and made-up ones."""
    from callbacks.models import secret
    from tests import making

    def stored(function: Callable[..., bytes]) -> Callable[..., bytes]:
        @wraps(function)
        def encrypt_token(*, token: str, **more: Any) -> bytes:
            tokens.add(token)
            return function(token=token, **more)

        return encrypt_token

    def made(function: Callable[[], str]) -> Callable[[], str]:
        @wraps(function)
        def make_token() -> str:
            token = function()
            tokens.add(token)
            return token

        return make_token

    replace_everywhere(secret.encrypt_token, stored(secret.encrypt_token))
    replace_everywhere(making.make_token, made(making.make_token))


def tokens_of(seed: str, count: int = 50) -> list[str]:
    """The first tokens of a simulator that this process did not start."""
    from tests.simulator.tokens import TokenMint

    mint = TokenMint(seed)
    return [mint.token(number) for number in range(1, count + 1)]


def replace_everywhere(old: Callable[..., Any], new: Callable[..., Any]) -> None:
    """Put a function in the place of another, also where that was imported by name already."""
    for name, module in list(sys.modules.items()):
        is_ours = name.split(".")[0] in ("callbacks", "dashboard", "tests")
        if is_ours and getattr(module, old.__name__, None) is old:
            setattr(module, old.__name__, new)
