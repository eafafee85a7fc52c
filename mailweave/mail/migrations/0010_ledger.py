"""What the ledger counts by: when a copy was named, by whom it was asked for, and its day."""

from django.db import migrations, models

import mailweave.kit.clock


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0009_policies"),
    ]

    operations = [
        migrations.AddField(
            model_name="copy",
            name="asked_for",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="copy",
            name="named_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                fields=["workspace_id", "mailbox", "received_at"], name="copy_received"
            ),
        ),
        migrations.AlterField(
            model_name="mailbox",
            name="connected_at",
            field=models.DateTimeField(default=mailweave.kit.clock.now),
        ),
    ]
