"""Where much mail has an address that changed, its threads are found by a worker."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("linking", "0012_left_out"),
    ]

    operations = [
        migrations.AddField(
            model_name="relinking",
            name="addresses",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), db_default=[], default=list, size=None
            ),
        ),
    ]
