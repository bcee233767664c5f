"""What people say about a request, and who says that they are on it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from callbacks.audit import triggers


def create_triggers(apps, schema_editor):
    triggers.create(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("callbacks", "0011_search_text"),
    ]

    operations = [
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("request_id", models.UUIDField(primary_key=True, serialize=False)),
                ("note", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims_made",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="auth.group",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("request_id", models.UUIDField()),
                ("task_id", models.UUIDField()),
                ("user_name", models.CharField(max_length=200)),
                ("channel", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("text", models.TextField()),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="comments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["request_id", "at"], name="comment_by_request")],
            },
        ),
        migrations.RunPython(create_triggers, migrations.RunPython.noop),
    ]
