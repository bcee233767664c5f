from django.db import migrations, models

from callbacks.asl.nesting import STARTED_BY, started_by


def read_inputs_again(apps, schema_editor):
    """What runs may wait for long without another reading, and its input is here."""
    executions = apps.get_model("callbacks", "Execution").objects.using(schema_editor.connection.alias)
    nested = executions.filter(status="RUNNING", input__contains=STARTED_BY)
    for row in nested.only("id", "input").iterator(chunk_size=100):
        executions.filter(pk=row.pk).update(started_by=started_by(row.input))


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0081_could_wait")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="started_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=256),
        ),
        migrations.RunPython(read_inputs_again, migrations.RunPython.noop),
    ]
