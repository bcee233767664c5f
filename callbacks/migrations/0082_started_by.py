from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0081_could_wait")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="started_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=256),
        ),
    ]
