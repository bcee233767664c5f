"""Bad input at the answer's door: each gets the right status, clear words, and its text back."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from callbacks.models import Decision, Draft
from tests import making
from tests.views.answering import answer_url, form_fields, post_answer, typed
from tests.views.conftest import text_of

LIMIT = 262_144


@pytest.fixture
def task(people):
    return making.make_task()


@pytest.fixture
def browser(people, browser_of):
    return browser_of(people.approver)


def as_text(size: int) -> str:
    return '"' + "x" * (size - 2) + '"'


def test_b01_the_largest_output_passes(browser, task):
    assert post_answer(browser, task, output=as_text(LIMIT)).status_code == 303
    assert Decision.objects.get().payload_bytes == LIMIT


def test_b01_one_byte_more_is_told_with_both_numbers(browser, task):
    answer = post_answer(browser, task, output=as_text(LIMIT + 1))
    assert answer.status_code == 422
    assert "262,145 bytes; AWS takes at most 262,144" in text_of(answer)
    assert typed(answer, "output") == as_text(LIMIT + 1)


def test_b02_bytes_count_and_not_characters(browser, task):
    answer = post_answer(browser, task, output='"' + "😀" * 70_000 + '"')
    assert answer.status_code == 422
    assert "280,002 bytes" in text_of(answer)


@pytest.mark.parametrize("depth", [201, 1_000, 100_000])
def test_b03_nesting_too_deep_is_told_with_its_line(browser, task, depth):
    answer = post_answer(browser, task, output="[" * depth + "]" * depth)
    assert answer.status_code == 422
    assert "nested too deep" in text_of(answer)
    assert "Line 1" in text_of(answer)


def test_b03_deep_data_from_aws_is_shown_as_text(people, page_of):
    deep = making.make_task(input="[" * 100_000 + "]" * 100_000)
    page = page_of(people.approver, f"/tasks/{deep.pk}/")
    assert page.status_code == 200
    assert "which is not JSON" in text_of(page)
    assert "[[[[" in text_of(page)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("9" * 5_000, "5,000 digits"),
        ("NaN", "NaN is not a JSON number"),
        ("[Infinity]", "Infinity is not a JSON number"),
        ("1e999", "too large for AWS"),
        ('{"a": 1, "a": 2}', "“a” stands twice"),
        ("\ufeff{}", "byte order mark"),
        ('{"a": "\x00"}', "NUL character"),
    ],
    ids=["B04", "B05", "B05", "B05", "B06", "B10", "B08"],
)
def test_what_is_no_sound_json_is_told(browser, task, output, words):
    answer = post_answer(browser, task, output=output)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Decision.objects.exists()


def test_b04_long_numbers_from_aws_are_shown(people, page_of):
    task = making.make_task(input='{"n": %s}' % ("9" * 5_000))
    assert "5,000 digits" in text_of(page_of(people.approver, f"/tasks/{task.pk}/"))


@pytest.mark.parametrize(
    "output",
    ["9007199254740993", "1.0", "0.123456789012345678901234567890", '"\\u0000"', '{"a":1.10}'],
)
def test_b07_b08_numbers_and_escapes_are_kept_as_typed(browser, task, output):
    post_answer(browser, task, output=output)
    assert bytes(Decision.objects.get().output) == output.encode()


def test_b07_numbers_from_aws_are_shown_as_written(people, page_of):
    task = making.make_task(input='{"a": 1.10, "b": 9007199254740993, "c": 1e3}')
    page = text_of(page_of(people.approver, f"/tasks/{task.pk}/"))
    for number in ("1.10", "9007199254740993", "1e3"):
        assert number in page


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
def test_b10_what_is_no_form_is_415(browser, task, kind):
    answer = browser.post(answer_url(task), b'{"output": "{}"}', content_type=kind)
    assert answer.status_code == 415
    assert not Decision.objects.exists()


def test_b10_broken_utf8_decides_nothing(browser, task):
    body = urlencode(form_fields(task, output='"HERE"')).replace("HERE", "%FF%FE").encode()
    kind = "application/x-www-form-urlencoded"
    assert browser.post(answer_url(task), body, content_type=kind).status_code == 400
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("error", "status"), [("E" * 256, 303), ("E" * 257, 422)], ids=["most", "one more"]
)
def test_b15_the_error_name_has_a_limit(browser, task, error, status):
    answer = post_answer(browser, task, direction="reject", error=error)
    assert answer.status_code == status
    if status == 422:
        assert "AWS takes at most 256" in text_of(answer)


@pytest.mark.parametrize(
    ("cause", "status"), [("ü" * 32_768, 303), ("ü" * 32_769, 422)], ids=["most", "one more"]
)
def test_b15_the_cause_is_counted_in_characters(browser, task, cause, status):
    answer = post_answer(browser, task, direction="reject", error="E", cause=cause)
    assert answer.status_code == status
    if status == 422:
        assert "AWS takes at most 32,768" in text_of(answer)
        assert typed(answer, "cause") == cause


def test_b16_packed_bodies_are_not_unpacked(browser, task):
    answer = browser.post(answer_url(task), form_fields(task), headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    assert not Draft.objects.exists()


def test_b17_ten_megabytes_are_413_in_our_own_words(browser, task):
    answer = post_answer(browser, task, output="x" * 10_000_000)
    assert answer.status_code == 413
    assert "This is too large" in text_of(answer)


def test_b17_five_thousand_fields_are_400(browser, task):
    fields = form_fields(task) | {f"field{number}": "x" for number in range(5_000)}
    assert browser.post(answer_url(task), fields).status_code == 400
    assert not Decision.objects.exists()


@pytest.mark.parametrize("name", ["direction", "output", "reason", "decision_id", "shown"])
def test_b17_a_field_that_comes_twice_is_400(browser, task, name):
    fields = form_fields(task)
    answer = browser.post(answer_url(task), {**fields, name: [fields[name], fields[name]]})
    assert answer.status_code == 400
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "change", [{"decision_id": "no id"}, {"decision_id": ""}, {"direction": "signal"}]
)
def test_a_damaged_form_is_400(browser, task, change):
    assert post_answer(browser, task, **change).status_code == 400
    assert not Decision.objects.exists()


def test_b35_fields_that_are_none_of_ours_change_nothing(browser, task, people):
    post_answer(browser, task, status="confirmed", decided_by=str(people.admin.pk), channel="api")
    decision = Decision.objects.get()
    assert (decision.status, decision.decided_by, decision.channel) == (
        "held",
        people.approver,
        "page",
    )


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_b36_only_a_post_answers(browser, task, method):
    decision = making.make_decision(task)
    for path in (
        answer_url(task),
        f"/tasks/{task.pk}/draft/",
        f"/decisions/{decision.pk}/withdraw/",
        f"/decisions/{decision.pk}/send/",
    ):
        assert getattr(browser, method)(path).status_code == 405
    decision.refresh_from_db()
    assert decision.status == "held"
    assert not Draft.objects.exists()


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_b36_pages_take_no_writing_method(browser, task, method):
    for path in (f"/tasks/{task.pk}/", f"/executions/{task.execution_id}/"):
        assert getattr(browser, method)(path).status_code == 405
