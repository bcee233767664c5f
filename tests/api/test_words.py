"""Every way an answer can stand and every refusal has words of its own over HTTP."""

from callbacks.api.words import MAY_NOT, STANDS, VOIDED, explanation, may_not
from callbacks.decisions.policy import Refusal
from callbacks.models import Decision, DecisionStatus, VoidOutcome


def test_every_refusal_says_why():
    assert set(MAY_NOT) == set(Refusal)
    assert len({may_not(code) for code in Refusal}) == len(Refusal)


def test_every_status_is_explained():
    assert set(STANDS) == set(DecisionStatus)


def test_every_way_that_signatures_become_void_is_explained():
    assert set(VOIDED) == set(VoidOutcome)


def test_void_signatures_are_not_said_to_be_taken_back():
    void = Decision(status=DecisionStatus.WITHDRAWN, outcome="policy_changed")
    assert explanation(void, is_off=False) == (
        "The policy was changed, so its signatures are void. Nothing was sent."
    )
    assert explanation(Decision(status=DecisionStatus.WITHDRAWN), is_off=False).startswith(
        "Taken back"
    )
