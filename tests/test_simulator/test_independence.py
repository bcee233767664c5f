"""The simulator proves nothing about code that it shares."""

from __future__ import annotations

import ast
from pathlib import Path

import tests.simulator

FOLDER = Path(tests.simulator.__file__).parent


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_it_imports_nothing_of_the_product() -> None:
    imported = set[str]().union(*(_imported(path) for path in FOLDER.rglob("*.py")))
    assert "aiohttp" in imported
    assert not imported & {"callbacks", "dashboard", "django", "celery"}
