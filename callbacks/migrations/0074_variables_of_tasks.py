from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0073_forecast_on_record")]

    operations = [
        migrations.AddField(
            "callbacktask",
            "variables",
            models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
    ]
