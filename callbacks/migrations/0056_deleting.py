from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0055_kms")]

    operations = [
        migrations.AddField("statemachine", "is_deleting", models.BooleanField(default=False)),
    ]
