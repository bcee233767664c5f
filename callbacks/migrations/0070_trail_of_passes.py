from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0057_history_skeletons")]

    operations = [
        migrations.AddField("connectionhealth", "passes", models.JSONField(default=list)),
        migrations.AddField("connectionhealth", "ages", models.JSONField(default=list)),
    ]
