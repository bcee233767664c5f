from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0085_surveys")]

    operations = [
        migrations.AddField("statemachine", "tags_asked_at", models.DateTimeField(null=True)),
    ]
