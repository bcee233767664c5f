"""What the documents say is there: linked files, settings, commands and modules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text() for path in DOCUMENTS}
each = pytest.mark.parametrize("name", TEXTS)


def test_the_documents_of_a_repository_are_there() -> None:
    assert {"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"} <= {
        *TEXTS
    }


@each
def test_every_link_to_a_file_leads_there(name: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", TEXTS[name])
    local = [target for target in targets if "://" not in target]
    assert [one for one in local if not ((ROOT / name).parent / one).exists()] == []


@each
def test_every_command_exists(name: str) -> None:
    named = set(re.findall(r"manage\.py (\w+)", TEXTS[name]))
    assert named <= set(get_commands())


@each
def test_every_make_target_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^ +)make ([a-z]+)", TEXTS[name], re.MULTILINE)) <= targets


def test_the_image_is_given_all_that_it_copies() -> None:
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    allowed = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    names = {name for line in copied for name in line.split()}
    assert names
    assert names <= allowed
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_every_setting_of_the_readme_is_read() -> None:
    settings = "".join(
        (ROOT / "dashboard" / file).read_text() for file in ("settings.py", "local.py", "env.py")
    )
    rows = re.findall(r"^\| (`[A-Z].*?) \|", TEXTS["README.md"], re.MULTILINE)
    named = {one for row in rows for one in re.findall(r"`([A-Z_]+)`", row)}
    assert {one for one in named if one not in settings and not one.startswith("AWS_")} == set()


def test_every_module_that_the_architecture_names_exists() -> None:
    named = set(re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", TEXTS["ARCHITECTURE.md"]))
    assert named
    assert {one for one in named if not (ROOT / "callbacks" / one).exists()} == set()
