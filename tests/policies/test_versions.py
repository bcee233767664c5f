"""Policies change by new versions, never in place, and each change is on record."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import AuditEntry, Policy, Role, User
from callbacks.policies.fields import PolicyFields, as_text, fields_of
from callbacks.policies.files import apply, export, plan, read
from callbacks.policies.trial import try_out
from callbacks.policies.versions import PolicyProblems, move, put_in_force, retire
from tests import making

pytestmark = pytest.mark.django_db
REFUNDS = PolicyFields(name="Refunds", state_machine="refund-*", teams={"finance": 0})


@pytest.fixture(autouse=True)
def admin() -> User:
    making.default_policy()
    making.make_person("ana", Role.APPROVER, teams=["finance"])
    return making.make_person("root", Role.ADMIN)


def put(admin: User, fields: PolicyFields = REFUNDS, **more: int) -> Policy:
    actor = making.make_actor(admin)
    return put_in_force(fields=fields, note="Why.", actor=actor, now=timezone.now(), **more)


def order() -> list[str]:
    return [policy.name for policy in Policy.objects.current().in_order()]


def test_a_change_is_a_new_version_and_the_old_one_stays_as_it_was(admin: User) -> None:
    first = put(admin)
    second = put(admin, replace(REFUNDS, approvals_needed=1, reason_rule="both"))
    first.refresh_from_db()
    assert (first.version, second.version) == (1, 2)
    assert first.retired_at is not None
    assert fields_of(first) == REFUNDS


def test_the_same_again_is_no_new_version(admin: User) -> None:
    assert put(admin) == put(admin)


def test_every_change_is_in_the_audit_record(admin: User) -> None:
    put(admin)
    put(admin, replace(REFUNDS, state="Ask"))
    move(name="Refunds", to=0, actor=making.make_actor(admin), now=timezone.now())
    retire(name="Refunds", note="", actor=making.make_actor(admin), now=timezone.now())
    kinds = AuditEntry.objects.filter(kind__startswith="policy_").order_by("chain_seq")
    assert [entry.kind.removeprefix("policy_") for entry in kinds] == [
        "created",
        "changed",
        "moved",
        "retired",
    ]


def test_a_version_that_somebody_else_made_meanwhile_is_not_overwritten(admin: User) -> None:
    put(admin)
    put(admin, replace(REFUNDS, state="Ask"))
    with pytest.raises(PolicyProblems):
        put(admin, replace(REFUNDS, state="Other"), begun_with=1)


def test_a_new_policy_does_not_take_the_name_of_another(admin: User) -> None:
    put(admin)
    with pytest.raises(PolicyProblems):
        put(admin, replace(REFUNDS, state="Other"), begun_with=0)


def test_a_faulty_policy_changes_nothing(admin: User) -> None:
    with pytest.raises(PolicyProblems):
        put(admin, replace(REFUNDS, approvals_needed=9))
    assert order() == ["Default"]


def test_the_default_policy_can_be_changed_but_not_retired(admin: User) -> None:
    changed = put(admin, PolicyFields(name="Default", is_default=True, reason_rule="both"))
    assert (changed.version, changed.is_default) == (2, True)
    with pytest.raises(PolicyProblems):
        retire(name="Default", note="", actor=making.make_actor(admin), now=timezone.now())


def test_new_policies_are_tried_last_before_the_default_and_can_be_moved(admin: User) -> None:
    put(admin)
    put(admin, PolicyFields(name="Orders"))
    assert order() == ["Refunds", "Orders", "Default"]
    move(name="Orders", to=0, actor=making.make_actor(admin), now=timezone.now())
    assert order() == ["Orders", "Refunds", "Default"]


# --- trying out --------------------------------------------------------------------------------
def test_a_trial_says_what_would_be_covered_and_by_whom_decided(admin: User) -> None:
    machine = making.make_machine(name="refund-shop")
    task = making.make_task(execution=making.make_execution(machine), input='{"amount": 7}')
    making.make_task()
    trial = try_out(fields=replace(REFUNDS, headline="Refund {$.amount}"))
    assert (trial.looked_at, trial.covered, trial.people) == (2, 1, ("ana",))
    assert (trial.examples[0].task_id, trial.examples[0].headline) == (task.pk, "Refund 7")


def test_a_trial_says_which_earlier_policy_takes_what_fits(admin: User) -> None:
    making.make_task()
    put(admin, PolicyFields(name="All"))
    trial = try_out(fields=PolicyFields(name="Late"))
    assert (trial.covered, trial.taken) == (0, (("All", 1),))


def test_a_trial_of_large_inputs_ends_early_and_says_so(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        making.make_task(input='{"a": "' + "x" * 1_000 + '"}')
    assert try_out(fields=REFUNDS).is_all
    monkeypatch.setattr("callbacks.policies.trial.MOST_CHARACTERS", 1_500)
    trial = try_out(fields=REFUNDS)
    assert (trial.looked_at, trial.is_all) == (2, False)


# --- files -------------------------------------------------------------------------------------
def test_a_file_brings_back_what_was_exported(admin: User) -> None:
    put(admin)
    put(admin, PolicyFields(name="Orders", tags={"team": "shop"}))
    text = export()
    retire(name="Orders", note="", actor=making.make_actor(admin), now=timezone.now())
    put(admin, replace(REFUNDS, state="Other"))
    actor = making.make_actor(admin)
    apply(policies=read(text), note="", actor=actor, now=timezone.now() + timedelta(seconds=1))
    assert export() == text
    assert {change.what for change in plan(read(text))} == {"same"}


def test_a_file_that_is_applied_twice_makes_one_version(admin: User) -> None:
    making.make_person("kofi", Role.APPROVER, teams=["legal"])
    text = """
policies:
- name: Refunds
  users: [kofi, ana, kofi]
  teams: {legal: 1, finance: 0}
  tags: {team: shop, cost: a}
  conditions:
  - {value: 1.50, is: above, path: $.amount}
  output_schema: {type: object, properties: {b: {type: string}, a: {}}}
- name: Default
  is_default: true
"""
    for _ in range(2):
        apply(policies=read(text), note="", actor=making.make_actor(admin), now=timezone.now())
    assert [(one.name, one.version) for one in Policy.objects.order_by("name", "version")] == [
        ("Default", 1),
        ("Refunds", 1),
    ]


def test_a_version_reads_as_the_draft_did_that_made_it(admin: User) -> None:
    draft = PolicyFields(
        name="Orders",
        tags={"team": "shop", "a": "b"},
        conditions=[{"path": "$.amount", "is": "above", "value": 1}],
        key_fields=[{"path": "$.a", "label": "A"}],
    )
    stored = Policy.objects.get(pk=put(admin, draft).pk)
    assert as_text(fields_of(stored)) == as_text(draft)


def test_what_a_file_leaves_out_is_retired(admin: User) -> None:
    text = export()
    put(admin)
    assert [(c.name, c.what) for c in plan(read(text))] == [
        ("Default", "same"),
        ("Refunds", "retired"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "policies: [",
        "- a",
        "policies: []",
        "policies:\n- name: Default\n  is_default: true\n- name: A\n- name: A\n",
        "policies:\n- name: Default\n  is_default: true\n  approvals_needed: 99\n",
        "policies:\n- name: Default\n  is_default: true\n  oops: 1\n",
        "policies: 2026-13-41",
        "policies: " + "[" * 3_000,
        "policies: &a [*a]",
    ],
)
def test_a_faulty_file_changes_nothing(admin: User, text: str) -> None:
    with pytest.raises(PolicyProblems):
        read(text)


def test_a_version_reads_as_what_differs_from_the_usual() -> None:
    assert as_text(REFUNDS) == "name: Refunds\nstate_machine: refund-*\nteams:\n  finance: 0\n"
