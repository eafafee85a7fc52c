"""Lists in the order of names, and indexes for what pages ask."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0002_walls"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="company",
            name="company_name",
        ),
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_name",
        ),
        migrations.AddField(
            model_name="company",
            name="sort_name",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower("name"),
                output_field=models.CharField(max_length=800),
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="sort_name",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower("name"),
                output_field=models.CharField(max_length=800),
            ),
        ),
        migrations.AddField(
            model_name="deal",
            name="sort_name",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower("name"),
                output_field=models.CharField(max_length=800),
            ),
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(fields=["workspace_id", "sort_name", "id"], name="company_name"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["workspace_id", "sort_name", "id"], name="contact_name"),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(fields=["workspace_id", "sort_name", "id"], name="deal_name"),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(fields=["workspace_id", "company"], name="deal_company"),
        ),
        migrations.AddIndex(
            model_name="dealcontact",
            index=models.Index(fields=["workspace_id", "contact"], name="deal_contact_contact"),
        ),
    ]
