"""Mark what an answer of ours has ended already.

Batch by batch, each in a transaction of its own; interrupted, it can be run again.
"""

from django.db import migrations

BATCH = 1000


def fill(apps, schema_editor):
    tasks = apps.get_model("callbacks", "CallbackTask").objects
    answers = apps.get_model("callbacks", "Decision").objects.filter(status="confirmed")
    last = None
    while True:
        rows = answers.filter(id__gt=last) if last else answers
        batch = list(rows.order_by("id").values_list("id", "task_id")[:BATCH])
        if not batch:
            return
        ended = tasks.filter(pk__in=[task_id for _, task_id in batch], closed_at__isnull=False)
        ended.update(answered_here=True)
        last = batch[-1][0]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("callbacks", "0022_answered_here")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
