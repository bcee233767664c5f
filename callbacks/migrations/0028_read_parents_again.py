from django.db import migrations


def read_parents_again(apps, schema_editor):
    """What was read of them already said which Map Runs are at work, and nobody listened."""
    executions = apps.get_model("callbacks", "Execution").objects.using(schema_editor.connection.alias)
    parents = executions.filter(status="RUNNING", definition__text__contains='"DISTRIBUTED"')
    parents.update(last_event_id=0)


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0027_map_runs")]

    operations = [migrations.RunPython(read_parents_again, migrations.RunPython.noop)]
