"""The second question asked across workspaces: how does syncing go? Numbers and states only."""

from django.db import migrations

# Workspace by workspace, each under its own fence, as sync_due() does.
GAUGES = """
CREATE FUNCTION sync_gauges()
RETURNS TABLE (
    mailbox_id bigint, kind text, problem text, last_synced_at timestamptz, due_at timestamptz,
    held_until timestamptz, units_spent bigint, arriving bigint, waiting bigint, set_aside bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT m.id, m.kind::text, s.problem::text, s.last_synced_at, s.due_at, s.held_until,
                s.units_spent, coalesce(sum(c.arriving), 0)::bigint,
                coalesce(sum(c.waiting), 0)::bigint, coalesce(sum(c.set_aside), 0)::bigint
            FROM sync_sync s
            JOIN mail_mailbox m ON m.workspace_id = one AND m.id = s.mailbox_id
            LEFT JOIN (
                -- State by state: there is a small index for each of the two.
                SELECT mailbox_id, count(*) FILTER (WHERE place < 0) AS arriving,
                    count(*) FILTER (WHERE place >= 0) AS waiting, 0::bigint AS set_aside
                FROM mail_copy WHERE workspace_id = one AND state = 'listed' GROUP BY mailbox_id
                UNION ALL
                SELECT mailbox_id, 0, 0, count(*)
                FROM mail_copy WHERE workspace_id = one AND state = 'stuck' GROUP BY mailbox_id
            ) c ON c.mailbox_id = m.id
            WHERE s.workspace_id = one AND m.disconnected_at IS NULL
            GROUP BY m.id, m.kind, s.id, s.problem, s.last_synced_at, s.due_at, s.held_until,
                s.units_spent;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("sync", "0004_following"), ("mail", "0006_outlook")]

    operations = [migrations.RunSQL(GAUGES, "DROP FUNCTION sync_gauges();")]
