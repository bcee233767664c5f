"""One column to search in. On PostgreSQL it gets a trigram index where the extension may be had."""

import logging

from django.db import Error, migrations, models, transaction
from django.db.models import Q

from callbacks.models.searching import search_text

logger = logging.getLogger(__name__)
BATCH = 1000
INDEX = (
    "CREATE INDEX task_search ON callbacks_callbacktask "
    "USING gin (search_text gin_trgm_ops) WHERE status = 'waiting'"
)


def fill(apps, schema_editor):
    tasks = apps.get_model("callbacks", "CallbackTask").objects.order_by("id")
    columns = ("headline", "state_machine_name", "state", "asked_by", "key_fields")
    last = None
    while True:
        rows = tasks.filter(id__gt=last) if last else tasks
        batch = list(rows.only(*columns)[:BATCH])
        if not batch:
            return
        for task in batch:
            names = (task.headline, task.state_machine_name, task.state, task.asked_by)
            task.search_text = search_text(names=names, key_fields=task.key_fields)
        tasks.model.objects.bulk_update(batch, ["search_text"])
        last = batch[-1].id


def add_index(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(INDEX)
    except Error as exc:
        # A role that may not create extensions still gets a product that works, only slower.
        logger.warning(
            "Searching large lists will be slow: pg_trgm is not to be had (%s). A superuser can "
            "run: CREATE EXTENSION pg_trgm; %s",
            exc,
            INDEX,
        )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS task_search")


class Migration(migrations.Migration):
    # The rows are filled before the index is made, each in a transaction of its own.
    atomic = False
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
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(add_index, drop_index),
    ]
