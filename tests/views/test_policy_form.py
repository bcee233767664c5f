"""The form of a policy says again what it was given: names, counts, values, whatever they are."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbacks.policies.fields import PolicyFields
from callbacks.views.policy_form import PolicyForm, initial

WORDS = st.text("aZé漢0279-_.(:=", min_size=1, max_size=6)
NAMES = st.lists(WORDS | st.integers(0, 99_999).map(str), min_size=1, max_size=3).map(" ".join)
# Only a machine under load finds texts like these slow to make.
whatever = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('ab 0"[{,\\\n\r\t\u2028é', max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


def written_and_read(fields: PolicyFields) -> PolicyFields:
    """As a browser sends the form back that nobody has touched."""
    shown = PolicyForm(initial=initial(fields))
    sent: dict[str, Any] = {"note": "Why."}
    for name in shown.fields:
        value = shown[name].value()
        if name != "note" and value not in (None, False):
            sent[name] = str(value).replace("\n", "\r\n")
    form = PolicyForm(sent)
    assert form.is_valid(), form.errors
    return form.policy(is_default=fields.is_default)


@whatever
@given(st.dictionaries(NAMES, st.integers(0, 9_999), max_size=4))
def test_teams_and_their_counts_come_back_whatever_the_names_are(teams: dict[str, int]) -> None:
    fields = PolicyFields(name="Refunds", teams=teams)
    assert written_and_read(fields) == fields


def test_a_team_whose_name_ends_in_a_number_is_not_another_team() -> None:
    fields = PolicyFields(name="Refunds", teams={"Tier 2": 0, "Tier": 2, "Tier 3": 1})
    assert written_and_read(fields).teams == {"Tier 2": 0, "Tier": 2, "Tier 3": 1}


@whatever
@given(VALUES)
def test_the_value_of_a_condition_comes_back_as_what_it_was(value: Any) -> None:
    conditions = [{"path": "$.a", "is": "equals", "value": value}]
    fields = PolicyFields(name="Refunds", conditions=conditions)
    assert written_and_read(fields) == fields


def test_texts_of_several_lines_come_back_as_they_were() -> None:
    fields = PolicyFields(
        name="Refunds",
        question="First.\nSecond.",
        default_output='{\n  "ok": true\n}\n',
        output_schema={"type": "object", "const": {"a": "\u2028"}},
    )
    assert written_and_read(fields) == fields
    said_no = replace(fields, rejection_mode="success", rejection_output='{\n "ok": false}')
    assert written_and_read(said_no) == said_no


def test_a_label_may_hold_a_colon() -> None:
    fields = PolicyFields(
        name="Refunds", key_fields=[{"label": "Amount: net", "path": "$.items[1:2]"}]
    )
    assert written_and_read(fields) == fields
