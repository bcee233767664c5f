"""`manage.py lint_workflows`: what it looks at, how it says it, and its exit codes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from callbacks.asl import lint_answers, lint_clocks, lint_tokens
from callbacks.asl.lint import lint
from tests import making

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / "callbacks" / "demo" / "workflows"
SOUND, HANGS = WORKFLOWS / "order-release.json", WORKFLOWS / "spark-settlement.json"


def run(*arguments: object, **options: Any) -> tuple[str, int]:
    """What is printed, and the exit code."""
    out = io.StringIO()
    try:
        call_command("lint_workflows", *map(str, arguments), stdout=out, **options)
    except CommandError as exc:
        return out.getvalue(), exc.returncode
    return out.getvalue(), 0


def test_a_file_with_nothing_but_notes_passes() -> None:
    out, code = run(SOUND)
    assert code == 0
    assert "NOTE Tokens stand in the history [token_in_history]" in out
    assert out.endswith("workflows: 1 · errors: 0 · warnings: 0 · notes: 1\n")


def test_a_file_with_an_error_fails_and_says_the_mend() -> None:
    out, code = run(SOUND, HANGS)
    assert code == 1
    assert "ERROR RunSparkJob: Can hang for a year [no_deadline]" in out
    assert "To mend it: Give it a TimeoutSeconds" in out
    assert out.index("order-release.json") < out.index("spark-settlement.json")


def test_a_warning_alone_fails_too() -> None:
    out, code = run(WORKFLOWS / "refund-approval.json")
    assert "errors: 0 · warnings: 1" in out
    assert code == 1


def test_a_definition_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(HANGS.read_text()))
    out, code = run("-")
    assert "no_deadline" in out
    assert code == 1


@pytest.mark.parametrize("content", [b"not JSON", b"\xff\xfe", b'{"Resources": {}}', None])
def test_an_unreadable_file_is_2_and_the_others_are_looked_at(
    tmp_path: Path, content: bytes | None
) -> None:
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_bytes(content)
    out, code = run(bad, SOUND)
    assert code == 2
    assert "token_in_history" in out


def test_the_mark_that_windows_puts_first_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "marked.json"
    file.write_bytes(b"\xef\xbb\xbf" + SOUND.read_bytes())
    assert run(file)[1] == 0


def test_json_is_for_programs(tmp_path: Path) -> None:
    out, code = run(HANGS, "--json")
    told = json.loads(out)
    (workflow,) = told["workflows"]
    assert code == 1
    assert (told["errors"], told["warnings"], told["notes"]) == (1, 2, 1)
    assert (workflow["workflow"], workflow["connection"]) == (str(HANGS), None)
    assert set(workflow["findings"][0]) == {
        *("code", "severity", "state", "title", "message", "mend", "field")
    }


def test_names_of_states_do_not_command_the_terminal(tmp_path: Path) -> None:
    state = {"Type": "Task", "Resource": "x.waitForTaskToken", "End": True}
    file = tmp_path / "odd.json"
    names = {"a\u001b[2Jb": state, "\u202e\ud800": state}
    file.write_text(json.dumps({"StartAt": "a", "States": names}))
    out, _code = run(file)
    assert "\u001b" not in out
    assert "a[U+001B][2Jb: Can hang for a year" in out
    assert "[U+202E][U+D800]: Can hang" in out
    assert out.encode()


@pytest.mark.django_db
def test_mirrored_workflows_are_told_by_connection() -> None:
    prod, staging = making.make_connection("prod"), making.make_connection("staging")
    making.make_machine(staging, "orders")
    making.make_machine(prod, "refunds", definition=SOUND.read_text())
    out, code = run()
    assert code == 1
    assert out.index("prod · refunds") < out.index("staging · orders")
    assert run("--connection", "prod")[1] == 0


@pytest.mark.django_db
def test_a_definition_that_was_not_read_is_said_and_fails_nothing() -> None:
    machine = making.make_machine(name="orders")
    machine.definition = None
    machine.save()
    out, code = run()
    assert "its definition has not been read yet" in out
    assert code == 0
    assert json.loads(run("--json")[0])["workflows"][0]["findings"] is None


@pytest.mark.django_db
def test_map_runs_and_what_is_gone_are_no_workflows() -> None:
    making.make_map_run(making.make_execution())
    making.make_machine(gone_at=making.timezone.now())
    assert "workflows: 1 ·" in run()[0]


@pytest.mark.django_db
def test_a_connection_that_is_not_there_is_no_finding() -> None:
    assert run("--connection", "nowhere") == ("", 2)
    assert run(SOUND, "--connection", "nowhere") == ("", 2)


def test_the_documents_name_every_rule_and_no_other() -> None:
    sources = [Path(module.__file__ or "") for module in (lint_answers, lint_clocks, lint_tokens)]
    sources.append(Path(lint.__code__.co_filename))
    code = re.compile(r'code="(\w+)"')
    known = {found for source in sources for found in code.findall(source.read_text())}
    told = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "workflows.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(known)
