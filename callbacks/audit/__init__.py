"""The audit record: every step of an answer, every sign-in, every change of configuration."""

from callbacks.audit.actor import SYSTEM, Actor
from callbacks.audit.chain import append
from callbacks.audit.errors import AuditRolledBack, AuditUnavailable

__all__ = ["SYSTEM", "Actor", "AuditRolledBack", "AuditUnavailable", "append"]
