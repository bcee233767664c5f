from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0024_lists_by_parts")]

    operations = [
        migrations.RemoveIndex("execution", "execution_to_read"),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["connection", "started_at"],
                condition=Q(status="RUNNING", read_at__isnull=True),
                name="execution_new",
            ),
        ),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["connection", "read_next_at"],
                condition=Q(status="RUNNING", read_at__isnull=False),
                name="execution_to_read",
            ),
        ),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["connection", "read_at"],
                condition=Q(status="RUNNING", read_at__isnull=False),
                name="execution_by_reading",
            ),
        ),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["state_machine", "ordered_at"],
                condition=Q(status="RUNNING"),
                name="execution_by_order",
            ),
        ),
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["connection", "left_at"],
                condition=Q(left_at__isnull=False),
                name="execution_left",
            ),
        ),
    ]
