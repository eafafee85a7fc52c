"""Shared mailboxes: opened with the permission of another mailbox, their delegate's."""

import django.db.models.deletion
from django.db import migrations, models

from mailweave.kit import tenancy


class Migration(migrations.Migration):
    dependencies = [("mail", "0010_ledger")]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="delegate",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="mail.mailbox",
            ),
        ),
        tenancy.reference("mail_mailbox", "delegate_id", "mail_mailbox", on_delete="NO ACTION"),
    ]
