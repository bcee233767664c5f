from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0054_intake")]

    operations = [
        migrations.AddField(
            "statemachine",
            "kms_key",
            models.CharField(blank=True, default="", max_length=2048),
            preserve_default=False,
        ),
    ]
