from django.db import migrations

from callbacks.models.fields import OrderedJSONField


class Migration(migrations.Migration):
    dependencies = [("callbacks", "0074_variables_of_tasks")]

    operations = [
        migrations.AlterField("policy", "output_schema", OrderedJSONField(blank=True, null=True)),
    ]
