"""Linking by policy, and what mail about a record is about as well."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.scope
import mailweave.linking.models
from mailweave.kit import tenancy

TABLES = ["linking_companion", "linking_linkpolicy"]


class Migration(migrations.Migration):
    dependencies = [
        ("linking", "0002_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="link",
            name="via_kind",
            field=models.CharField(db_default="", default="", max_length=32),
        ),
        migrations.AddField(
            model_name="link",
            name="via_record_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="link",
            name="reason",
            field=models.CharField(
                choices=[
                    ("thread", "in the same thread as linked mail"),
                    ("sender", "sent by"),
                    ("recipient", "sent to"),
                    ("company", "the company of somebody it is about"),
                    ("deal", "an open deal of somebody it is about"),
                    ("manual", "linked by hand"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Companion",
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
                ("kind", models.CharField(max_length=32)),
                ("record_id", models.BigIntegerField()),
                ("to_kind", models.CharField(max_length=32)),
                ("to_record_id", models.BigIntegerField()),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("company", "where a person works"),
                            ("deal", "what may be sold to a person"),
                        ],
                        max_length=8,
                    ),
                ),
                ("since", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "to_kind", "to_record_id"], name="companion_to"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("kind"),
                        models.F("record_id"),
                        models.F("to_kind"),
                        models.F("to_record_id"),
                        models.F("rule"),
                        name="companion_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LinkPolicy",
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
                    "match_types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        default=list,
                        help_text="Which kinds of record are matched by their addresses. What follows from a person, their company and deals, is chosen below.",
                        size=None,
                        verbose_name="Kinds of record",
                    ),
                ),
                (
                    "match_kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("primary", "Primary"),
                                ("portal", "Portal"),
                                ("additional", "Additional"),
                            ],
                            max_length=10,
                        ),
                        default=mailweave.linking.models.all_kinds,
                        help_text="Which addresses of a record count. They are compared whole: a domain in common never links a person.",
                        size=None,
                        verbose_name="Addresses",
                    ),
                ),
                (
                    "roles_in",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("from", "From"), ("to", "To"), ("cc", "Cc"), ("bcc", "Bcc")],
                            max_length=4,
                        ),
                        default=mailweave.linking.models.roles_in_standard,
                        help_text="Where an address has to stand on a message that came in.",
                        size=None,
                        verbose_name="Received mail is matched by",
                    ),
                ),
                (
                    "roles_out",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("from", "From"), ("to", "To"), ("cc", "Cc"), ("bcc", "Bcc")],
                            max_length=4,
                        ),
                        default=mailweave.linking.models.roles_out_standard,
                        help_text="Where an address has to stand on a message that went out. Whom a message was sent to in Bcc is never shown to others.",
                        size=None,
                        verbose_name="Sent mail is matched by",
                    ),
                ),
                (
                    "link_mode",
                    models.CharField(
                        choices=[
                            ("all", "Every record that matches"),
                            ("first", "One record: the first that matches"),
                        ],
                        default="all",
                        help_text="The first is that of the conversation, then the sender's, then the recipients' in their order.",
                        max_length=16,
                        verbose_name="When several records match",
                    ),
                ),
                (
                    "inherit_thread",
                    models.CharField(
                        choices=[("on", "On"), ("off", "Off")],
                        default="on",
                        help_text="Whether an answer is filed where its conversation is, if whoever wrote it took part there before.",
                        max_length=16,
                        verbose_name="Answers in a conversation",
                    ),
                ),
                (
                    "deal_mode",
                    models.CharField(
                        choices=[
                            ("latest", "The latest deal that was open when the message was sent"),
                            ("all", "Every deal that was open when the message was sent"),
                            ("via_contact", "None. A deal's page shows the mail of its contacts"),
                            (
                                "none",
                                "None. A deal's page shows only what was linked to it by hand",
                            ),
                        ],
                        default="latest",
                        help_text="Which deals a person's mail is filed under as well. A deal that is closed keeps the mail of its time.",
                        max_length=16,
                        verbose_name="Deals of a person",
                    ),
                ),
                (
                    "link_company",
                    models.CharField(
                        choices=[("on", "On"), ("off", "Off")],
                        default="on",
                        help_text="Whether a person's mail is filed under the company they work at as well.",
                        max_length=16,
                        verbose_name="The company of a person",
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
                    models.UniqueConstraint(models.F("workspace_id"), name="link_policy_once")
                ],
            },
        ),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
    ]
