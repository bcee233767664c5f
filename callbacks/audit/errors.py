"""The one failure of the audit record, on which everything that must be recorded stops."""


class AuditUnavailable(Exception):
    """The entry could not be written. What it was to record must not happen."""


class AuditRolledBack(AuditUnavailable):
    """The file outside has entries that the database has not: somebody must look before we send."""
