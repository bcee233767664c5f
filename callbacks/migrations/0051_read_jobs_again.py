from django.db import migrations


def read_jobs_again(apps, schema_editor):
    """What was read of them already said which jobs were given a token, and nobody listened."""
    executions = apps.get_model("callbacks", "Execution").objects.using(schema_editor.connection.alias)
    jobs = executions.filter(status="RUNNING", definition__text__contains=".sync")
    jobs.update(last_event_id=0)


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0050_early_completion")]

    operations = [migrations.RunPython(read_jobs_again, migrations.RunPython.noop)]
