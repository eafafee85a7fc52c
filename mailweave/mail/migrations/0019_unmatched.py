"""Mail about no record may be left out, and is found again by traces of who was on it."""

import django.contrib.postgres.fields
from django.db import migrations, models

# The first 32 bits of a digest, the same for ever: upgrades of PostgreSQL change its own hashes.
TRACE = """
CREATE FUNCTION mail_trace(workspace bigint, address text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('x' || left(md5(workspace::text || ':' || address), 8))::bit(32)::integer;
COMMENT ON FUNCTION mail_trace IS
    'By what an address is known again that is not kept: many addresses have the same.';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0018_sharing"),
    ]

    operations = [
        migrations.RunSQL(TRACE, "DROP FUNCTION mail_trace;"),
        migrations.AddField(
            model_name="copy",
            name="traces",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(), null=True, size=None
            ),
        ),
        migrations.AlterField(
            model_name="policy",
            name="unmatched",
            field=models.CharField(
                choices=[
                    ("keep", "Kept in Mail, and not listed"),
                    ("queue", "Listed under Unlinked, until somebody links or dismisses it"),
                    ("discard", "Not kept here"),
                ],
                default="queue",
                help_text="Only its owner sees such mail, whatever is chosen. What is not kept stays in the mailbox; we note its number there, and marks of the addresses on it that nobody can read back, so that it is fetched once a record has one of them. Mail that somebody linked, unlinked or asked for is kept in any case.",
                max_length=16,
                verbose_name="Mail about no record",
            ),
        ),
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("traces__isnull", False)),
                fields=["workspace_id", "mailbox", "remote_thread_id"],
                name="copy_traced",
            ),
        ),
    ]
