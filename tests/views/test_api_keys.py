"""People make, see and revoke their keys; nobody else's, unless they administer."""

from __future__ import annotations

import re

import pytest

from callbacks.models import ApiKey, AuditEntry
from tests.api.conftest import make_key

FORM = {"label": "deploy robot", "scope": ["read", "decide"], "days": "30"}


def test_a_new_key_is_shown_once_and_opens_the_api(people, browser_of, client):
    browser = browser_of(people.approver)
    shown = browser.post("/settings/keys/", FORM)
    text = re.search(r"hp_[0-9a-f]{8}_[\w-]{32}", shown.content.decode())[0]
    answer = client.get("/api/v1/tasks", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 200
    assert text not in browser.get("/settings/").content.decode()
    assert "deploy robot" in browser.get("/settings/").content.decode()


def test_nothing_in_the_database_opens_the_api(people):
    key, text = make_key(people.approver)
    assert text not in str(vars(key))
    assert key.secret_sha256 != text


def test_making_and_revoking_are_on_record(people, browser_of):
    browser = browser_of(people.approver)
    browser.post("/settings/keys/", FORM)
    key = ApiKey.objects.get()
    browser.post(f"/settings/keys/{key.pk}/revoke/")
    browser.post(f"/settings/keys/{key.pk}/revoke/")
    kinds = AuditEntry.objects.filter(kind__startswith="api_key").order_by("chain_seq")
    assert list(kinds.values_list("kind", flat=True)) == ["api_key_created", "api_key_revoked"]
    assert key.prefix in kinds[0].body


@pytest.mark.parametrize(
    "fault", [{"label": " "}, {"scope": []}, {"scope": ["all"]}, {"days": "7000"}]
)
def test_a_key_that_cannot_be_is_refused_and_what_was_typed_stays(people, browser_of, fault):
    answer = browser_of(people.approver).post("/settings/keys/", FORM | fault)
    assert answer.status_code == 422
    assert answer.context["key_error"]
    assert answer.context["key_typed"]["label"] == fault.get("label", "deploy robot")
    assert not ApiKey.objects.exists()


def test_somebody_elses_key_is_not_there(people, browser_of):
    key, _ = make_key(people.approver)
    answer = browser_of(people.operator).post(f"/settings/keys/{key.pk}/revoke/")
    page = browser_of(people.operator).get("/settings/", {"person": "approver"})
    key.refresh_from_db()
    assert (answer.status_code, key.revoked_at) == (404, None)
    assert key.prefix not in page.content.decode()


def test_an_administrator_sees_and_revokes_them(people, browser_of):
    key, _ = make_key(people.approver)
    browser = browser_of(people.admin)
    assert key.prefix in browser.get("/settings/", {"person": "approver"}).content.decode()
    answer = browser.post(f"/settings/keys/{key.pk}/revoke/")
    key.refresh_from_db()
    assert answer["Location"] == "/settings/?person=approver#keys-title"
    assert key.revoked_at
