import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0025_reading_orders")]

    operations = [
        migrations.AddField(
            "connection",
            "hint_queue_url",
            models.CharField(blank=True, default="", max_length=400),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="Hint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("execution_arn", models.CharField(max_length=256)),
                ("at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hints",
                        to="callbacks.connection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "execution_arn"), name="hint_once"
                    )
                ],
            },
        ),
    ]
