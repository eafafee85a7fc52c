"""When a copy was left out, set aside or found gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0013_leaving"),
    ]

    operations = [
        migrations.AddField(
            model_name="copy",
            name="settled_at",
            field=models.DateTimeField(null=True),
        ),
    ]
