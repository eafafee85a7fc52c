"""Outlook beside Gmail."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0005_search_function"),
    ]

    operations = [
        migrations.AlterField(
            model_name="mailbox",
            name="kind",
            field=models.CharField(
                choices=[("gmail", "Gmail"), ("outlook", "Outlook")], max_length=16
            ),
        ),
    ]
