"""Leads, the addresses of companies, companies within companies, owners, and what was merged."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

TABLES = ["crm_companyaddress", "crm_lead", "crm_leadaddress", "crm_merged"]


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0004_deal_dates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CompanyAddress",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("primary", "Main"),
                            ("portal", "Portal"),
                            ("additional", "Additional"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lead",
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
                ("name", models.CharField(max_length=200)),
                (
                    "sort_name",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Lower("name"),
                        output_field=models.CharField(max_length=800),
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=200)),
                ("company_name", models.CharField(blank=True, max_length=200)),
                ("phone", models.CharField(blank=True, max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("working", "Working"),
                            ("qualified", "Qualified"),
                            ("unqualified", "Unqualified"),
                        ],
                        default="new",
                        max_length=12,
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=100)),
                ("note", models.TextField(blank=True)),
                ("converted_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="LeadAddress",
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
                    "kind",
                    models.CharField(
                        choices=[("primary", "Primary"), ("additional", "Additional")],
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Merged",
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
                ("into_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name="company",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="company",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="crm.company",
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="deal",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(fields=["workspace_id", "parent"], name="company_parent"),
        ),
        migrations.AddField(
            model_name="companyaddress",
            name="company",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="crm.company",
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="crm.contact",
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="converted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="leadaddress",
            name="lead",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="crm.lead",
            ),
        ),
        migrations.AddField(
            model_name="merged",
            name="made_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="companyaddress",
            index=models.Index(fields=["workspace_id", "address"], name="company_address_find"),
        ),
        migrations.AddConstraint(
            model_name="companyaddress",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("company"),
                models.F("address"),
                name="company_address_once",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["workspace_id", "sort_name", "id"], name="lead_name"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["workspace_id", "contact"], name="lead_contact"),
        ),
        migrations.AddIndex(
            model_name="leadaddress",
            index=models.Index(fields=["workspace_id", "address"], name="lead_address_find"),
        ),
        migrations.AddConstraint(
            model_name="leadaddress",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("lead"),
                models.F("address"),
                name="lead_address_once",
            ),
        ),
        migrations.AddIndex(
            model_name="merged",
            index=models.Index(fields=["workspace_id", "kind", "into_id"], name="merged_into"),
        ),
        migrations.AddConstraint(
            model_name="merged",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("kind"),
                models.F("record_id"),
                name="merged_once",
            ),
        ),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        tenancy.target("crm_lead"),
        tenancy.reference("crm_companyaddress", "company_id", "crm_company"),
        tenancy.reference("crm_leadaddress", "lead_id", "crm_lead"),
        tenancy.reference("crm_lead", "contact_id", "crm_contact", on_delete="SET NULL"),
        tenancy.reference("crm_company", "parent_id", "crm_company", on_delete="SET NULL"),
    ]
