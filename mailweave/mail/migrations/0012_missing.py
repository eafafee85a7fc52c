"""Deletions are confirmed before they count; and other tables may refer to a copy."""

from django.db import migrations, models

from mailweave.kit import tenancy


class Migration(migrations.Migration):
    dependencies = [("mail", "0011_delegate")]

    operations = [
        migrations.AddField(
            model_name="copy",
            name="missing_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("missing_since__isnull", False)),
                fields=["workspace_id", "mailbox", "missing_since"],
                name="copy_missing",
            ),
        ),
        tenancy.target("mail_copy"),
    ]
