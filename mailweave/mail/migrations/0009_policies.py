"""What a workspace keeps of its mail, and what it never wants."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.clock
import mailweave.kit.scope
from mailweave.kit import tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0008_one_list"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="kept",
            field=models.CharField(
                choices=[
                    ("full", "All of it"),
                    ("snippet", "Its first words"),
                    ("headers", "Nothing of its text"),
                ],
                default="full",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="parts_kept",
            field=models.BooleanField(default=True),
        ),
        migrations.CreateModel(
            name="NeverSync",
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
                    "kind",
                    models.CharField(
                        choices=[("address", "Address"), ("domain", "Domain")], max_length=8
                    ),
                ),
                ("value", models.CharField(max_length=320)),
                ("made_at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("value"),
                        models.F("user"),
                        name="never_sync_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Policy",
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
                    "body",
                    models.CharField(
                        choices=[
                            ("full", "All of it"),
                            ("snippet", "The first 200 characters"),
                            ("headers", "Only who, when and the subject"),
                        ],
                        default="full",
                        help_text="What is not kept is not searched either. The mailbox always has all of it.",
                        max_length=16,
                        verbose_name="Text of messages",
                    ),
                ),
                (
                    "attachments",
                    models.CharField(
                        choices=[
                            ("metadata", "Their names, types and sizes"),
                            ("flag", "Only how many there are"),
                        ],
                        default="metadata",
                        help_text="Files are never stored here: they come from the mailbox when somebody opens one, which needs their names.",
                        max_length=16,
                        verbose_name="Attachments",
                    ),
                ),
                (
                    "push",
                    models.CharField(
                        choices=[("on", "On"), ("off", "Off")],
                        default="on",
                        help_text="Google and Microsoft tell us the moment there is new mail, where this installation can be reached from outside. A notice holds no mail.",
                        max_length=16,
                        verbose_name="Notices from providers",
                    ),
                ),
                (
                    "poll_minutes",
                    models.CharField(
                        choices=[
                            (
                                "auto",
                                "Every 5 minutes; every hour where the provider tells us by itself",
                            ),
                            ("5", "Every 5 minutes"),
                            ("15", "Every 15 minutes"),
                            ("60", "Every hour"),
                            ("off", "Once a day"),
                        ],
                        default="auto",
                        help_text="Every mailbox is looked at once a day in any case. Sync now always works.",
                        max_length=16,
                        verbose_name="Looking for new mail",
                    ),
                ),
                (
                    "folders",
                    models.CharField(
                        choices=[
                            ("any", "Inbox and Sent, or all folders: each owner chooses"),
                            ("main", "Inbox and Sent, and no others"),
                        ],
                        default="any",
                        help_text="Drafts, spam and deleted mail are never taken in. What is stored already stays.",
                        max_length=16,
                        verbose_name="Folders",
                    ),
                ),
                (
                    "read_writeback",
                    models.CharField(
                        choices=[("on", "On"), ("off", "Off")],
                        default="on",
                        help_text="Whether what people read here is marked as read in their mailbox too. What they read there is always shown here.",
                        max_length=16,
                        verbose_name="Read and unread",
                    ),
                ),
                (
                    "internal_mail",
                    models.CharField(
                        choices=[("hide", "Left out of records"), ("show", "Shown on records")],
                        default="hide",
                        help_text="Mail that only people of your own domains and mailboxes took part in. It is stored and found in Mail either way; what was linked by hand stays linked.",
                        max_length=16,
                        verbose_name="Mail among colleagues",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("changed_at", models.DateTimeField(null=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(models.F("workspace_id"), name="policy_once")
                ],
            },
        ),
        tenancy.owner("mail_policy"),
        tenancy.fence("mail_policy"),
        tenancy.owner("mail_neversync"),
        tenancy.fence("mail_neversync"),
        tenancy.target("mail_neversync"),
    ]
