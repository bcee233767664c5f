"""Tell of runs that are mirrored already which one started them.

What runs may wait for long without another reading, and its input is here. Older processes go on
working meanwhile: so each row is changed by itself, and no statement reads many inputs. What they
add behind our back is told at its next reading. Interrupted, it can be run again.
"""

from django.db import migrations

from callbacks.asl.nesting import STARTED_BY, started_by

# An input may have 256 kB.
BATCH = 250


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    executions = apps.get_model("callbacks", "Execution").objects.using(alias)
    last = None
    while True:
        # By keys alone: few may be running of many.
        rows = executions.filter(pk__gt=last) if last else executions
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            return
        _fill_batch(executions, keys)
        last = keys[-1]


def _fill_batch(executions, keys):
    nested = executions.filter(status="RUNNING", input__contains=STARTED_BY, started_by="")
    for key, text in nested.filter(pk__in=keys).values_list("pk", "input"):
        # One lock at a time: a reading that holds several in another order cannot meet us.
        executions.filter(pk=key).update(started_by=started_by(text))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("callbacks", "0086_tags_asked_at")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
