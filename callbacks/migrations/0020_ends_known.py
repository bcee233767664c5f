from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0013_fill_search_text")]

    operations = [
        migrations.AddField(
            model_name="statemachine",
            name="ends_known_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="statemachine",
            name="ends_began_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="statemachine",
            name="ends_token",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
    ]
