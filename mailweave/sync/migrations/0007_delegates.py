"""Who may open a shared mailbox, and what was asked for beside one's own."""

import django.db.models.deletion
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0011_delegate"),
        ("sync", "0006_audits"),
    ]

    operations = [
        migrations.AddField(
            model_name="authorization",
            name="shared",
            field=models.BooleanField(default=False, help_text="also to open shared mailboxes"),
        ),
        migrations.AddField(
            model_name="consentrequest",
            name="shared",
            field=models.BooleanField(default=False, help_text="also to open shared mailboxes"),
        ),
        migrations.AlterField(
            model_name="sync",
            name="problem",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reconnect", "Reconnect needed"),
                    ("consent", "Permission missing"),
                    ("admin", "An administrator must allow it"),
                    ("blocked", "Blocked by the organisation"),
                    ("operator", "The operator must act"),
                    ("access", "No access"),
                    ("failed", "Sync failed"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Delegate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "workspace_id",
                    models.BigIntegerField(default=mailweave.kit.scope.current, editable=False),
                ),
                (
                    "delegate",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.mailbox",
                    ),
                ),
                (
                    "mailbox",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.mailbox",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("mailbox"),
                        models.F("delegate"),
                        name="delegate_once",
                    )
                ],
            },
        ),
        tenancy.owner("sync_delegate"),
        tenancy.fence("sync_delegate"),
        tenancy.reference("sync_delegate", "mailbox_id", "mail_mailbox"),
        tenancy.reference("sync_delegate", "delegate_id", "mail_mailbox"),
    ]
