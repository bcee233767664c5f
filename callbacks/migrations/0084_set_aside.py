from django.db import migrations, models
from django.db.models import Q

from callbacks.migrations._without_lock import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("callbacks", "0083_denied_histories")]

    operations = [
        AddIndexWithoutLock(
            "execution",
            models.Index(
                fields=["connection", "problem", "read_at", "problem_since"],
                condition=Q(status="RUNNING", problem__gt=""),
                name="execution_set_aside",
            ),
        ),
    ]
