"""The embedded database as an installation opens it: other writers are waited for, nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import django, json; django.setup()
from django.db import connection
with connection.cursor() as c:
    print(json.dumps([c.execute(f"PRAGMA {n}").fetchone()[0]
                      for n in ("journal_mode", "synchronous", "busy_timeout")]))
"""
FULL = 2


@pytest.fixture
def pragmas(tmp_path: Path) -> list[object]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}",
        "CELERY_BROKER_URL": "",
        "VAR_DIR": str(tmp_path),
    }
    asked = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True
    )
    return list(json.loads(asked.stdout.splitlines()[-1]))


def test_a_power_cut_takes_nothing_back_and_writers_wait(pragmas: list[object]) -> None:
    assert pragmas == ["wal", FULL, 20_000]
