"""Fill the column to search in; on PostgreSQL give it a trigram index where that may be had.

Batch by batch, each in a transaction of its own; interrupted, it can be run again.
"""

import logging

from django.db import Error, migrations, transaction

from callbacks.models.searching import search_text

logger = logging.getLogger(__name__)
BATCH = 1000
INDEX = (
    "CREATE INDEX IF NOT EXISTS task_search ON callbacks_callbacktask "
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
    atomic = False
    dependencies = [("callbacks", "0012_conversation")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(add_index, drop_index),
    ]
