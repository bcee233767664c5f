"""What a strict policy and a small page ask of templates and static files."""

import gzip
import re
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# The kit is for development; its sheet is no part of a page.
SHEETS = [f for f in sorted((ROOT / "static" / "css").glob("*.css")) if f.name != "kit.css"]
SPRITE = (ROOT / "static" / "icons.svg").read_text()


def packed(*files: Path) -> int:
    """Bytes on the wire, each file by itself as it is served."""
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files)


def name(template: Path) -> str:
    return str(template.relative_to(ROOT / "templates"))


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_compiles(template: Path) -> None:
    assert get_template(name(template))


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_holds_nothing_that_the_content_policy_forbids(template: Path) -> None:
    text = template.read_text()
    forbidden = r"\sstyle=|<style|<script>|\son[a-z]+=|hx-on|hx-vals=['\"]js:|https?://|data:image"
    assert re.findall(forbidden, text) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_short_comment_ends_on_its_line(template: Path) -> None:
    """Django shows a {# comment #} that spans lines to the reader."""
    for line in template.read_text().splitlines():
        assert line.count("{#") == line.count("#}")


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    from callbacks.templatetags.look import BADGES

    named = {badge.icon for badge in BADGES.values()}
    for template in TEMPLATES:
        named |= set(re.findall(r'{% icon "([\w-]+)"', template.read_text()))
    assert {icon for icon in named if f'id="{icon}"' not in SPRITE} == set()


def test_styles_scripts_and_icons_stay_within_their_budget() -> None:
    assert packed(*(sheet for sheet in SHEETS if sheet.name != "graph.css")) <= 14_000
    # Only where a run is drawn, in place of the script of 17 kB that could do it.
    assert packed(ROOT / "static" / "css" / "graph.css") <= 2_000
    assert packed(ROOT / "static" / "js" / "graph.js") <= 700
    scripts = (ROOT / "static" / "js").glob("*.js")
    assert packed(*(script for script in scripts if script.name != "graph.js")) <= 8_000
    assert packed(ROOT / "static" / "icons.svg") <= 7_000


def test_no_sheet_needs_important() -> None:
    assert [sheet.name for sheet in SHEETS if "!important" in sheet.read_text()] == []


def test_the_dialog_of_the_keys_names_only_keys_that_some_page_has() -> None:
    dialog = (ROOT / "templates/parts/keys_dialog.html").read_text()
    texts = [path.read_text() for path in TEMPLATES if "kit" not in path.parts]
    there = {key for text in texts for key in re.findall(r'data-key="(.)"', text)}
    by_script = {"j", "k", "o"}
    places = {f"g{key}" for key in re.findall(r"<kbd>g</kbd> <kbd>(\w)</kbd>", dialog)}
    assert places == {"gi", "gw", "gh"}, "these are in everybody's navigation"
    named = set(re.findall(r"<kbd>(\w|/)</kbd>", dialog)) - {
        key for place in places for key in place
    }
    assert named <= there | by_script
