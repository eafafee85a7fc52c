"""Fences around the tenant tables, and the one way to read an invitation from outside."""

from django.db import migrations

from mailweave.kit import tenancy

FIND = """
CREATE FUNCTION people_find_invitation(wanted text)
RETURNS TABLE (workspace_id bigint, workspace_name text, invited_by text, role text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('mailweave.token_hash', wanted, true);
    RETURN QUERY
        SELECT i.workspace_id, w.name::text, u.name::text, i.role::text
        FROM people_invitation i
        JOIN people_workspace w ON w.id = i.workspace_id
        JOIN people_user u ON u.id = i.invited_by_id
        WHERE i.token_hash = wanted
          AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now();
END
$$;
"""

# Who holds the token may read the one row it opens.
HOLDER = "token_hash = nullif(current_setting('mailweave.token_hash', true), '')"
MYSELF = "user_id = nullif(current_setting('mailweave.user_id', true), '')::bigint"


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [
        tenancy.owner("people_membership"),
        tenancy.fence("people_membership", readers=MYSELF),
        tenancy.owner("people_invitation"),
        tenancy.fence("people_invitation", readers=HOLDER),
        migrations.RunSQL(FIND, "DROP FUNCTION people_find_invitation(text);"),
    ]
