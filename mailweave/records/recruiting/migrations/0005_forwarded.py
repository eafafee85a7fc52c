"""Applications that were forwarded as attachments: opened, with what lies inside of them."""

from django.conf import settings
from django.db import migrations, models

import mailweave.kit.clock

# Workspace by workspace, each under its own fence, as sync_due() does.
DUE = """
CREATE OR REPLACE FUNCTION recruiting_due(moment timestamptz)
RETURNS TABLE (workspace_id bigint, what text, id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT r.workspace_id, 'resume', r.id FROM recruiting_resumefile r
            WHERE r.workspace_id = one AND r.state = 'waiting'
            UNION ALL
            SELECT w.workspace_id, 'wanted', w.id FROM recruiting_wantedfile w
            WHERE w.workspace_id = one AND w.state = 'waiting' AND w.due_at <= moment
            UNION ALL
            SELECT e.workspace_id, 'entry', e.id FROM recruiting_intakeentry e
            WHERE e.workspace_id = one AND e.outcome = 'opening' AND e.due_at <= moment;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0017_unmatched"),
        ("recruiting", "0004_intakes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="wantedfile",
            name="wanted_file_once",
        ),
        migrations.AddField(
            model_name="intakeentry",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="intakeentry",
            name="due_at",
            field=models.DateTimeField(default=mailweave.kit.clock.now),
        ),
        migrations.AddField(
            model_name="intakeentry",
            name="nested",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="wantedfile",
            name="inner",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="intakeentry",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("made", "Candidate made"),
                    ("joined", "Added to a candidate"),
                    ("told", "You were told"),
                    ("left", "Left alone"),
                    ("waiting", "Waits for a decision"),
                    ("opening", "Being opened"),
                    ("dismissed", "Dismissed"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="intakeentry",
            index=models.Index(
                condition=models.Q(("outcome", "opening")),
                fields=["workspace_id", "due_at"],
                name="intake_entry_opening",
            ),
        ),
        migrations.AddConstraint(
            model_name="wantedfile",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("candidate"),
                models.F("part_id"),
                models.F("inner"),
                name="wanted_file_once",
            ),
        ),
        migrations.RunSQL(DUE, migrations.RunSQL.noop),
    ]
