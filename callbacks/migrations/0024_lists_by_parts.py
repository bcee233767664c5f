import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0023_fill_answered_here")]

    operations = [
        migrations.RenameField("statemachine", "ends_known_at", "looked_at"),
        migrations.RenameField("statemachine", "ends_began_at", "look_began_at"),
        migrations.RenameField("statemachine", "ends_token", "look_token"),
        migrations.AddField("statemachine", "look_size", models.PositiveIntegerField(default=100)),
        migrations.AddField("statemachine", "problem_at", models.DateTimeField(null=True)),
        migrations.AddField("statemachine", "news", models.FloatField(default=0.0)),
        migrations.AddField("statemachine", "swept_at", models.DateTimeField(null=True)),
        migrations.AddField("statemachine", "sweep_began_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "statemachine",
            "sweep_token",
            models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField("statemachine", "sweep_upto", models.DateTimeField(null=True)),
        migrations.AddField("statemachine", "sweep_carried", models.JSONField(default=list)),
        migrations.AddField(
            "execution",
            "ordered_at",
            models.DateTimeField(default=timezone.now),
            preserve_default=False,
        ),
        migrations.AddField("execution", "left_at", models.DateTimeField(null=True)),
        migrations.RemoveField("connectionhealth", "budget"),
        migrations.AddField(
            "connectionhealth", "machines_listed_at", models.DateTimeField(null=True)
        ),
        migrations.CreateModel(
            name="CallBudget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("operation", models.CharField(max_length=60)),
                ("level", models.FloatField()),
                ("at", models.DateTimeField()),
                ("throttled_at", models.DateTimeField(null=True)),
                ("lowered_to", models.FloatField(default=1.0)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="budgets",
                        to="callbacks.connection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "operation"), name="callbudget_once"
                    )
                ],
            },
        ),
    ]
