from django.db import migrations, models
from django.db.models import Q

ENDED_ELSEWHERE = Q(
    ("answered_here", False), ("closed_at__isnull", False), ("early_completion", False)
)


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0028_read_parents_again")]

    operations = [
        migrations.AddField("callbacktask", "early_completion", models.BooleanField(default=False)),
        migrations.AlterField(
            "callbacktask",
            "status",
            models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("running", "Job runs"),
                    ("answered", "Answered"),
                    ("timed_out", "Ran out of time"),
                    ("stopped", "Stopped"),
                    ("closed", "Closed"),
                ],
                default="waiting",
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            "callbacktask",
            models.Index(
                condition=Q(("status", "running")),
                fields=["dies_earliest", "id"],
                name="task_running",
            ),
        ),
        migrations.RemoveIndex("callbacktask", "task_ended"),
        migrations.RemoveIndex("callbacktask", "task_ended_otherwise"),
        migrations.AddIndex(
            "callbacktask",
            models.Index(
                condition=ENDED_ELSEWHERE, fields=["closed_at", "id"], name="task_ended"
            ),
        ),
        migrations.AddIndex(
            "callbacktask",
            models.Index(
                condition=ENDED_ELSEWHERE,
                fields=["status", "closed_at", "id"],
                name="task_ended_otherwise",
            ),
        ),
    ]
