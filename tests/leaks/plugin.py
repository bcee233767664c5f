"""pytest plugin: after each test everything that came out of the product is searched for tokens.

A test in whose run a token came out fails, and is told which sink and which spelling; the token is
named by the beginning of its SHA-256. `-p no:tests.leaks.plugin` runs a suite without the search.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.leaks import browser, sinks, stores, tokens
from tests.leaks.spellings import Hit, name_of

# The product's own detector takes more time, so it looks for these many of a test's tokens.
MOST_FOR_PRODUCT = 8


class Leak(AssertionError):
    """A task token came out."""


@dataclass
class Watch:
    """The tokens and the sinks of this process."""

    tokens: tokens.Tokens = field(default_factory=tokens.Tokens)
    sinks: sinks.Sinks = field(default_factory=sinks.Sinks)
    files: stores.Files = field(default_factory=stores.Files)
    texts: int = 0
    characters: int = 0
    seconds: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the processor's time, which a busy machine does not change."""
        begun = time.thread_time()
        yield
        self.seconds += time.thread_time() - begun

    def install(self) -> None:
        tokens.watch_sources(self.tokens)
        sinks.watch_sinks(self.sinks)
        stores.watch_journals(self.files)
        browser.watch_browsers(self.sinks)

    def search(self, found: Iterable[tuple[str, str]]) -> list[str]:
        """One line for each sink in which a token stands."""
        found = list(found)
        if not found or not len(self.tokens.detector):
            return []
        self.texts += len(found)
        self.characters += sum(len(text) for _, text in found)
        # Most tests leak nothing, which is quickly seen of all their texts at once.
        if not self._hits("\n".join(text for _, text in found)):
            return []
        lines = {line for name, text in found for line in self._lines(name, text)}
        return sorted(lines) or ["spread over several sinks"]

    def _lines(self, name: str, text: str) -> list[str]:
        hits = sorted(self._hits(text))
        return [f"{name}: the token {hit.token}, {hit.spelling}" for hit in hits]

    def _hits(self, text: str) -> set[Hit]:
        fresh = list(self.tokens.fresh)
        hits = self.tokens.detector.search(text, fresh)
        return hits | by_product(text, fresh[:MOST_FOR_PRODUCT])


def by_product(text: str, fresh: list[str]) -> set[Hit]:
    """The same with the detector that the product masks with."""
    from callbacks.asl.spellings import find_tokens

    found = find_tokens(text=text, tokens=[token for token in fresh if len(set(token)) > 5])
    return {Hit(name_of(token), spelling) for token, spelling in found}


WATCH = Watch()
_WITH_TABLES = {"db", "transactional_db", "live_server"}
_seen = pytest.StashKey[int]()


# --- the run -------------------------------------------------------------------------------------
def pytest_sessionstart() -> None:
    WATCH.install()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    WATCH.tokens.begin()
    WATCH.sinks.take()
    sinks.talk_at_debug()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    try:
        result = yield
    except BaseException as error:
        leaks = _leaks_of_call(item)
        if leaks:
            error.add_note(_told(leaks))
        raise
    _fail_for(_leaks_of_call(item))
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, Any, Any]:
    """What came out at the end: processes that were stopped, browsers that were closed."""
    databases = list(_database_files()) if nextitem is None else []
    result = yield
    with WATCH.timed():
        found = [*WATCH.sinks.take(), *_output(item), *_files(item), *databases]
        leaks = WATCH.search(found)
    _fail_for(leaks)
    return result


def _leaks_of_call(item: pytest.Item) -> list[str]:
    with WATCH.timed():
        found = [*WATCH.sinks.take(), *_output(item)]
        if WATCH.tokens.fresh:
            if _WITH_TABLES & set(getattr(item, "fixturenames", ())):
                found += stores.tables()
            found += [*_files(item), *stores.redis_keys()]
        return WATCH.search(found)


def _output(item: pytest.Item) -> list[tuple[str, str]]:
    """What was written to stdout and stderr since the last look."""
    sections, seen = item._report_sections, item.stash.get(_seen, 0)
    item.stash[_seen] = len(sections)
    return [(f"captured {what} of {when}", text) for when, what, text in sections[seen:]]


def _files(item: pytest.Item) -> list[tuple[str, str]]:
    from django.conf import settings

    folder = getattr(item, "funcargs", {}).get("tmp_path")
    own = [folder] if folder else []
    for journal, seed in (found for root in own for found in stores.seeds_of_journals(root)):
        if journal not in WATCH.files.not_sinks:
            WATCH.files.not_sinks.add(journal)
            tokens.tokens_of(seed)  # to make them is to know them
    if not WATCH.tokens.fresh:
        return []
    shared = [Path(settings.AUDIT_SINK_FILE), _var_dir()]
    # A database below the test's own folder belongs to processes of its own: no table was read.
    return [*WATCH.files.changed(own, databases=True), *WATCH.files.changed(shared)]


def _database_files() -> Iterable[tuple[str, str]]:
    """At the end, the file of the database as it lies on the disk, freed pages included."""
    from django.db import connections

    name = connections["default"].settings_dict["NAME"]
    files = [Path(f"{name}{end}") for end in ("", "-wal")]
    present = [path for path in files if path.is_file()]
    return WATCH.files.changed(present, databases=True)


def _var_dir() -> Path:
    return Path(os.environ["VAR_DIR"])


def _fail_for(leaks: list[str]) -> None:
    __tracebackhide__ = True
    if leaks:
        raise Leak(_told(leaks))


def _told(leaks: list[str]) -> str:
    return "A task token came out:\n" + "\n".join(f"  {line}" for line in leaks[:20])


# --- the figures ---------------------------------------------------------------------------------
_figures: Counter[str] = Counter(tokens=0, left_out=0, texts=0, characters=0, seconds=0)


def pytest_sessionfinish(session: pytest.Session) -> None:
    figures = {
        "tokens": WATCH.tokens.made,
        "left_out": WATCH.tokens.left_out,
        "texts": WATCH.texts,
        "characters": WATCH.characters,
        "seconds": WATCH.seconds,
    }
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["leak_search"] = figures
    else:
        _figures.update(figures)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _figures.update(getattr(node, "workeroutput", {}).get("leak_search", {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(
        "leak search: {tokens} tokens ({left_out} of large crowds left out) looked for in {texts} "
        "texts of {characters} characters, in {seconds:.0f} s of processor time".format(**_figures)
    )
