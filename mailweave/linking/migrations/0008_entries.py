"""What people write down of a record is activity, too."""

import django.db.models.functions.comparison
from django.db import migrations, models

INDEX = models.Index(
    fields=["workspace_id", "kind", "-last_at", "-record_id"], name="activity_newest"
)


class Migration(migrations.Migration):
    dependencies = [("linking", "0007_relinking")]

    operations = [
        migrations.RemoveIndex("activity", "activity_newest"),
        migrations.RemoveField("activity", "last_at"),
        migrations.AddField(
            model_name="activity",
            name="entry_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="activity",
            name="last_at",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Coalesce(
                    django.db.models.functions.comparison.Greatest("mail_at", "entry_at"),
                    "changed_at",
                ),
                output_field=models.DateTimeField(null=True),
            ),
        ),
        migrations.AddIndex("activity", INDEX),
    ]
