"""What is known of the audit record's places outside the database. Made anew from them if lost."""

from django.db import models


class AuditTree(models.Model):
    """The Merkle tree over the audit entries at the last checkpoint, so that the next one need
    not read them all: one row.

    Believed only where its signature holds: the key is not in the database.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # Roots of the perfect subtrees, in hex, from the left: one for each 1 in the size.
    nodes = models.TextField(blank=True)
    # The signed note that was exported.
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audittree_one")]

    def __str__(self) -> str:
        return f"tree of {self.at:%Y-%m-%d %H:%M:%S}"


class AuditRollback(models.Model):
    """That a place outside holds entries which the database has not, or has otherwise."""

    found_at = models.DateTimeField()
    # For people: which file on which host.
    source = models.CharField(max_length=300)
    # The last entry that stands outside.
    outside_seq = models.PositiveBigIntegerField()
    outside_hash = models.CharField(max_length=64, unique=True)
    # Up to here both tell the same, as far as that place can tell.
    common_seq = models.PositiveBigIntegerField()
    # The audit entry by which somebody took note of it; until then nothing is sent.
    acknowledged_seq = models.PositiveBigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.source}: {self.outside_seq} entries, {self.common_seq} in common"
