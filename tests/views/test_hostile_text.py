"""Text from a workflow that wants to be more than text: shown, marked, bounded, inert."""

from __future__ import annotations

import json
import re

import pytest

from callbacks.views.console import console_url
from tests import making
from tests.views.conftest import text_of

LARGEST_PAGE = 1_000_000
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "javascript:alert(1)",
    '"><b onmouseover="alert(1)">',
    "' onfocus='alert(1)' autofocus='",
    "</textarea><script>alert(1)</script>",
    "</script><!--",
    "<a href=javascript:alert(1)>x</a>",
    "<iframe src=//evil.example>",
    "<div hx-get=/accounts/logout/ hx-trigger=load>",
    "<div hx-on:click=alert(1)>",
    "{{ 7|add:7 }}{% now 'Y' %}",
    "<style>body{display:none}</style>",
    "<meta http-equiv=refresh content=0>",
    "&lt;script&gt;",
]
TAGS = re.compile(r"<(script|img|svg onload|iframe|style|meta http|b onmouse|div hx-)", re.I)


def path_of(task):
    return f"/tasks/{task.pk}/"


def hostile_task(text, **fields):
    values = {
        "headline": text[:300],
        "asked_by": text[:200],
        "key_fields": [[text, text]],
        "input": json.dumps({text: text, "inner": {"list": [text]}}),
        "context": json.dumps({"x": text}),
        **fields,
    }
    return making.make_task(**values)


def own_markup(page):
    """The page without head, where our own scripts and styles stand, and without icons."""
    return page.content.decode().split("<body", 1)[1]


@pytest.mark.parametrize("text", HOSTILE)
def test_b19_markup_in_data_stays_text(people, page_of, text):
    task = hostile_task(text)
    decision = making.make_decision(
        task, people.approver, status="lost", outcome="timed_out", reason=text
    )
    making.make_decision(task, people.approver, status="withdrawn", output=text.encode())
    for path in (
        path_of(task),
        f"{path_of(task)}?view=technical",
        f"/decisions/{decision.pk}/",
        f"/executions/{task.execution_id}/",
    ):
        page = page_of(people.approver, path)
        assert page.status_code == 200
        assert not TAGS.search(own_markup(page)), path
        assert text in text_of(page) or re.sub(r"\s+", " ", text) in text_of(page), path


@pytest.mark.parametrize(
    "letter", ["\u202e", "\u2066", "\u200b", "\u200f", "\U000e0041", "\ufe0f", "\u00ad", "\x1b"]
)
def test_b20_letters_that_cannot_be_seen_are_chips(people, page_of, letter):
    page = page_of(people.approver, path_of(hostile_task(f"pay{letter}me")))
    body = own_markup(page)
    assert letter not in body
    assert f'<span class="odd" title="U+{ord(letter):04X}">' in body
    assert "characters that cannot be seen" in text_of(page)


def test_b21_a_word_of_two_alphabets_is_marked_with_its_code_points(people, page_of):
    page = text_of(page_of(people.approver, path_of(hostile_task("pаypal"))))  # noqa: RUF001 - the point
    assert "mixes letters of two alphabets" in page
    assert "U+0430" in page


def test_b21_digits_that_only_look_like_digits_are_marked(people, page_of):
    page = text_of(page_of(people.approver, path_of(hostile_task("amount ２480"))))  # noqa: RUF001 - the point
    assert "only look like 0 to 9" in page


def test_b21_honest_words_of_other_alphabets_are_not_marked(people, page_of):
    page = text_of(page_of(people.approver, path_of(hostile_task("Łódź, Ελλάδα, Москва"))))
    assert "alphabets" not in page


def test_b22_text_that_poses_as_us_stands_only_among_the_workflows_data(people, page_of):
    claim = "Verified by Holdpoint, approved by CFO"
    task = making.make_task(key_fields=[["Check", claim]], input=json.dumps({"check": claim}))
    body = own_markup(page_of(people.approver, path_of(task)))
    data = re.compile(r'<dl class="keys">.*?</dl>|<div class="json">.*?</ul></div>', re.DOTALL)
    assert claim in body
    assert claim not in data.sub("", body)


def test_b23_names_that_look_alike_are_all_shown_with_a_warning(people, page_of):
    names = ["amount", "Amount ", "amоunt"]  # noqa: RUF001 - a Cyrillic letter is the point
    task = making.make_task(input=json.dumps(dict.fromkeys(names, 1), ensure_ascii=False))
    page = text_of(page_of(people.approver, path_of(task)))
    assert "Names that look alike stand side by side" in page
    for name in names:
        assert name.strip() in page


def test_b23_a_name_that_stands_twice_is_shown_twice(people, page_of):
    task = making.make_task(input='{"limit": 100, "limit": 9000}')
    page = text_of(page_of(people.approver, path_of(task)))
    assert "100" in page
    assert "9000" in page
    assert "stand side by side" in page


def test_b24_a_run_of_blank_lines_is_counted_and_folded(people, page_of):
    task = making.make_task(input=json.dumps({"note": "begin" + "\n" * 5_000 + "matters"}))
    page = page_of(people.approver, path_of(task))
    assert "5,000 blanks and line ends" in text_of(page)
    assert "matters" in text_of(page)
    assert b"\n" * 20 not in page.content


def test_b24_what_is_not_among_the_key_fields_is_counted_beside_the_button(people, page_of):
    task = making.make_task(
        input=json.dumps({f"field{number}": number for number in range(41)}),
        key_fields=[[f"Field {number}", str(number)] for number in range(6)],
    )
    page = text_of(page_of(people.approver, path_of(task)))
    assert "35 values of this request are not among the key fields" in page


@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString", "hasOwnProperty"])
def test_b12_names_of_objects_parts_are_names(people, page_of, name):
    task = making.make_task(input=json.dumps({name: {"polluted": True}}))
    assert name in text_of(page_of(people.approver, path_of(task)))


def test_b13_tens_of_thousands_of_empty_arrays_are_folded(people, page_of):
    task = making.make_task(input="[" + ",".join(["[]"] * 87_000) + "]")
    page = page_of(people.approver, path_of(task))
    assert len(page.content) < LARGEST_PAGE
    assert "Everything the workflow sent (87000 fields)" in text_of(page)
    assert "more" in text_of(page)
    assert f'href="{path_of(task)}?view=technical&amp;raw=input"' in page.content.decode()


@pytest.mark.parametrize("view", ["plain", "technical"])
def test_b14_texts_of_200_kilobytes_are_folded(people, page_of, view):
    long = json.dumps({"word": "x" * 200_000, "other": "y " * 100_000})
    task = making.make_task(input=long, context=long, parameters=long)
    page = page_of(people.approver, path_of(task), view=view)
    assert len(page.content) < LARGEST_PAGE
    assert "200,000 characters" in text_of(page)


def test_many_long_texts_stay_within_the_page(people, page_of):
    texts = json.dumps({f"text{number}": "x" * 7_000 for number in range(35)})
    task = making.make_task(input=texts)
    assert len(page_of(people.approver, path_of(task)).content) < LARGEST_PAGE


@pytest.mark.parametrize("name", ["a/b", "a#b", "a?b=c", "a%2fb", "🙂" * 20, "שלום", "x" * 80])
def test_b28_odd_names_make_sound_links(people, page_of, name):
    execution = making.make_execution(name=name)
    task = making.make_task(execution=execution)
    page = page_of(people.approver, path_of(task), view="technical")
    assert page.status_code == 200
    assert page_of(people.approver, f"/executions/{execution.pk}/").status_code == 200
    fragment = console_url(execution.arn).split("#", 1)[1]
    assert not re.search(r"[#?\s]", fragment)


def test_b29_json_in_texts_is_unfolded_five_levels_deep(people, page_of):
    text = "innermost"
    for _ in range(7):
        text = json.dumps({"in": text})
    task = making.make_task(input=text)
    page = page_of(people.approver, path_of(task))
    assert text_of(page).count("The same, read as JSON") == 5


def test_b30_addresses_in_data_are_no_links_and_no_images(people, page_of):
    task = hostile_task("https://evil.example/pixel.png")
    body = own_markup(page_of(people.approver, path_of(task)))
    assert "https://evil.example/pixel.png" in body
    assert not re.search(r'(href|src|action)="[^"]*evil\.example', body)
