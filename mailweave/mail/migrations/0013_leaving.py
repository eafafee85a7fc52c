"""Messages that are taken out are found by an index: what leaves, and what lists point to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0012_missing"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("message__isnull", False), ("state", "skipped")),
                fields=["workspace_id", "id"],
                name="copy_leaving",
            ),
        ),
        migrations.AddIndex(
            model_name="threadmailbox",
            index=models.Index(fields=["workspace_id", "last_message"], name="tm_last_message"),
        ),
    ]
