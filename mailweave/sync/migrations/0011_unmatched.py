"""What was left out for being about no record is compared with addresses that records gain."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0010_marks"),
    ]

    operations = [
        migrations.AddField(
            model_name="sync",
            name="address_seen",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="purge",
            name="what",
            field=models.CharField(
                choices=[
                    ("body", "Text of messages"),
                    ("attachments", "Names of attachments"),
                    ("never", "Mail with somebody on a never-sync list"),
                    ("internal", "Links of mail among colleagues"),
                    ("unmatched", "Mail about no record"),
                ],
                max_length=16,
            ),
        ),
    ]
