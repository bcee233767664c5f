"""Who signs the checkpoints, and whose signatures count: from the settings, never the database."""

from __future__ import annotations

from django.conf import settings

from callbacks.audit.errors import AuditUnavailable
from callbacks.audit.notes import BadKey, Signer, Verifier, read_verifier


def signer() -> Signer:
    """Raises AuditUnavailable where there is no usable key."""
    if not settings.AUDIT_SIGNING_KEY:
        raise AuditUnavailable("AUDIT_SIGNING_KEY is not set; no checkpoint can be signed.")
    try:
        return Signer(name=settings.AUDIT_ORIGIN, seed=settings.AUDIT_SIGNING_KEY)
    except BadKey as exc:
        raise AuditUnavailable(f"AUDIT_SIGNING_KEY, AUDIT_ORIGIN: {exc}") from exc


def trusted() -> list[Verifier]:
    """Our own key and those that signed before it. Raises AuditUnavailable."""
    try:
        earlier = [read_verifier(text) for text in settings.AUDIT_VERIFY_KEYS]
    except BadKey as exc:
        raise AuditUnavailable(f"AUDIT_VERIFY_KEYS: {exc}") from exc
    return [signer().verifier, *earlier] if settings.AUDIT_SIGNING_KEY else earlier
