"""What is wrong with a policy, found before it is put in force."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from callbacks.models import Role
from callbacks.policies.check import problems
from callbacks.policies.fields import PolicyFields, from_mapping
from tests import making

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def company() -> None:
    making.make_person("ana", Role.APPROVER, teams=["finance"])
    making.make_person("kofi", Role.APPROVER)
    making.make_person("sam", Role.OPERATOR)


def test_a_whole_policy_is_fine() -> None:
    policy = PolicyFields(
        name="Refunds",
        state_machine="refund-*",
        conditions=[{"path": "$.amount", "is": "above", "value": 100}],
        teams={"finance": 1},
        users=["kofi"],
        approvals_needed=2,
        requester_path="$$.Execution.Input.requestedBy",
        headline="Refund {$.amount}",
        key_fields=[{"label": "Amount", "path": "$.amount"}],
        output_schema={"type": "object", "required": ["ok"]},
        default_output='{"ok": true}',
    )
    assert problems(policy) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 101),
        ("reason_rule", "sometimes"),
        ("conditions", [{"path": "$.a", "is": "bigger", "value": 1}]),
        ("conditions", [{"path": "$.a", "is": "above"}]),
        ("conditions", [{"path": "a", "is": "present"}]),
        ("conditions", [{"path": "$.a", "is": "one_of", "value": 1}]),
        ("conditions", [{"path": "$.a", "is": "present", "else": 1}]),
        ("requester_path", "$.["),
        ("headline", "Refund {$[}"),
        ("key_fields", [{"label": "Amount"}]),
        ("teams", {"nobody": 0}),
        ("teams", {"finance": 2}),
        ("users", ["nobody"]),
        ("approvals_needed", 0),
        ("approvals_needed", 3),
        ("rejection_errors", ["x" * 257]),
        ("rejection_output", "{}"),
        ("undo_seconds", 601),
        ("output_schema", {"type": "objekt"}),
        ("default_output", "{"),
    ],
)
def test_what_is_wrong_is_told_by_field(field: str, value: Any) -> None:
    found = problems(PolicyFields(**{"name": "Refunds", field: value}))
    assert field in found


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tags", {"team": "a\0"}),
        ("tags", {"\0": "a"}),
        ("conditions", [{"path": "$.a", "is": "equals", "value": float("nan")}]),
        ("conditions", [{"path": "$.a", "is": "equals", "value": [float("inf")]}]),
        ("conditions", [{"path": "$.a", "is": "equals", "value": "\ud800"}]),
        ("conditions", [{"path": "$.a", "is": "equals", "value": date(2026, 1, 1)}]),
        ("conditions", [{"path": "$.a", "is": "equals", "value": {1: 2}}]),
        ("conditions", [{"path": "$.a", "is": "equals", "value": 10**5_000}]),
        ("conditions", [{"path": "$.a", "is": ["equals"], "value": 1}]),
        ("conditions", [{"path": ["$"], "is": "present"}]),
        ("conditions", [{1: 2}]),
        ("conditions", [{"path": "$.a", "is": "present"}] * 21),
        ("conditions", [{"path": "$.a", "is": "one_of", "value": [1] * 1_001}]),
        ("connections", ["*a" * 200]),
        ("connections", ["a"] * 101),
        ("users", ["nul\0"]),
        ("headline", "NUL \0"),
        ("output_schema", {"const": float("nan")}),
        ("output_schema", {"const": "\0"}),
        ("output_schema", 5),
        ("output_schema", {"$schema": ["x"]}),
        ("output_schema", {"$ref": "#"}),
        ("output_schema", {"description": "x" * 60_000}),
        ("requester_path", "$[?@ =~ /(/]"),
        ("rejection_errors", ["\0"]),
    ],
)
def test_what_no_database_keeps_or_nobody_could_wait_for_is_told_by_field(
    field: str, value: Any
) -> None:
    found = problems(PolicyFields(**{"name": "Refunds", field: value}))
    assert list(found) == [field]


def test_a_value_that_holds_itself_ends_as_a_problem() -> None:
    loop: list[Any] = []
    loop.append(loop)
    wide: list[Any] = ["a"]
    for _ in range(40):
        wide = [wide, wide]
    for value in (loop, wide):
        conditions = [{"path": "$.a", "is": "equals", "value": value}]
        assert "conditions" in problems(PolicyFields(name="Refunds", conditions=conditions))


def test_a_team_cannot_be_asked_for_more_signatures_than_it_has_people_who_may_answer() -> None:
    making.make_person("tom", Role.OPERATOR, teams=["finance"])
    policy = PolicyFields(name="x", teams={"finance": 2}, users=["kofi"], approvals_needed=2)
    said = "“finance” is to give 2 signatures, and only 1 of its people may answer now."
    assert problems(policy) == {"teams": [said]}
    making.make_person("eve", Role.APPROVER, teams=["finance", "legal"])
    assert problems(policy) == {}


def test_a_team_without_anybody_can_be_named_but_gives_no_signature() -> None:
    making.make_team("legal")
    policy = PolicyFields(name="x", teams={"legal": 0, "finance": 1})
    assert problems(policy) == {}
    assert list(problems(replace(policy, teams={"legal": 1, "finance": 0}))) == ["teams"]


def test_a_rejection_by_success_needs_its_output() -> None:
    assert "rejection_output" in problems(PolicyFields(name="No", rejection_mode="success"))


def test_a_default_output_fits_the_schema() -> None:
    policy = PolicyFields(name="x", output_schema={"required": ["ok"]}, default_output="{}")
    assert "default_output" in problems(policy)


def test_the_default_policy_covers_everything() -> None:
    assert "name" in problems(PolicyFields(name="Default", is_default=True, state="X"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "name"),
        ({"name": "x", "colour": "red"}, "colour"),
        ({"name": "x", "approvals_needed": "2"}, "approvals_needed"),
        ({"name": "x", "approvals_needed": True}, "approvals_needed"),
        ({"name": "x", "teams": ["finance"]}, "teams"),
        ({"name": "x", "tags": {"a": 1}}, "tags"),
        ({"name": "x", "output_schema": "object"}, "output_schema"),
        ({"name": "x", "tags": {1: "a"}}, "tags"),
        ({"name": "x", "teams": {1: 1}}, "teams"),
    ],
)
def test_a_value_of_another_form_is_told_by_field(values: dict[str, Any], field: str) -> None:
    fields, errors = from_mapping(values)
    assert fields is None
    assert list(errors) == [field]
