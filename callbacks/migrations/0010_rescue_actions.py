"""What people did to a task or a run beside answering it, as part of the record."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from callbacks.audit import triggers


def create_triggers(apps, schema_editor):
    triggers.create(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("callbacks", "0009_policy_moved"),
    ]

    operations = [
        migrations.CreateModel(
            name="RescueAction",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("heartbeat", "Heartbeat"),
                            ("stop", "Stop"),
                            ("redrive", "Redrive"),
                        ],
                        max_length=12,
                    ),
                ),
                ("connection_id", models.UUIDField()),
                ("connection_name", models.CharField(max_length=80)),
                ("region", models.CharField(max_length=32)),
                ("state_machine_name", models.CharField(max_length=80)),
                ("execution_arn", models.CharField(max_length=256)),
                ("execution_name", models.CharField(max_length=80)),
                ("redrive_count", models.PositiveIntegerField()),
                ("state", models.CharField(blank=True, max_length=80)),
                ("iteration", models.CharField(blank=True, max_length=500)),
                ("scheduled_event_id", models.PositiveIntegerField(null=True)),
                ("error", models.CharField(blank=True, max_length=256)),
                ("cause", models.TextField(blank=True)),
                ("reason", models.TextField(blank=True)),
                ("waiting_tasks", models.PositiveIntegerField(default=0)),
                ("live_answers", models.PositiveIntegerField(default=0)),
                ("asked_by_name", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
                ("channel", models.CharField(max_length=16)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Asked for"),
                            ("sending", "Sending"),
                            ("sent", "AWS took it"),
                            ("done", "Done"),
                            ("refused", "Not done"),
                            ("unknown", "Outcome unknown"),
                        ],
                        max_length=12,
                    ),
                ),
                ("status_at", models.DateTimeField()),
                ("generation", models.PositiveIntegerField(default=0)),
                ("claimed_at", models.DateTimeField(null=True)),
                ("claimed_by", models.CharField(blank=True, max_length=80)),
                ("lease_until", models.DateTimeField(null=True)),
                ("first_sent_at", models.DateTimeField(null=True)),
                ("look_after", models.DateTimeField(null=True)),
                ("looks", models.PositiveIntegerField(default=0)),
                ("hinted_at", models.DateTimeField(null=True)),
                ("aws_request_id", models.CharField(blank=True, max_length=64)),
                ("taken_at", models.DateTimeField(null=True)),
                ("answer_code", models.CharField(blank=True, max_length=80)),
                ("answer_message", models.TextField(blank=True)),
                ("outcome", models.CharField(blank=True, max_length=40)),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="rescues",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "execution",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="rescues",
                        to="callbacks.execution",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="rescues",
                        to="callbacks.callbacktask",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("status__in", ["requested", "sending", "sent", "unknown"])
                        ),
                        fields=["status", "look_after"],
                        name="rescue_to_move",
                    ),
                    models.Index(fields=["execution", "asked_at"], name="rescue_by_execution"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("status__in", ["requested", "sending", "sent", "unknown"]),
                            ("kind__in", ["stop", "redrive"]),
                        ),
                        fields=("execution", "kind"),
                        name="rescue_one_open",
                    )
                ],
            },
        ),
        migrations.RunPython(create_triggers, migrations.RunPython.noop),
    ]
