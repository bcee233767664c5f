from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0056_deleting")]

    operations = [
        migrations.AddField("connectionhealth", "passes", models.JSONField(default=list)),
        migrations.AddField("connectionhealth", "ages", models.JSONField(default=list)),
    ]
