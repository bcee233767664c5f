"""Policies on pages: read by operators, auditors and administrators, changed by the last."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.audit.configuration import COMMAND
from callbacks.models import AuditEntry, Policy, Role
from callbacks.policies.fields import PolicyFields
from callbacks.policies.versions import put_in_force, retire
from tests import making
from tests.views.answering import hidden

pytestmark = pytest.mark.django_db

TYPED = {
    "name": "Refunds",
    "state_machine": "refund-*",
    "conditions": '$.amount above 100\n$.kind one_of ["a", "b"]',
    "tags": "team = pay*",
    "teams": "finance 1",
    "users": "approver",
    "approvals_needed": "1",
    "rejections_needed": "1",
    "key_fields": "Amount: $.amount",
    "reason_rule": "both",
    "rejection_mode": "failure",
    "rejection_errors": "Denied",
    "output_schema": '{"type": "object"}',
    "default_output": "{}",
    "note": "Finding 12.",
    "begun_with": "0",
}


@pytest.fixture(autouse=True)
def company(people: Any) -> None:
    making.default_policy()
    making.make_person("priya", Role.APPROVER, teams=["finance"])


@pytest.fixture
def admin(people: Any, browser_of: Any) -> Any:
    return browser_of(people.admin)


def make(admin: Any, **typed: str) -> Policy:
    response = admin.post("/policies/new/", {**TYPED, **typed})
    assert response.status_code == 303, response.content.decode()
    return Policy.objects.get(name=TYPED["name"], retired_at=None)


def test_a_policy_is_what_was_typed(admin: Any) -> None:
    policy = make(admin)
    assert policy.conditions == [
        {"path": "$.amount", "is": "above", "value": 100},
        {"path": "$.kind", "is": "one_of", "value": ["a", "b"]},
    ]
    assert policy.tags == {"team": "pay*"}
    assert [(one.team.name, one.approvals) for one in policy.policy_teams.all()] == [("finance", 1)]
    assert policy.output_schema == {"type": "object"}
    assert AuditEntry.objects.filter(kind="policy_created").exists()


def test_the_form_of_the_next_version_begins_with_this_one(admin: Any) -> None:
    policy = make(admin)
    page = admin.get(f"/policies/{policy.pk}/edit/").content.decode()
    for text in ("$.amount above 100", "team = pay*", "finance 1", "Amount: $.amount", "Denied"):
        assert text in page


def test_changing_nothing_makes_no_version(admin: Any) -> None:
    policy = make(admin)
    admin.post(f"/policies/{policy.pk}/edit/", {**TYPED, "begun_with": "1"})
    assert Policy.objects.filter(name="Refunds").count() == 1


def test_a_change_shows_beside_what_was_before(admin: Any) -> None:
    policy = make(admin)
    typed = {**TYPED, "begun_with": "1", "reason_rule": "reject"}
    response = admin.post(f"/policies/{policy.pk}/edit/", typed, follow=True)
    page = response.content.decode()
    assert "Change from version 1" in page
    assert 'aria-label="compare with version 1"' in page
    assert "- reason_rule: both" in page


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("conditions", "$.amount greater 100", "has no comparison"),
        ("conditions", "$.amount above", "lacks a value"),
        ("conditions", "amount above 1", "A path begins with $"),
        ("conditions", "$.amount above 1,000", "compares numbers, and “1,000” is none"),
        ("conditions", "$.amount above abc", "compares numbers"),
        ("conditions", "$.amount above equals 5", "compares numbers"),
        ("conditions", "$.amount present 5", "takes no value"),
        ("conditions", "$.kind one_of []", "needs a list of values"),
        ("conditions", '$.kind equals {"a": 1, "a": 2}', "“a” stands twice"),
        ("tags", "a = b\n\na = c", "“a” stands twice, in line 1 and in line 3"),
        ("teams", "finance 1\nfinance", "“finance” stands twice, in line 1 and in line 2"),
        ("output_schema", '{"type": "object", "type": "array"}', "“type” stands twice"),
        ("output_schema", "false", "nobody could ever approve"),
        ("output_schema", "9" * 5_000, "a number has 5,000 digits"),
        ("name", "Refunds \u202e", "visible characters"),
        ("name", "DEFAULT", "look alike"),
        ("tags", "team", "is not of the form"),
        ("teams", "nobody", "There is no team"),
        ("approvals_needed", "", "required"),
        ("approvals_needed", "9", "only 3 may answer"),
        ("output_schema", "{", "This is not JSON"),
        ("note", "", "required"),
        ("reason_rule", "x", "x is not one of the available choices"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    admin: Any, field: str, text: str, says: str
) -> None:
    response = admin.post("/policies/new/", {**TYPED, "headline": "Kept words", field: text})
    page = unescape(response.content.decode())
    assert response.status_code == 422
    assert says in page
    assert "Kept words" in page
    assert not Policy.objects.filter(name="Refunds").exists()


def test_the_page_opens_at_the_first_field_that_is_wrong_and_links_to_all_of_them(
    admin: Any,
) -> None:
    typed = {**TYPED, "tags": "team", "reason_rule": "x", "note": ""}
    page = admin.post("/policies/new/", typed).content.decode()
    assert page.count(" autofocus") == 1
    assert 'href="#id_tags">Tags of the state machine</a>,' in page
    assert 'href="#id_note">' in page
    assert re.search(r'<textarea name="tags"[^>]* autofocus', page)


def test_values_are_listed_as_people_write_them(admin: Any) -> None:
    make(admin, conditions='$.kind one_of ["a", "b"]\n$.vip equals true')
    page = unescape(admin.get("/policies/").content.decode())
    assert '$.kind one_of ["a", "b"] · $.vip equals true' in page


def test_a_first_version_is_shown_as_what_it_says_and_not_as_a_change(admin: Any) -> None:
    page = admin.get(f"/policies/{make(admin).pk}/").content.decode()
    assert ">name: Refunds<" in page
    assert "+ name" not in page


def test_whoever_moves_a_policy_comes_back_to_its_place_in_the_list(admin: Any) -> None:
    policy = make(admin)
    response = admin.post(f"/policies/{policy.pk}/move/", {"to": "up"})
    assert response.url == f"/policies/#policy-{policy.pk}"
    assert f'id="policy-{policy.pk}"' in admin.get("/policies/").content.decode()


def test_a_policy_is_tried_out_without_being_put_in_force(admin: Any) -> None:
    machine = making.make_machine(name="refund-shop", tags={"team": "payments"})
    execution = making.make_execution(machine)
    making.make_task(execution=execution, input='{"amount": 120, "kind": "b"}')
    typed = {**TYPED, "headline": "Refund {$.amount}", "note": "", "do": "try"}
    page = admin.post("/policies/new/", typed).content.decode()
    assert "Refund 120" in page
    assert "3 people could answer" in page
    assert not Policy.objects.filter(name="Refunds").exists()


def test_a_trial_says_what_it_would_have_refused_of_the_answers_given(admin: Any) -> None:
    machine = making.make_machine(name="refund-shop", tags={"team": "payments"})
    run = making.make_execution(machine)
    task = making.make_task(execution=run, input='{"amount": 120, "kind": "b"}')
    nobody_named = making.make_person("eve", Role.APPROVER)
    past = making.make_decision(task, nobody_named, status="confirmed", headline="<b>Refund 7</b>")
    page = admin.post("/policies/new/", {**TYPED, "note": "", "do": "try"}).content.decode()
    assert "<b>1</b> of 1 answers to what it covers would have been refused." in page
    assert "1 answered by somebody it does not name" in page
    assert f'href="/decisions/{past.pk}/"' in page
    assert "&lt;b&gt;Refund 7&lt;/b&gt;" in page


def conflict(admin: Any, **typed: str) -> Any:
    """Two began with version 1; what the second gets to see."""
    policy = make(admin)
    first = {**TYPED, "begun_with": "1", "reason_rule": "reject", "note": "Less asking."}
    assert admin.post(f"/policies/{policy.pk}/edit/", first).status_code == 303
    second = {**TYPED, "begun_with": "1", "headline": "Kept words", **typed}
    return admin.post(f"/policies/{policy.pk}/edit/", second)


def test_two_administrators_do_not_overwrite_each_other(admin: Any) -> None:
    assert conflict(admin).status_code == 409
    assert Policy.objects.get(name="Refunds", retired_at=None).version == 2


def test_the_second_of_two_sees_what_the_first_changed_and_loses_nothing(admin: Any) -> None:
    page = unescape(conflict(admin).content.decode())
    assert "Somebody else has put version 2 in force since you began." in page
    assert "See what is marked below" not in page
    assert "- reason_rule: both" in page
    assert "Less asking." in page
    assert "Kept words" in page


def test_the_second_of_two_may_save_knowingly(admin: Any) -> None:
    response = conflict(admin)
    again = {**TYPED, "headline": "Kept words", "begun_with": hidden(response, "begun_with")}
    saved = admin.post(response.request["PATH_INFO"], again)
    assert saved.status_code == 303
    policy = Policy.objects.get(name="Refunds", retired_at=None)
    assert (policy.version, policy.headline) == (3, "Kept words")


def test_whoever_changes_a_policy_that_was_retired_meanwhile_is_told_and_may_bring_it_back(
    admin: Any,
) -> None:
    policy = make(admin)
    admin.post(f"/policies/{policy.pk}/retire/", {"note": "No longer."})
    typed = {**TYPED, "begun_with": "1", "headline": "Kept words"}
    response = admin.post(f"/policies/{policy.pk}/edit/", typed)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else has retired this policy since you began." in page
    again = {**typed, "begun_with": hidden(response, "begun_with")}
    assert admin.post(f"/policies/{policy.pk}/edit/", again).status_code == 303


def test_a_name_that_is_taken_is_marked_at_its_field(admin: Any) -> None:
    make(admin)
    response = admin.post("/policies/new/", TYPED)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'id="id_name_error"' in page
    assert "There is a policy of this name already." in page


def test_what_is_wrong_with_the_name_of_a_policy_that_is_changed_stands_on_top(admin: Any) -> None:
    default = making.default_policy()
    typed = {**TYPED, "begun_with": "1"}
    response = admin.post(f"/policies/{default.pk}/edit/", typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert "The default policy covers whatever no other one covers" in page
    assert 'href="#id_name"' not in page


def test_a_retired_policy_is_listed_apart_and_can_come_back(admin: Any) -> None:
    policy = make(admin)
    admin.post(f"/policies/{policy.pk}/retire/", {"note": "No longer."})
    assert "Retired" in admin.get("/policies/").content.decode()
    admin.post(f"/policies/{policy.pk}/edit/", TYPED)
    assert Policy.objects.get(name="Refunds", retired_at=None).version == 2


def test_the_default_policy_is_not_retired(admin: Any) -> None:
    default = making.default_policy()
    response = admin.post(f"/policies/{default.pk}/retire/", {"note": "No."})
    assert response.status_code == 409
    assert "cannot be retired" in response.content.decode()


@pytest.mark.parametrize("note", ["", " ", "x" * 2_001, "a\0"])
def test_nothing_is_retired_without_a_note_that_can_be_kept(admin: Any, note: str) -> None:
    policy = make(admin)
    response = admin.post(f"/policies/{policy.pk}/retire/", {"note": note})
    assert response.status_code == 422
    assert 'id="retire-note_error"' in response.content.decode()
    assert Policy.objects.filter(name="Refunds", retired_at=None).exists()


def test_the_default_policy_stays_last_and_says_so(admin: Any) -> None:
    default = making.default_policy()
    response = admin.post(f"/policies/{default.pk}/move/", {"to": "up"})
    assert response.status_code == 409
    assert "The default policy stays last." in response.content.decode()


@pytest.mark.parametrize("to", ["", "sideways", "0"])
def test_a_move_without_a_direction_moves_nothing(admin: Any, to: str) -> None:
    make(admin)
    admin.post("/policies/new/", {**TYPED, "name": "Later"})
    first = Policy.objects.get(name="Refunds")
    assert admin.post(f"/policies/{first.pk}/move/", {"to": to}).status_code == 400
    assert [p.name for p in Policy.objects.current().in_order()] == ["Refunds", "Later", "Default"]


def test_the_order_is_changed_by_buttons(admin: Any) -> None:
    make(admin)
    admin.post("/policies/new/", {**TYPED, "name": "Later"})
    later = Policy.objects.get(name="Later")
    admin.post(f"/policies/{later.pk}/move/", {"to": "up"})
    assert [p.name for p in Policy.objects.current().in_order()] == ["Later", "Refunds", "Default"]


def test_hostile_names_are_shown_harmlessly(admin: Any) -> None:
    make(admin, headline="<script>alert(1)</script>", question="<img src=x onerror=alert(1)>")
    policy = Policy.objects.get(name="Refunds")
    for path in (f"/policies/{policy.pk}/", f"/policies/{policy.pk}/edit/", "/policies/"):
        assert "<script>alert" not in admin.get(path).content.decode()


UNKEEPABLE = [
    ("tags", "team = pay\0", "NUL"),
    ("connections", "pro\0d", "NUL"),
    ("conditions", "$.a equals x\0", "NUL"),
    ("conditions", r'$.a equals "\u0000"', "NUL"),
    ("conditions", r'$.a equals "\ud800"', "half a character"),
    ("conditions", "$.a equals 1e999", "no number"),
    ("conditions", "$.a one_of [NaN]", "needs a list"),
    ("conditions", "$[?@ =~ /(/] present", "not a JSONPath"),
    ("conditions", "$[?@ =~ /(a+)+$/] present", "not supported"),
    ("conditions", "$.a equals " + "9" * 2_000, "at most"),
    ("headline", "Refund {$[?@ =~ /(/]}", "not a JSONPath"),
    ("requester_path", "$[?@ =~ /(/]", "not a JSONPath"),
    ("output_schema", "5", "object in braces"),
    ("output_schema", '{"$schema": ["x"]}', "names no known version"),
    ("output_schema", '{"$ref": "#"}', "refers to itself"),
    ("output_schema", '{"pattern": "(a+)+$"}', "cannot be used"),
    ("output_schema", '{"const": NaN}', "NaN is no number"),
    ("output_schema", '{"const": 1e999}', "no number"),
    ("output_schema", r'{"const": "\u0000"}', "NUL"),
    ("output_schema", "[" * 3_000, "nested too deep"),
    ("output_schema", '{"not": ' * 60 + "{}" + "}" * 60, "nested too deep"),
    ("default_output", '{"a": NaN}', "NaN is not a JSON number"),
    ("default_output", '{"a": "\0"}', "ull characters"),
    ("default_output", '{"a": 1e999}', "too large"),
    ("teams", "finance " + "9" * 1_000, "no team"),
    ("users", "ana\0", "NUL"),
    ("rejection_errors", "No\0", "NUL"),
    ("key_fields", "Amount\0: $.a", "NUL"),
]


@pytest.mark.parametrize(("field", "text", "says"), UNKEEPABLE)
@pytest.mark.parametrize("do", ["put", "try"])
def test_what_no_database_keeps_and_no_answer_fits_is_told_and_kept(
    admin: Any, field: str, text: str, says: str, do: str
) -> None:
    typed = {**TYPED, "default_output": "", "headline": "Kept words", field: text, "do": do}
    response = admin.post("/policies/new/", typed)
    page = unescape(response.content.decode())
    assert response.status_code == 422
    assert says in page
    assert text.replace("\0", "") in page.replace("\0", "").replace("\ufffd", "")
    assert field == "headline" or "Kept words" in page
    assert not Policy.objects.filter(name="Refunds").exists()


def test_the_list_asks_as_often_for_sixty_policies_as_for_three(admin: Any) -> None:
    counts = []
    for most in (3, 60):
        for number in range(Policy.objects.count() // 2, most):
            fields = PolicyFields(name=f"Policy {number}", teams={"finance": 1}, users=["priya"])
            put_in_force(fields=fields, note="", actor=COMMAND, now=timezone.now())
            gone = replace(fields, name=f"Gone {number}")
            put_in_force(fields=gone, note="", actor=COMMAND, now=timezone.now())
            retire(name=gone.name, note="", actor=COMMAND, now=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            page = admin.get("/policies/").content.decode()
        assert page.count("Gone ") >= most
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_others_read_or_do_not_see_them(people: Any, browser_of: Any) -> None:
    default = making.default_policy()
    for person, list_status, write_status in (
        (people.auditor, 200, 403),
        (people.operator, 200, 403),
        (people.approver, 403, 403),
    ):
        browser = browser_of(person)
        assert browser.get("/policies/").status_code == list_status
        assert browser.get(f"/policies/{default.pk}/edit/").status_code == write_status
