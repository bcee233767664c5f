import django.db.models.deletion
from django.db import migrations, models

TEXT = {"blank": True, "default": ""}


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0052_workers")]

    operations = [
        migrations.AddField(
            "execution",
            "version",
            models.CharField(max_length=20, **TEXT),
            preserve_default=False,
        ),
        migrations.AddField(
            "execution",
            "alias",
            models.CharField(max_length=80, **TEXT),
            preserve_default=False,
        ),
        migrations.AddField("statemachine", "created_at", models.DateTimeField(null=True)),
        migrations.AddField("statemachine", "surveyed_at", models.DateTimeField(null=True)),
        migrations.AddField("statemachine", "versions_wait", models.BooleanField(default=False)),
        migrations.CreateModel(
            name="StateMachineVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField(null=True)),
                (
                    "definition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="callbacks.definition"
                    ),
                ),
                (
                    "state_machine",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="callbacks.statemachine",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["state_machine", "number"], name="version_once"
                    )
                ],
            },
        ),
    ]
