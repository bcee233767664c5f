from django.db import migrations, models
from django.db.models import Q

from callbacks.migrations._without_lock import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("callbacks", "0077_figures")]

    operations = [
        AddIndexWithoutLock(
            "callbacktask",
            models.Index(
                fields=["dies_earliest", "id"],
                condition=Q(status="waiting", deadline_kind="none"),
                name="task_no_clock",
            ),
        ),
    ]
