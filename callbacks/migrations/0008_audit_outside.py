"""What is known of the audit record's places outside the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0007_api_keys")]

    operations = [
        migrations.CreateModel(
            name="AuditRollback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("source", models.CharField(max_length=300)),
                ("outside_seq", models.PositiveBigIntegerField()),
                ("outside_hash", models.CharField(max_length=64, unique=True)),
                ("common_seq", models.PositiveBigIntegerField()),
                ("acknowledged_seq", models.PositiveBigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="AuditTree",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                ("nodes", models.TextField(blank=True)),
                ("note", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="audittree_one")
                ],
            },
        ),
    ]
