from django.db import migrations, models
from django.db.models import Q

from callbacks.migrations._without_lock import AddIndexWithoutLock

WAITING = Q(status="waiting")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("callbacks", "0071_rights_of_answering")]

    operations = [
        AddIndexWithoutLock(
            "callbacktask",
            models.Index(
                fields=["state_machine_name", "dies_earliest", "id"],
                condition=WAITING,
                name="task_by_workflow",
            ),
        ),
        AddIndexWithoutLock(
            "callbacktask",
            models.Index(
                fields=["state", "dies_earliest", "id"], condition=WAITING, name="task_by_step"
            ),
        ),
    ]
