from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0084_set_aside")]

    operations = [
        migrations.AddField(
            "statemachine", "survey_next_at", models.DateTimeField(null=True)
        ),
        migrations.AddField("statemachine", "survey_upto", models.DateTimeField(null=True)),
        migrations.AddField("statemachine", "survey_began_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "statemachine", "survey_token", models.TextField(blank=True, db_default="")
        ),
    ]
