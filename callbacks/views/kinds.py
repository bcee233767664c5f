"""The kinds of audit entries in words; a kind without words is shown as it is, never hidden."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from callbacks.views.rescue_actions import KINDS as RESCUE_KINDS

KINDS: Mapping[str, Callable[[], str]] = {
    "answer_decided": lambda: _("Answer given"),
    "answer_signed": lambda: _("Answer signed"),
    "signature_withdrawn": lambda: _("Signature taken back"),
    "answer_complete": lambda: _("All signatures given"),
    "answer_collecting_again": lambda: _("A signature is missing again"),
    "answer_voided": lambda: _("Signatures void"),
    "answer_hurried": lambda: _("Sent before the undo time was over"),
    "answer_withdrawn": lambda: _("Answer taken back"),
    "answer_sending": lambda: _("Answer being sent"),
    "answer_not_sent": lambda: _("Answer not sent yet"),
    "answer_sent": lambda: _("AWS took the answer"),
    "answer_unknown": lambda: _("Outcome not known"),
    "answer_confirmed": lambda: _("Answer confirmed by AWS's history"),
    "answer_lost": lambda: _("Something else was first"),
    "answer_refused": lambda: _("AWS refused the answer"),
    "answer_untraceable": lambda: _("No history tells what came of the answer"),
    **{kind: words for kind, (_icon, words) in RESCUE_KINDS.items()},
    "signed_in": lambda: _("Signed in"),
    "signed_out": lambda: _("Signed out"),
    "sign_in_failed": lambda: _("Sign-in failed"),
    "locked_out": lambda: _("Locked out after failed sign-ins"),
    "superuser_created": lambda: _("Administrator made by command"),
    "person_created": lambda: _("Person made"),
    "role_granted": lambda: _("Role given"),
    "preferences_changed": lambda: _("Own settings changed"),
    "api_key_created": lambda: _("API key made"),
    "api_key_revoked": lambda: _("API key revoked"),
    "answer_traceable": lambda: _("The run can be read now"),
    "token_handed_over": lambda: _("Task token handed over"),
    "comment_added": lambda: _("Comment written"),
    "request_taken": lambda: _("Request taken"),
    "request_let_go": lambda: _("Request let go"),
    "request_handed_over": lambda: _("Request handed over"),
    "policy_created": lambda: _("Policy made"),
    "policy_changed": lambda: _("Policy changed"),
    "policy_moved": lambda: _("Order of policies changed"),
    "policy_retired": lambda: _("Policy retired"),
    "audit_exported": lambda: _("Record exported"),
    "audit_rollback_acknowledged": lambda: _("Roll-back of the record acknowledged"),
    "connection_added": lambda: _("Connection added"),
    "connection_changed": lambda: _("Connection changed"),
    "connection_switched_on": lambda: _("Connection switched on"),
    "connection_switched_off": lambda: _("Connection switched off"),
}


def kind_words(code: str) -> str:
    return KINDS[code]() if code in KINDS else code.replace("_", " ")
