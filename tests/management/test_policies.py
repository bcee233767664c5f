"""`manage.py policies`: what is wrong in a file is a clear line, and nothing is changed."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from callbacks.models import Policy, Role
from tests import making

pytestmark = pytest.mark.django_db
FILE = "policies:\n- name: Default\n  is_default: true\n- name: Refunds\n  "


@pytest.fixture(autouse=True)
def default() -> None:
    making.default_policy()
    making.make_person("ana", Role.APPROVER)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("output_schema: 5", "Refunds, output_schema: This must be a JSON Schema or empty."),
        ("output_schema: {$schema: [x]}", "Refunds, output_schema: “$schema” names no known"),
        ("output_schema: {$ref: '#'}", "Refunds, output_schema: No answer could be checked"),
        ("output_schema: {const: .nan}", "Refunds, output_schema: This holds nan"),
        ('tags: {team: "a\\0"}', "Refunds, tags: This holds a NUL character"),
        ("tags: {1: a}", "Refunds, tags: This must be names with texts."),
        (
            "conditions: [{path: $.a, is: equals, value: .inf}]",
            "Refunds, conditions: This holds inf",
        ),
        ("conditions: [{path: $.a, is: equals, value: 2026-01-01}]", "2026-01-01 is neither text"),
        ("conditions: [{path: '$[?@ =~ /(/]', is: present}]", "This is not a JSONPath"),
        ("requester_path: '$..a..b'", "Refunds, requester_path: $..a..b: only one “..”"),
        ("default_output: '{\"a\": NaN}'", "Refunds, default_output: NaN is not a JSON number."),
        ('default_output: "\\0"', "Refunds, default_output: This holds a NUL character"),
        ("undo_seconds: 2026-13-41", "file: This is not YAML: line 5: “2026-13-41” is no number"),
    ],
)
@pytest.mark.parametrize("action", ["check", "apply"])
def test_what_cannot_be_kept_is_a_clear_line(
    tmp_path: Path, action: str, line: str, says: str
) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(FILE + line, encoding="utf-8")
    with pytest.raises(CommandError, match="Nothing was changed") as caught:
        call_command("policies", action, str(file), note="Agreed.")
    assert says in str(caught.value)
    assert caught.value.returncode == 1
    assert Policy.objects.count() == 1


def test_a_file_is_checked_and_applied_in_a_line_per_policy(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(FILE + "state: Ask", encoding="utf-8")
    call_command("policies", "check", str(file))
    call_command("policies", "apply", str(file), note="Agreed.")
    call_command("policies", "apply", str(file), note="Agreed.")
    assert capsys.readouterr().out.splitlines() == [
        "Default would be same",
        "Refunds would be new",
        "Default is same",
        "Refunds is new",
        "Default is same",
        "Refunds is same",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{FILE}teams: {{finance: 1, finance: 0}}", "line 5: “finance” stands twice"),
        (f"{FILE}approvals_needed: 2\n  approvals_needed: 1", "line 6: “approvals_needed”"),
        (f"{FILE}tags: {{a: b, a: c}}", "line 5: “a” stands twice"),
        (f"{FILE}state: Ask\npolicies: []", "line 6: “policies” stands twice"),
        (f"{FILE}state: Ask\npolices: []", "and not “polices”"),
        (f"{FILE}output_schema: {{type: object, type: array}}", "“type” stands twice"),
    ],
)
def test_what_stands_twice_or_under_no_known_name_is_refused_with_its_line(
    tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match="Nothing was changed") as caught:
        call_command("policies", "apply", str(file), note="Agreed.")
    assert says in str(caught.value)
    assert Policy.objects.count() == 1


def test_an_entry_may_be_written_once_and_merged_into_several(tmp_path: Path) -> None:
    file = tmp_path / "policies.yaml"
    text = (
        "policies:\n- &usual {name: Refunds, approvals_needed: 1, state: Ask}\n"
        "- {<<: *usual, name: Payouts}\n- {name: Default, is_default: true}\n"
    )
    file.write_text(text, encoding="utf-8")
    call_command("policies", "apply", str(file), note="Agreed.")
    assert Policy.objects.get(name="Payouts").state == "Ask"


@pytest.mark.parametrize("value", ["[100]", "true", "null", '"1,000"', "abc", "{a: 1}"])
@pytest.mark.parametrize("test", ["above", "at_least", "below", "at_most"])
def test_what_is_no_number_is_no_limit(tmp_path: Path, test: str, value: str) -> None:
    file = tmp_path / "policies.yaml"
    line = f"conditions: [{{path: $.amount, is: {test}, value: {value}}}]"
    file.write_text(FILE + line, encoding="utf-8")
    with pytest.raises(CommandError, match="compares numbers"):
        call_command("policies", "check", str(file))


@pytest.mark.parametrize("value", ["100", "0.5", '"120.00"', "-3"])
def test_numbers_and_their_texts_are_limits(tmp_path: Path, value: str) -> None:
    file = tmp_path / "policies.yaml"
    line = f"conditions: [{{path: $.amount, is: above, value: {value}}}]"
    file.write_text(FILE + line, encoding="utf-8")
    call_command("policies", "check", str(file))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("undo_seconds: 99999", "This must be a whole number from 0 to 600, or empty."),
        ("approvals_needed: -1", "This must be a whole number from 1 to 20."),
        ("teams: {finance: 21}", "whole numbers from 0 to 20."),
        ("headline: 'Refund {$.a[}'", "This is not a JSONPath: unexpected end of query."),
        (f"undo_seconds: {'9' * 5_000}", "is no number and no date"),
        ("output_schema: false", "nobody could ever approve"),
    ],
)
def test_what_is_wrong_is_told_in_peoples_words(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(FILE + line, encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        call_command("policies", "check", str(file))
    assert says in str(caught.value)
    assert "sys." not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["Refunds \u202eabc"], "visible characters"),
        (["Ref\x1bunds"], "visible characters"),
        (["Refunds "], "visible characters"),
        (["default"], "look alike"),
        (["Refunds", "refunds"], "Two policies have this name"),
    ],
)
def test_names_that_people_could_mistake_are_refused(
    tmp_path: Path, names: list[str], says: str
) -> None:
    file = tmp_path / "policies.yaml"
    rows = [{"name": "Default", "is_default": True}, *({"name": name} for name in names)]
    file.write_text(yaml.safe_dump({"policies": rows}), encoding="utf-8")
    with pytest.raises(CommandError, match=says):
        call_command("policies", "check", str(file))


def test_a_folder_that_is_not_there_is_a_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="The file cannot be written"):
        call_command("policies", "export", str(tmp_path / "none" / "policies.yaml"))


@pytest.mark.parametrize("note", ["", "  "])
def test_a_change_says_why(tmp_path: Path, note: str) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(FILE + "state: Ask", encoding="utf-8")
    with pytest.raises(CommandError, match="Say why, for the record"):
        call_command("policies", "apply", str(file), note=note)
    assert Policy.objects.count() == 1


def test_a_note_has_the_limit_that_it_has_on_the_page(tmp_path: Path) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(FILE + "state: Ask", encoding="utf-8")
    with pytest.raises(CommandError, match="at most 2,000"):
        call_command("policies", "apply", str(file), note="x" * 2_001)
    assert Policy.objects.count() == 1
