"""The rule that covers whatever no other rule covers: any approver decides."""

import uuid

from django.db import migrations
from django.utils import timezone


def add_default_policy(apps, schema_editor):
    apps.get_model("callbacks", "Policy").objects.create(
        id=uuid.uuid4(),
        name="Default",
        position=1_000_000,
        is_default=True,
        created_at=timezone.now(),
    )


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0001_initial")]
    operations = [migrations.RunPython(add_default_policy, migrations.RunPython.noop)]
