"""The record's tables refuse UPDATE and DELETE, from whatever connection they come."""

from django.db import migrations

from callbacks.audit import triggers


def create_triggers(apps, schema_editor):
    triggers.create(schema_editor.connection)


def drop_triggers(apps, schema_editor):
    triggers.drop(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0002_default_policy")]
    operations = [migrations.RunPython(create_triggers, drop_triggers)]
