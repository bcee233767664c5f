"""The audit record: every step of an answer, every sign-in, every change of configuration."""

from callbacks.audit.actor import SYSTEM, Actor
from callbacks.audit.chain import append
from callbacks.audit.errors import AuditUnavailable

__all__ = ["SYSTEM", "Actor", "AuditUnavailable", "append"]
