"""`manage.py policies`: what is wrong in a file is a clear line, and nothing is changed."""

from pathlib import Path
from typing import Any

import pytest
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
        ("undo_seconds: 2026-13-41", "file: This is not YAML: month must be in 1..12"),
    ],
)
@pytest.mark.parametrize("action", ["check", "apply"])
def test_what_cannot_be_kept_is_a_clear_line(
    tmp_path: Path, action: str, line: str, says: str
) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(FILE + line, encoding="utf-8")
    with pytest.raises(CommandError, match="Nothing was changed") as caught:
        call_command("policies", action, str(file))
    assert says in str(caught.value)
    assert caught.value.returncode == 1
    assert Policy.objects.count() == 1


def test_a_file_is_checked_and_applied_in_a_line_per_policy(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(FILE + "state: Ask", encoding="utf-8")
    call_command("policies", "check", str(file))
    call_command("policies", "apply", str(file))
    call_command("policies", "apply", str(file))
    assert capsys.readouterr().out.splitlines() == [
        "Default would be same",
        "Refunds would be new",
        "Default is same",
        "Refunds is new",
        "Default is same",
        "Refunds is same",
    ]
