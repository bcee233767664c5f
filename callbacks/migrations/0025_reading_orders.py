"""Give running executions their place in AWS's list, then index what passes go by.

Batch by batch, each in a transaction of its own; interrupted, it can be run again. Executions that
are over have no place in that list.
"""

from django.db import migrations, models
from django.db.models import F, Q

BATCH = 1000


def order_by_start(apps, schema_editor):
    running = apps.get_model("callbacks", "Execution").objects.filter(status="RUNNING")
    last = None
    while True:
        rows = running.filter(id__gt=last) if last else running
        batch = list(rows.order_by("id").values_list("id", flat=True)[:BATCH])
        if not batch:
            return
        running.filter(pk__in=batch).update(ordered_at=F("started_at"))
        last = batch[-1]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("callbacks", "0024_lists_by_parts")]

    operations = [
        migrations.RunPython(order_by_start, migrations.RunPython.noop),
        migrations.RemoveIndex("execution", "execution_to_read"),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["connection", "started_at"],
                condition=Q(status="RUNNING", read_at__isnull=True),
                name="execution_new",
            ),
        ),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["connection", "read_next_at"],
                condition=Q(status="RUNNING", read_at__isnull=False),
                name="execution_to_read",
            ),
        ),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["connection", "read_at"],
                condition=Q(status="RUNNING", read_at__isnull=False),
                name="execution_by_reading",
            ),
        ),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["state_machine", "ordered_at"],
                condition=Q(status="RUNNING"),
                name="execution_by_order",
            ),
        ),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["connection", "left_at"],
                condition=Q(left_at__isnull=False),
                name="execution_left",
            ),
        ),
    ]
