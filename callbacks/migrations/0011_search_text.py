from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0010_rescue_actions")]

    operations = [
        migrations.AddField(
            model_name="callbacktask",
            name="search_text",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="callbacktask",
            index=models.Index(
                condition=Q(("status", "waiting")), fields=["connection"], name="task_by_connection"
            ),
        ),
    ]
