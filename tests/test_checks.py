"""System checks: unsafe surroundings are said at the start, each with a way out."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from callbacks import checks
from tests.settings import DATABASES, TOKEN_ENCRYPTION_KEYS


def engine(monkeypatch: Any, name: str) -> None:
    monkeypatch.setitem(DATABASES["default"], "ENGINE", f"django.db.backends.{name}")


def ids() -> list[str]:
    found = run_checks(include_deployment_checks=True)
    return [str(message.id) for message in found if str(message.id).startswith("holdpoint")]


def test_a_sound_installation_hears_nothing(monkeypatch: Any) -> None:
    engine(monkeypatch, "postgresql")
    assert ids() == []


def test_production_without_a_token_key_does_not_start(settings: Any) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = []
    assert "holdpoint.E001" in ids()


def test_development_may_be_without_a_token_key(settings: Any) -> None:
    settings.TOKEN_ENCRYPTION_KEYS, settings.DEBUG = [], True
    assert checks.check_token_keys() == []


@pytest.mark.parametrize("bad", ["c2hvcnQ=", "not base64 at all!", "ä"])
def test_a_token_key_of_another_length_does_not_start(settings: Any, bad: str) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = [*TOKEN_ENCRYPTION_KEYS, bad]
    (found,) = checks.check_token_keys()
    assert found.id == "holdpoint.E002"
    assert "number 2 " in found.msg
    assert bad not in found.msg


@pytest.mark.parametrize("key", ["", "c2hvcnQ=", "ä"])
def test_production_without_a_sound_audit_key_does_not_start(settings: Any, key: str) -> None:
    settings.AUDIT_SIGNING_KEY = key
    assert "holdpoint.E003" in ids()


def test_development_may_be_without_an_audit_key(settings: Any) -> None:
    settings.AUDIT_SIGNING_KEY, settings.DEBUG = "", True
    assert checks.check_audit_key() == []


def test_sqlite_in_production_is_warned_of(monkeypatch: Any) -> None:
    engine(monkeypatch, "sqlite3")
    assert "holdpoint.W001" in ids()


def test_an_audit_file_that_cannot_be_written_is_warned_of(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.AUDIT_SINK_FILE = str(tmp_path / "file" / "sink.jsonl")
    assert "holdpoint.W002" in ids()


def test_an_audit_file_that_is_a_folder_is_warned_of(settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_SINK_FILE = str(tmp_path)
    assert "holdpoint.W002" in ids()


def test_every_check_names_a_way_out(settings: Any, monkeypatch: Any) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = []
    engine(monkeypatch, "sqlite3")
    ours = [m for m in run_checks(include_deployment_checks=True) if "holdpoint" in str(m.id)]
    assert len(ours) == 2
    assert all(message.hint for message in ours)
