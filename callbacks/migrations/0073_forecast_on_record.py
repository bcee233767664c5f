from django.db import migrations, models

from callbacks.audit import triggers


def create_triggers(apps, schema_editor):
    triggers.create(schema_editor.connection)


def drop_triggers(apps, schema_editor):
    triggers.drop(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0072_lists_of_one_workflow")]

    operations = [
        # On the way back no trigger may hold the column, and all have to be there again after it.
        migrations.RunPython(migrations.RunPython.noop, create_triggers),
        migrations.AddField(
            "decision",
            "forecast",
            models.CharField(blank=True, max_length=8, default=""),
            preserve_default=False,
        ),
        migrations.RunPython(create_triggers, drop_triggers),
    ]
