from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0080_map_run_ends_by")]

    operations = [
        migrations.AddField(
            "statemachine", "could_wait", models.BooleanField(default=False, db_default=False)
        ),
        migrations.AddField(
            "hint", "is_doubtful", models.BooleanField(default=False, db_default=False)
        ),
    ]
