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

# PostgreSQL never combines two indexes that answer the same condition. So the text index knows the
# workspace by another name than the index by date, and the two together find the newest hits.
INDEX = """
DROP INDEX searchrow_words;
DO $$ BEGIN
    CREATE INDEX searchrow_words ON mail_searchrow USING gin ((workspace_id + 0), words);
EXCEPTION WHEN undefined_object THEN  -- without btree_gin
    CREATE INDEX searchrow_words ON mail_searchrow USING gin (words);
END $$;
"""

# Word lists are two to three kilobytes. Kept in the row they are read at a third of the cost, and
# take less room, than packed away elsewhere.
INLINE = "ALTER TABLE mail_searchrow SET (toast_tuple_target = 8160);"

# ``sieve`` is the part of the query without its negations: what it finds is never too little,
# also where a viewer may see less than all of a message.
#
# Only what the indexes are asked is planned anew each time, as the right plan depends on how
# common the words are. What is done with the hits is a lookup each, planned once.
SEARCH = """
CREATE FUNCTION mail_search(
    query tsquery, sieve tsquery, mailboxes bigint[], levels integer[], scope bigint[],
    person bigint, only_unread boolean, before_at timestamptz, before_id bigint, wanted integer
) RETURNS TABLE (sent_at timestamptz, message_id bigint, thread_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    workspace bigint := nullif(current_setting('mailweave.workspace_id', true), '')::bigint;
    exact boolean := query = sieve;
    -- The words of phrases side by side or not: what the text index can tell by itself.
    loose tsquery := regexp_replace(sieve::text, '<(-|[0-9]+)>', '&', 'g')::tsquery;
    read text := 'SELECT array_agg(n.sent_at), array_agg(n.message_id) FROM (SELECT * FROM ({from}) f'
                 ' WHERE (f.sent_at, f.message_id) < ($5, $6)'
                 ' ORDER BY f.sent_at DESC, f.message_id DESC) n';
    -- The workspace is kept from the planner, whose statistics know nothing of small ones.
    -- Few messages: look at each.
    few text := 'SELECT w.sent_at, w.message_id FROM (SELECT r.sent_at, r.message_id, r.words'
                ' FROM mail_searchrow r WHERE r.workspace_id = (SELECT $1)'
                ' AND r.sent_at > $3 AND r.sent_at <= $4 OFFSET 0) w WHERE w.words @@ $2';
    -- Many: ask both indexes. All that are left: the text index knows where to look.
    many text := 'SELECT r.sent_at, r.message_id FROM mail_searchrow r WHERE r.workspace_id = (SELECT $1)'
                 ' AND r.workspace_id + 0 = (SELECT $1) AND r.words @@ $2'
                 ' AND r.sent_at > $3 AND r.sent_at <= $4 OFFSET 0';
    rest text := 'SELECT r.sent_at, r.message_id FROM mail_searchrow r'
                 ' WHERE r.workspace_id + 0 = (SELECT $1) AND r.words @@ $2'
                 ' AND r.sent_at > $3 AND r.sent_at <= $4 OFFSET 0';
    size bigint := 2000;  -- messages in the next window, null for all that are left
    seen bigint := 0;
    candidates float8;  -- share of the messages that the text index would name
    still integer := wanted;
    high timestamptz := before_at;
    low timestamptz;
    times timestamptz[];
    ids bigint[];
    first integer;
    stride integer;
    found_now integer;
BEGIN
    LOOP
        low := NULL;
        IF size IS NOT NULL THEN
            SELECT w.sent_at INTO low FROM mail_searchrow w
            WHERE w.workspace_id = workspace AND w.sent_at <= high
            ORDER BY w.sent_at DESC, w.message_id DESC OFFSET size LIMIT 1;
        END IF;
        EXECUTE replace(read, '{from}',
                CASE WHEN size IS NULL THEN rest WHEN size <= 8000 THEN few ELSE many END)
            INTO times, ids
            USING workspace, sieve, coalesce(low, '-infinity'), high, before_at, before_id;
        first := 1;
        stride := 2 * still;
        WHILE first <= cardinality(ids) LOOP
            RETURN QUERY
                SELECT h.at, h.id, m.thread_id
                FROM unnest(times[first : first + stride - 1], ids[first : first + stride - 1])
                    AS h (at, id)
                CROSS JOIN LATERAL (
                    SELECT 1 FROM mail_copy c
                    WHERE c.workspace_id = workspace AND c.message_id = h.id
                      AND c.mailbox_id = ANY(scope) LIMIT 1
                ) here
                CROSS JOIN LATERAL (
                    SELECT o.id, o.linked, o.thread_id FROM mail_message o
                    WHERE o.workspace_id = workspace AND o.id = h.id LIMIT 1
                ) m
                WHERE {hit}
                  AND NOT EXISTS (
                    SELECT 1 FROM (
                        SELECT n.id, n.linked FROM mail_message n
                        WHERE n.workspace_id = workspace AND n.thread_id = m.thread_id
                          AND n.sent_at >= h.at AND (n.sent_at, n.id) > (h.at, h.id) OFFSET 0
                    ) newer WHERE {newer}
                  )
                  AND (NOT only_unread OR EXISTS (
                    SELECT 1 FROM mail_threadmailbox t
                    WHERE t.workspace_id = workspace AND t.thread_id = m.thread_id
                      AND t.mailbox_id = ANY(scope) AND t.unread_count > 0
                  ))
                ORDER BY h.at DESC, h.id DESC LIMIT still;
            GET DIAGNOSTICS found_now = ROW_COUNT;
            still := still - found_now;
            IF still <= 0 THEN
                RETURN;
            END IF;
            first := first + stride;
            stride := stride * 2;
        END LOOP;
        EXIT WHEN low IS NULL;
        IF candidates IS NULL THEN
            candidates := coalesce(cardinality(ids), 0) / 2000.0;
            IF loose <> sieve THEN
                SELECT count(*) / 2000.0 INTO candidates FROM (
                    SELECT w.words FROM mail_searchrow w
                    WHERE w.workspace_id = workspace AND w.sent_at > low AND w.sent_at <= high
                    OFFSET 0
                ) near WHERE near.words @@ loose;
            END IF;
        END IF;
        high := low;
        seen := seen + size;
        IF wanted - still >= 10 AND seen * candidates > 15000 THEN
            RETURN QUERY SELECT low, NULL::bigint, NULL::bigint;
            RETURN;
        END IF;
        -- As many more as the finds so far let expect, and as many again to be sure.
        size := CASE WHEN candidates >= 0.002 THEN least(
            8 * seen, 10000 / candidates,
            greatest(2000, 2 * still * seen / greatest(1, wanted - still))
        ) END;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION mail_search FROM PUBLIC;
COMMENT ON FUNCTION mail_search IS
    'The newest messages that match and are visible, each the newest of its thread, after a place. '
    'The workspace is the transaction''s own, whoever asks. Looks back in windows that grow, so '
    'that a common word does not fetch every message that has it, and at once at all that are left '
    'when the newest mail shows that the words are rare. When it has looked at very many and has '
    'something to show, it stops: a last row without ids says how far it came.';
"""
SEARCH = SEARCH.replace("{hit}", FOUND.replace("{m}", "m").replace("{exact}", "exact"))
SEARCH = SEARCH.replace("{newer}", FOUND.replace("{m}", "newer").replace("{exact}", "false"))


class Migration(migrations.Migration):
    dependencies = [("mail", "0004_reading")]

    operations = [
        migrations.RunSQL(TERM, "DROP FUNCTION mail_term(text);"),
        migrations.RunSQL(INDEX, migrations.RunSQL.noop),
        migrations.RunSQL(INLINE, "ALTER TABLE mail_searchrow RESET (toast_tuple_target);"),
        migrations.RunSQL(SEARCH, "DROP FUNCTION mail_search;"),
    ]
