import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0056_deleting")]

    operations = [
        migrations.CreateModel(
            "HistorySkeleton",
            [
                (
                    "execution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="skeleton",
                        serialize=False,
                        to="callbacks.execution",
                    ),
                ),
                ("last_event_id", models.PositiveIntegerField()),
                ("form", models.PositiveSmallIntegerField()),
                ("ciphertext", models.BinaryField()),
            ],
        ),
    ]
