"""Tickets, processors, and what became of mail."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.clock
import mailweave.kit.scope


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("mail", "0015_thin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Desk",
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
                ("last_number", models.PositiveIntegerField(default=0)),
                ("hourly", models.PositiveSmallIntegerField(default=20)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(models.F("workspace_id"), name="desk_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Processor",
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
                ("name", models.CharField(max_length=100)),
                ("active", models.BooleanField(default=True)),
                (
                    "sender",
                    models.CharField(blank=True, max_length=200, verbose_name="From contains"),
                ),
                (
                    "subject",
                    models.CharField(blank=True, max_length=200, verbose_name="Subject contains"),
                ),
                ("recipient", models.CharField(blank=True, max_length=320, verbose_name="Sent to")),
                (
                    "priority",
                    models.CharField(
                        choices=[
                            ("urgent", "Urgent"),
                            ("high", "High"),
                            ("medium", "Medium"),
                            ("low", "Low"),
                        ],
                        default="medium",
                        max_length=8,
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("support", "Support"),
                            ("bug", "Bug"),
                            ("feature", "Feature"),
                            ("request", "Customer request"),
                        ],
                        default="support",
                        max_length=8,
                    ),
                ),
                (
                    "assignment",
                    models.CharField(
                        choices=[
                            ("manual", "Nobody: people take tickets themselves"),
                            ("round_robin", "In turn: whoever has waited longest for one"),
                            ("least_loaded", "Least loaded: whoever has the fewest unsettled"),
                        ],
                        default="manual",
                        max_length=12,
                    ),
                ),
                ("makes_contacts", models.BooleanField(default=False)),
                (
                    "reopening",
                    models.CharField(
                        choices=[
                            ("always", "The ticket is reopened"),
                            (
                                "within",
                                "The ticket is reopened within some days; after that, a new one follows",
                            ),
                            ("never", "A new ticket follows the old one"),
                        ],
                        default="always",
                        max_length=8,
                    ),
                ),
                ("reopening_days", models.PositiveSmallIntegerField(default=14)),
                ("made_at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
        ),
        migrations.CreateModel(
            name="ProcessorAgent",
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
                ("given_at", models.DateTimeField(null=True)),
                (
                    "processor",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.processor",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Ticket",
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
                ("number", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("in_progress", "In progress"),
                            ("waiting", "Waiting"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[
                            ("urgent", "Urgent"),
                            ("high", "High"),
                            ("medium", "Medium"),
                            ("low", "Low"),
                        ],
                        default="medium",
                        max_length=8,
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("support", "Support"),
                            ("bug", "Bug"),
                            ("feature", "Feature"),
                            ("request", "Customer request"),
                        ],
                        default="support",
                        max_length=8,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "Email"), ("hand", "By hand")],
                        default="hand",
                        max_length=8,
                    ),
                ),
                ("customer", models.CharField(blank=True, max_length=320)),
                ("customer_name", models.CharField(blank=True, max_length=200)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("first_response_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.ticket",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.ticket",
                    ),
                ),
                (
                    "named",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.ticket",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "processor",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.processor",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reading",
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
                    "outcome",
                    models.CharField(
                        choices=[
                            ("opened", "New ticket"),
                            ("joined", "Joined"),
                            ("followed", "Follow-up ticket"),
                            ("ignored", "No ticket"),
                            ("held", "Held back"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("sender", models.CharField(blank=True, max_length=320)),
                ("read_at", models.DateTimeField(default=mailweave.kit.clock.now)),
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
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.message",
                    ),
                ),
                (
                    "processor",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.processor",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.ticket",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Looker",
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
                ("at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.ticket",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TicketAddress",
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
                ("address", models.CharField(max_length=320)),
                (
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.ticket",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="processor",
            index=models.Index(fields=["workspace_id", "mailbox"], name="processor_mailbox"),
        ),
        migrations.AddConstraint(
            model_name="processoragent",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("processor"),
                models.F("user"),
                name="processor_agent_once",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["workspace_id", "status"], name="ticket_status"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["workspace_id", "owner", "status"], name="ticket_owner"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["workspace_id", "customer", "created_at"], name="ticket_customer"
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["workspace_id", "merged_into"], name="ticket_merged"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["workspace_id", "follows"], name="ticket_follows"),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"), models.F("number"), name="ticket_number_once"
            ),
        ),
        migrations.AddIndex(
            model_name="reading",
            index=models.Index(fields=["workspace_id", "mailbox", "-id"], name="reading_newest"),
        ),
        migrations.AddIndex(
            model_name="reading",
            index=models.Index(fields=["workspace_id", "outcome", "-id"], name="reading_outcome"),
        ),
        migrations.AddIndex(
            model_name="reading",
            index=models.Index(fields=["workspace_id", "ticket"], name="reading_ticket"),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("message"),
                models.F("mailbox"),
                name="reading_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="looker",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"), models.F("ticket"), models.F("user"), name="looker_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketaddress",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("ticket"),
                models.F("address"),
                name="ticket_address_once",
            ),
        ),
    ]
