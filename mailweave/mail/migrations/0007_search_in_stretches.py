"""Searching: the one function that may read the search index, a stretch of mail at a time."""

from django.db import migrations

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
#
# Only what the indexes are asked is planned anew each time, as the right plan depends on how
# common the words are. What is done with the hits is a lookup each, planned once.
SEARCH = """
CREATE OR REPLACE FUNCTION mail_search(
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
    -- Few messages, or most of them candidates: look at each.
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
    -- Candidates to look at before a page ends with what it has. Those of a phrase are worse: the
    -- index does not know which words stand side by side, each must be read, and most are not it.
    phrase boolean := loose <> sieve;
    patience float8 := CASE WHEN phrase THEN 1000 ELSE 15000 END;
    stretch bigint := CASE WHEN phrase THEN 100000 END;  -- messages to look back over in one page
    had bigint[] := '{}';  -- the threads found so far
    still integer := wanted;
    high timestamptz := before_at;
    low timestamptz;
    times timestamptz[];
    ids bigint[];
    first integer;
    stride integer;
    hit_times timestamptz[];
    hit_ids bigint[];
    hit_threads bigint[];
    hits integer;
BEGIN
    LOOP
        low := NULL;
        IF size IS NOT NULL THEN
            SELECT w.sent_at INTO low FROM mail_searchrow w
            WHERE w.workspace_id = workspace AND w.sent_at <= high
            ORDER BY w.sent_at DESC, w.message_id DESC OFFSET size LIMIT 1;
        END IF;
        EXECUTE replace(read, '{from}',
                CASE WHEN size IS NULL THEN rest
                WHEN size <= 2000 OR size <= 8000 AND candidates > 0.1 THEN few ELSE many END)
            INTO times, ids
            USING workspace, sieve, coalesce(low, '-infinity'), high, before_at, before_id;
        first := 1;
        stride := still;
        WHILE first <= cardinality(ids) LOOP
            -- A newer find of the thread is one of this page, or comes before the page's start.
            SELECT array_agg(f.at ORDER BY f.at DESC, f.id DESC),
                array_agg(f.id ORDER BY f.at DESC, f.id DESC),
                array_agg(f.thread_id ORDER BY f.at DESC, f.id DESC)
            INTO hit_times, hit_ids, hit_threads
            FROM (
                SELECT DISTINCT ON (m.thread_id) h.at, h.id, m.thread_id
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
                WHERE m.thread_id <> ALL(had) AND {hit}
                  AND NOT EXISTS (
                    SELECT 1 FROM (
                        SELECT n.id, n.linked FROM mail_message n
                        WHERE n.workspace_id = workspace AND n.thread_id = m.thread_id
                          AND n.sent_at >= before_at AND (n.sent_at, n.id) >= (before_at, before_id)
                        OFFSET 0
                    ) newer WHERE {newer}
                  )
                  AND (NOT only_unread OR EXISTS (
                    SELECT 1 FROM mail_threadmailbox t
                    WHERE t.workspace_id = workspace AND t.thread_id = m.thread_id
                      AND t.mailbox_id = ANY(scope) AND t.unread_count > 0
                  ))
                ORDER BY m.thread_id, h.at DESC, h.id DESC
            ) f;
            hits := least(still, coalesce(cardinality(hit_ids), 0));
            RETURN QUERY SELECT * FROM unnest(
                hit_times[1:hits], hit_ids[1:hits], hit_threads[1:hits]);
            had := had || hit_threads;
            still := still - hits;
            IF still <= 0 THEN
                RETURN;
            END IF;
            first := first + stride;
            stride := CASE WHEN 4 * hits < stride THEN 2 * stride ELSE 2 * still END;
        END LOOP;
        EXIT WHEN low IS NULL;
        IF candidates IS NULL THEN
            candidates := coalesce(cardinality(ids), 0) / 2000.0;
            IF phrase THEN
                SELECT count(*) / 2000.0 INTO candidates FROM (
                    SELECT w.words FROM mail_searchrow w
                    WHERE w.workspace_id = workspace AND w.sent_at > low AND w.sent_at <= high
                    OFFSET 0
                ) near WHERE near.words @@ loose;
            END IF;
        END IF;
        high := low;
        seen := seen + size;
        IF seen * candidates >= patience OR seen >= stretch THEN
            RETURN QUERY SELECT low, NULL::bigint, NULL::bigint;
            RETURN;
        END IF;
        -- As many more as the finds so far let expect, and as many again to be sure; but no more
        -- candidates than there is patience for.
        size := CASE WHEN candidates >= 0.002 THEN least(
            CASE WHEN phrase THEN stretch ELSE 8 * seen END,
            greatest(2000, (patience - seen * candidates) / candidates),
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
    'when the newest mail shows that the words are rare. When it has looked at very many it stops, '
    'whatever it found: a last row without ids says how far it came.';
"""
SEARCH = SEARCH.replace("{hit}", FOUND.replace("{m}", "m").replace("{exact}", "exact"))
SEARCH = SEARCH.replace("{newer}", FOUND.replace("{m}", "newer").replace("{exact}", "false"))


class Migration(migrations.Migration):
    dependencies = [("mail", "0006_outlook")]

    operations = [migrations.RunSQL(SEARCH, "DROP FUNCTION mail_search;")]
