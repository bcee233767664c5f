"""The one failure of the audit record, on which everything that must be recorded stops."""


class AuditUnavailable(Exception):
    """The entry could not be written. What it was to record must not happen."""
