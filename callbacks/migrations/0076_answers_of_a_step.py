from django.db import migrations, models
from django.db.models import Q

from callbacks.migrations._without_lock import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("callbacks", "0075_order_of_schemas")]

    operations = [
        AddIndexWithoutLock(
            "callbacktask",
            models.Index(
                fields=["connection", "state_machine_name", "state", "-closed_at"],
                condition=Q(status="answered", closed_kind="succeeded"),
                name="task_went_well",
            ),
        ),
    ]
