"""A leak planted in each sink makes the test in which it happens fail; without it nothing is found.

A whole run of pytest of its own on `planted.py`, so that the plugin is proved as it is used.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What it finds is found once, not by each of the processes that share the tests.
pytestmark = pytest.mark.xdist_group("planted")
# Planted in: what the search calls that sink, and the spelling.
SINKS = {
    "page": "page GET 'page/' (200): {}, plain",
    "headers": "headers of GET 'redirect/': {}, plain",
    "url": "URL of GET '?': {}, plain",
    "stream": "page GET 'stream/' (200): {}, plain",
    "session": "session: {}, plain",
    "debug_page": "variables of held() in a traceback: {}, plain",
    "log": "log of callbacks.sync: {}, plain",
    "log_without_propagation": "log of apart: {}, base64",
    "stdout": "captured stdout of call: {}, plain",
    "stderr": "captured stderr of call: {}, plain",
    "process": "worker.log: {}, plain",
    "broker_folder": "file var/broker/messages/{}, base64",
    "message": "message to the broker: {}, plain",
    "mail": "mail: {}, plain",
    "exception": "exception ValueError: {}, plain",
    "variables": "variables of held() in a traceback: {}, plain",
    "column": "column callbacks_callbacktask.input: {}, plain",
    "json_column": "column callbacks_callbacktask.key_fields: {}, plain",
    "binary_column": "column callbacks_decision.output: {}, plain",
    "table_without_model": "column planted.note: {}, hexadecimal",
    "audit": "column callbacks_auditpersonal.value: {}, plain",
    "at_teardown": "log of late: {}, plain",
    "from_a_simulator": "captured stdout of call: {}, plain",
    "from_a_process_of_its_own": "web.log: {}, plain",
}
BROWSER = {
    "browser[{}-document]": "browser document: {}, plain",
    "browser[{}-address]": "browser address: {}, plain",
    "browser[{}-local storage]": "browser local storage and IndexedDB: {}, plain",
    "browser[{}-session storage]": "browser session storage: {}, plain",
    "browser[{}-console]": "browser console: {}, plain",
    "browser[{}-IndexedDB]": "browser local storage and IndexedDB: {}, plain",
    "browser_without_scripts[{}]": "browser document: {}, plain",
}
EXPECTED = {f"{name}[{{}}]": sink for name, sink in SINKS.items()} | BROWSER
TOKEN = "the token sha256 "


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each planted test: empty where it passed."""
    folder = tmp_path_factory.mktemp("planted")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "tests/leaks/planted.py", "-q"]
    run = subprocess.run(
        [
            *command,
            "-p",
            "no:cacheprovider",
            f"--basetemp={folder / 'tmp'}",
            f"--junitxml={report}",
        ],
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert report.exists(), run.stdout + run.stderr
    cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 - our own report
    return {case.attrib["name"].removeprefix("test_"): verdict(case) for case in cases}


def environment(folder: Path) -> dict[str, str]:
    """Its own embedded database and broker, whatever this run uses."""
    left_out = {"CELERY_BROKER_URL", "AUDIT_SINK_FILE", "PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    database = folder / "database"
    return {
        **kept,
        "VAR_DIR": str(folder / "var"),
        "DATABASE_URL": f"sqlite:///{database}.sqlite3",
        "HOLDPOINT_TEST_DB": f"{database}-test.sqlite3",
    }


def verdict(case: Any) -> str:
    parts = [part.text or "" for part in case if part.tag in ("failure", "error", "skipped")]
    return "\n".join(parts)


def judged(verdicts: dict[str, str], name: str) -> str:
    text = verdicts[name]
    if "no chromium was found" in text:
        pytest.skip(text)
    return text


@pytest.mark.parametrize("name", EXPECTED)
def test_a_planted_leak_is_found_and_named(verdicts: dict[str, str], name: str) -> None:
    told = judged(verdicts, name.format("leak"))
    assert "A task token came out" in told
    before, _, after = EXPECTED[name].partition("{}, ")
    lines = [line for line in told.splitlines() if before in line and TOKEN in line]
    assert any(line.endswith(after) for line in lines), told


@pytest.mark.parametrize("name", EXPECTED)
def test_without_the_plant_nothing_is_found(verdicts: dict[str, str], name: str) -> None:
    assert judged(verdicts, name.format("twin")) == ""


def test_no_verdict_shows_a_token(verdicts: dict[str, str]) -> None:
    assert not any("AQCEAAAAKgAAAAM" in text for text in verdicts.values())


def test_every_planted_leak_is_judged(verdicts: dict[str, str]) -> None:
    kinds = {name.format(kind) for name in EXPECTED for kind in ("leak", "twin")}
    assert kinds == verdicts.keys()
