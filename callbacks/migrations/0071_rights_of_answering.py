from django.db import migrations, models
from django.db.models import Q

from callbacks.migrations._without_lock import AddIndexWithoutLock

TAKEN = ~Q(aws_request_id="")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("callbacks", "0070_trail_of_passes")]

    operations = [
        AddIndexWithoutLock(
            "decision",
            models.Index(
                fields=["connection_id", "first_sent_at"],
                condition=TAKEN & Q(output__isnull=False),
                name="decision_success_taken",
            ),
        ),
        AddIndexWithoutLock(
            "decision",
            models.Index(
                fields=["connection_id", "first_sent_at"],
                condition=TAKEN & Q(output__isnull=True),
                name="decision_failure_taken",
            ),
        ),
        AddIndexWithoutLock(
            "decision",
            models.Index(
                fields=["connection_id", "answer_code", "status_at"],
                condition=~Q(answer_code=""),
                name="decision_denied",
            ),
        ),
    ]
