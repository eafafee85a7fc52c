"""Managers and viewers, teams, modules, how far roles reach; and their fences."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.scope
import mailweave.people.models
from mailweave.kit import tenancy

ROLES = [
    ("owner", "Owner"),
    ("admin", "Admin"),
    ("manager", "Manager"),
    ("member", "Member"),
    ("viewer", "Viewer"),
]
SCOPES = [("none", "None"), ("own", "Their own"), ("team", "Their team's"), ("all", "All")]
# Whose membership it is may read how far its role reaches: that is asked before a workspace is set.
MYSELF = """EXISTS (
    SELECT 1 FROM people_membership m
    WHERE m.workspace_id = people_rolereach.workspace_id
      AND m.user_id = nullif(current_setting('mailweave.user_id', true), '')::bigint)"""


def key() -> tuple[str, models.BigAutoField]:
    return "id", models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def workspace() -> tuple[str, models.BigIntegerField]:
    return "workspace_id", models.BigIntegerField(
        default=mailweave.kit.scope.current, editable=False
    )


class Migration(migrations.Migration):
    dependencies = [("people", "0004_notifications")]

    operations = [
        migrations.CreateModel(
            name="Team",
            fields=[
                key(),
                workspace(),
                ("name", models.CharField(max_length=80)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        django.db.models.functions.text.Lower("name"),
                        name="team_name_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RoleReach",
            fields=[
                key(),
                workspace(),
                ("role", models.CharField(choices=ROLES, max_length=8)),
                ("sees", models.CharField(choices=SCOPES, max_length=4)),
                ("edits", models.CharField(choices=SCOPES, max_length=4)),
                ("deletes", models.CharField(choices=SCOPES, max_length=4)),
                ("exports", models.CharField(choices=SCOPES, max_length=4)),
                (
                    "before",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=4), default=list, size=None
                    ),
                ),
                ("act", models.UUIDField()),
                ("changed_at", models.DateTimeField()),
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
                    models.UniqueConstraint(
                        models.F("workspace_id"), models.F("role"), name="role_reach_once"
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="membership", name="membership_role_known"),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(choices=ROLES, max_length=8),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="role",
            field=models.CharField(choices=ROLES, max_length=8),
        ),
        migrations.AddField(
            model_name="membership",
            name="team",
            field=tenancy.foreign_key("people.Team", null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="modules",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32),
                default=mailweave.people.models.standard_modules,
                size=None,
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", [word for word, _ in ROLES])),
                name="membership_role_known",
            ),
        ),
        tenancy.owner("people_team"),
        tenancy.fence("people_team"),
        tenancy.target("people_team"),
        tenancy.reference("people_membership", "team_id", "people_team", on_delete="SET NULL"),
        tenancy.owner("people_rolereach"),
        tenancy.fence("people_rolereach", readers=MYSELF),
    ]
