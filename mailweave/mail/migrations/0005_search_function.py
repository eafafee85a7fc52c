"""Searching: the words of a query, and the one function that may read the search index."""

from django.db import migrations

TERM = """
CREATE FUNCTION mail_term(term text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT CASE WHEN numnode(stems) = 0 OR stems = plain THEN stems ELSE stems || plain END
    FROM (SELECT pg_catalog.phraseto_tsquery('pg_catalog.english', term) AS stems,
                 pg_catalog.phraseto_tsquery('pg_catalog.simple', term) AS plain) q
);
COMMENT ON FUNCTION mail_term IS
    'A word or phrase as it stands in subjects and texts (stemmed) or among the people (plain). '
    'Empty for words too common to look for.';
"""

# Whether message {m} is seen in the list's mailboxes, and matches in what may be seen of it.
# {exact}: a condition under which a match in all of it is known already.
FOUND = """
EXISTS (
    SELECT 1 FROM (
        SELECT max(s.level) AS level, bool_or(c.mailbox_id = ANY(scope)) AS in_scope
        FROM mail_copy c
        CROSS JOIN LATERAL (
            SELECT mail_level(c.mailbox_id, {m}.linked, mailboxes, levels) AS level
        ) s
        WHERE c.workspace_id = workspace AND c.message_id = {m}.id
          AND c.state IN ('stored', 'gone') AND s.level IS NOT NULL
    ) seen
    WHERE seen.in_scope AND (
        {exact} AND seen.level >= 3
        OR EXISTS (
            SELECT 1 FROM mail_searchrow r
            WHERE r.workspace_id = workspace AND r.message_id = {m}.id
              AND CASE seen.level
                  WHEN 1 THEN ts_filter(r.words, '{b}')
                  WHEN 2 THEN ts_filter(r.words, '{a,b}')
                  ELSE r.words END @@ query
        )
    )
)
AND (person IS NULL OR EXISTS (
    SELECT 1 FROM mail_participant p
    WHERE p.workspace_id = workspace AND p.message_id = {m}.id AND p.address_id = person
))
"""

# ``sieve`` is the part of the query without its negations: what it finds is never too little,
# also where a viewer may see less than all of a message.
SEARCH = """
CREATE FUNCTION mail_search(
    query tsquery, sieve tsquery, mailboxes bigint[], levels integer[], scope bigint[],
    person bigint, only_unread boolean, before_at timestamptz, before_id bigint, wanted integer
) RETURNS TABLE (sent_at timestamptz, message_id bigint, thread_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    workspace bigint := nullif(current_setting('mailweave.workspace_id', true), '')::bigint;
    exact boolean := query = sieve;
    high timestamptz := before_at;
    low timestamptz;
    found_now integer;
    size integer := 500;
BEGIN
    LOOP
        SELECT w.sent_at INTO low FROM mail_searchrow w
        WHERE w.workspace_id = workspace AND w.sent_at <= high
        ORDER BY w.sent_at DESC, w.message_id DESC OFFSET size LIMIT 1;
        RETURN QUERY
            WITH hits AS MATERIALIZED (
                SELECT r.sent_at, r.message_id FROM mail_searchrow r
                WHERE r.workspace_id = workspace AND r.words @@ sieve
                  AND r.sent_at > coalesce(low, '-infinity') AND r.sent_at <= high
            )
            SELECT h.sent_at, h.message_id, m.thread_id
            FROM (SELECT * FROM hits WHERE (hits.sent_at, hits.message_id) < (before_at, before_id)
                  ORDER BY hits.sent_at DESC, hits.message_id DESC) h
            JOIN mail_message m ON m.workspace_id = workspace AND m.id = h.message_id
            WHERE {hit}
              AND NOT EXISTS (
                SELECT 1 FROM mail_message newer
                WHERE newer.workspace_id = workspace AND newer.thread_id = m.thread_id
                  AND newer.sent_at >= h.sent_at
                  AND (newer.sent_at, newer.id) > (h.sent_at, h.message_id) AND {newer}
              )
              AND (NOT only_unread OR EXISTS (
                SELECT 1 FROM mail_threadmailbox t
                WHERE t.workspace_id = workspace AND t.thread_id = m.thread_id
                  AND t.mailbox_id = ANY(scope) AND t.unread_count > 0
              ))
            ORDER BY h.sent_at DESC, h.message_id DESC LIMIT wanted;
        GET DIAGNOSTICS found_now = ROW_COUNT;
        wanted := wanted - found_now;
        EXIT WHEN wanted <= 0 OR low IS NULL;
        high := low;
        size := CASE size WHEN 500 THEN 20000 ELSE size * 4 END;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION mail_search FROM PUBLIC;
COMMENT ON FUNCTION mail_search IS
    'The newest messages that match and are visible, each the newest of its thread, after a place. '
    'The workspace is the transaction''s own, whoever asks. Looks back in growing windows, so that '
    'a common word does not fetch every message that has it.';
"""
SEARCH = SEARCH.replace("{hit}", FOUND.replace("{m}", "m").replace("{exact}", "exact"))
SEARCH = SEARCH.replace("{newer}", FOUND.replace("{m}", "newer").replace("{exact}", "false"))


class Migration(migrations.Migration):
    dependencies = [("mail", "0004_reading")]

    operations = [
        migrations.RunSQL(TERM, "DROP FUNCTION mail_term(text);"),
        migrations.RunSQL(SEARCH, "DROP FUNCTION mail_search;"),
    ]
