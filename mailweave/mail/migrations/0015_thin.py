"""Messages of which not all is kept are counted by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0014_settled"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(
                    models.Q(("kept", "full"), _negated=True),
                    ("parts_kept", False),
                    _connector="OR",
                ),
                fields=["workspace_id", "id"],
                name="message_thin",
            ),
        ),
    ]
