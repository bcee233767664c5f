from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0008_audit_outside")]

    operations = [
        migrations.AddField(
            model_name="policy",
            name="moved_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
