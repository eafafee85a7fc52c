"""Mail sent to somebody in Bcc is found without looking at all other mail."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0019_unmatched"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("bcc", []), _negated=True),
                fields=["workspace_id", "message"],
                name="copy_blind",
            ),
        ),
    ]
