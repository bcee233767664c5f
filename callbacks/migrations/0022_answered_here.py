from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0021_presence")]

    operations = [
        migrations.AddField(
            model_name="callbacktask",
            name="answered_here",
            field=models.BooleanField(default=False),
        ),
        migrations.RemoveIndex(model_name="callbacktask", name="task_closed"),
        migrations.AddIndex(
            model_name="callbacktask",
            index=models.Index(
                condition=Q(("answered_here", False), ("closed_at__isnull", False)),
                fields=["closed_at", "id"],
                name="task_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="callbacktask",
            index=models.Index(
                condition=Q(("answered_here", False), ("closed_at__isnull", False)),
                fields=["status", "closed_at", "id"],
                name="task_ended_otherwise",
            ),
        ),
    ]
