import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0026_hints")]

    operations = [
        migrations.AddField(
            "statemachine",
            "parent",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="map_runs",
                to="callbacks.execution",
            ),
        ),
        migrations.AddField("statemachine", "over_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "statemachine",
            models.Index(
                condition=models.Q(("gone_at", None)),
                fields=["connection"],
                name="statemachine_there",
            ),
        ),
        migrations.AddIndex(
            "statemachine",
            models.Index(
                condition=models.Q(("parent", None)),
                fields=["connection"],
                name="statemachine_own",
            ),
        ),
    ]
