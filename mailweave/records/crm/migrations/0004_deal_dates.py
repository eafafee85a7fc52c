"""Since when a deal is open, and when it was closed; what mail about contacts is about as well."""

from django.db import migrations, models

import mailweave.records.crm.models

# Workspace by workspace, each under its own fence. Deals were open from their first day; those that
# are won or lost were closed when they were changed last.
FILL = """
DO $$
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        UPDATE crm_deal SET opened_on = (created_at AT TIME ZONE 'UTC')::date,
            closed_at = CASE WHEN stage IN ('won', 'lost') THEN updated_at END;
        INSERT INTO linking_companion
            (workspace_id, kind, record_id, to_kind, to_record_id, rule)
        SELECT one, 'crm.contact', id, 'crm.company', company_id, 'company'
        FROM crm_contact WHERE company_id IS NOT NULL;
        INSERT INTO linking_companion
            (workspace_id, kind, record_id, to_kind, to_record_id, rule, since, until)
        SELECT one, 'crm.contact', c.contact_id, 'crm.deal', d.id, 'deal',
            d.opened_on::timestamp AT TIME ZONE 'UTC', d.closed_at
        FROM crm_deal d JOIN crm_dealcontact c ON c.deal_id = d.id;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0003_lists"),
        ("linking", "0003_policy"),
    ]

    operations = [
        migrations.AddField(
            model_name="deal",
            name="closed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="deal",
            name="opened_on",
            field=models.DateField(default=mailweave.records.crm.models.today),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
