from django.db import migrations, models


def read_activities_again(apps, schema_editor):
    """What was read of them already said which worker is at it, and nobody listened."""
    executions = apps.get_model("callbacks", "Execution").objects.using(schema_editor.connection.alias)
    waiting = {"tasks__status": "waiting", "tasks__token_state": "activity"}
    keys = executions.filter(status="RUNNING", **waiting).values("pk")
    executions.filter(pk__in=keys).update(last_event_id=0)


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0051_read_jobs_again")]

    operations = [
        migrations.AddField("callbacktask", "started_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "callbacktask",
            "worker",
            models.CharField(blank=True, default="", max_length=256),
            preserve_default=False,
        ),
        migrations.RunPython(read_activities_again, migrations.RunPython.noop),
    ]
