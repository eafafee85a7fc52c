"""A trial counts what would be left out for being about no record."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("linking", "0011_owners"),
    ]

    operations = [
        migrations.AddField(
            model_name="relinking",
            name="left_out",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
