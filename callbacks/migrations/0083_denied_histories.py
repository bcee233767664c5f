from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0082_started_by")]

    operations = [
        migrations.AddField(
            "statemachine", "histories_denied_until", models.DateTimeField(null=True)
        ),
        migrations.AddIndex(
            "statemachine",
            models.Index(
                fields=["connection", "histories_denied_until"],
                condition=Q(histories_denied_until__isnull=False),
                name="statemachine_denied",
            ),
        ),
    ]
