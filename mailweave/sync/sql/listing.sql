-- name: add
INSERT INTO mail_copy (
    workspace_id, mailbox_id, remote_id, remote_thread_id, state, reason, folder_ids, seen, flagged,
    bcc, received_at, place, listing, attempts, named_at)
SELECT %(workspace)s, %(mailbox)s, g.remote_id, g.remote_thread_id, 'listed', '', '{}', true, false,
    '{}', g.received_at, %(place)s + g.n, %(listing)s, 0, %(now)s
FROM unnest(%(remote_ids)s::text[], %(remote_threads)s::text[], %(received)s::timestamptz[])
    WITH ORDINALITY AS g (remote_id, remote_thread_id, received_at, n)
ON CONFLICT (workspace_id, mailbox_id, remote_id) DO UPDATE
    SET state = 'listed', reason = '', place = excluded.place, attempts = 0,
        listing = greatest(mail_copy.listing, excluded.listing)
    WHERE mail_copy.state IN ('skipped', 'gone') AND %(again)s
RETURNING remote_id;

-- name: next
-- One walk along the list, so that no plan can be a bad one. The rest of a thread is looked for
-- among the next so many; what lies further away comes along with the thread or in its own turn.
WITH near AS (
    SELECT remote_id, remote_thread_id, received_at, place FROM mail_copy
    WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s AND state = 'listed'
      AND place < %(below)s
    ORDER BY place LIMIT %(nearby)s
), first AS (
    SELECT remote_thread_id, min(place) AS place
    FROM (SELECT remote_thread_id, place FROM near ORDER BY place LIMIT %(limit)s) n
    GROUP BY remote_thread_id
)
SELECT near.remote_id, near.remote_thread_id, near.received_at
FROM first JOIN near USING (remote_thread_id)
ORDER BY first.place, near.place;

-- name: mark_listed
UPDATE mail_copy SET listing = %(listing)s
WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s
  AND remote_id = ANY(%(remote_ids)s::text[]);

-- name: unlisted
SELECT remote_id, remote_thread_id, received_at FROM mail_copy
WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s AND state = 'stored'
  AND listing < %(listing)s AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)
  AND (%(before)s::timestamptz IS NULL OR named_at IS NULL OR named_at < %(before)s)
ORDER BY id LIMIT %(limit)s;

-- name: change
-- One that was gone and is told of again is back, until somebody has made sure of it: providers
-- repeat what is long over.
UPDATE mail_copy c SET folder_ids = string_to_array(g.folder_ids, chr(31)), seen = g.seen,
    flagged = g.flagged, state = 'stored', reason = '',
    missing_since = CASE c.state WHEN 'gone' THEN %(now)s::timestamptz END
FROM unnest(%(remote_ids)s::text[], %(folders)s::text[], %(seen)s::boolean[],
    %(flagged)s::boolean[]) AS g (remote_id, folder_ids, seen, flagged)
WHERE c.workspace_id = %(workspace)s AND c.mailbox_id = %(mailbox)s AND c.remote_id = g.remote_id
  AND (c.state = 'stored' OR c.state = 'gone' AND c.message_id IS NOT NULL)
  AND ((c.folder_ids::text[], c.seen, c.flagged)
          IS DISTINCT FROM (string_to_array(g.folder_ids, chr(31)), g.seen, g.flagged)
       OR c.missing_since IS NOT NULL OR c.state = 'gone')
RETURNING c.thread_id;

-- name: doubt
UPDATE mail_copy SET missing_since = %(now)s
WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s
  AND remote_id = ANY(%(remote_ids)s::text[]) AND state = 'stored'
  AND (missing_since IS NULL OR %(again)s);

-- name: lose
WITH lost AS (
    UPDATE mail_copy SET state = 'gone', reason = 'It was deleted at the provider.',
        missing_since = NULL, settled_at = %(now)s
    WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s
      AND remote_id = ANY(%(remote_ids)s::text[]) AND state = ANY(%(states)s::text[])
    RETURNING id, thread_id
), unmarked AS (
    DELETE FROM sync_seenmark k USING lost
    WHERE k.workspace_id = %(workspace)s AND k.copy_id = lost.id
)
SELECT thread_id FROM lost;

-- name: keep
-- The provider's word has just been written into copies. Where a mark waits, it belongs into
-- ``before``, and the copy shows the mark; a mark that says the same by now is needless, unless the
-- provider may have been told something else meanwhile. Where nothing is written back, a mark
-- stands until the provider says something new.
WITH told AS MATERIALIZED (
    SELECT k.id, k.copy_id, c.seen AS said, k.seen AS wanted, k.before, CASE
        WHEN EXISTS (
            SELECT 1 FROM mail_policy p
            WHERE p.workspace_id = %(workspace)s AND p.read_writeback = 'off')
        THEN c.seen <> k.before ELSE c.seen = k.seen AND k.asked_at IS NULL END AS is_over
    FROM sync_seenmark k
    JOIN mail_copy c ON c.workspace_id = k.workspace_id AND c.id = k.copy_id
    WHERE k.workspace_id = %(workspace)s AND k.mailbox_id = %(mailbox)s
      AND (%(all)s OR c.remote_id = ANY(%(remote_ids)s::text[]))
), over AS (
    DELETE FROM sync_seenmark k USING told t
    WHERE k.workspace_id = %(workspace)s AND k.id = t.id AND t.is_over
), noted AS (
    UPDATE sync_seenmark k SET before = t.said FROM told t
    WHERE k.workspace_id = %(workspace)s AND k.id = t.id AND NOT t.is_over AND t.said <> t.before
)
UPDATE mail_copy c SET seen = t.wanted FROM told t
WHERE c.workspace_id = %(workspace)s AND c.id = t.copy_id AND NOT t.is_over AND c.seen <> t.wanted;

-- name: unseen
UPDATE mail_copy SET seen = NOT (remote_id = ANY(%(unseen)s::text[]))
WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s AND state = 'stored'
  AND seen = (remote_id = ANY(%(unseen)s::text[]))
RETURNING thread_id;

-- name: flagged
UPDATE mail_copy SET flagged = (remote_id = ANY(%(flagged)s::text[]))
WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s AND state = 'stored'
  AND flagged <> (remote_id = ANY(%(flagged)s::text[]));

-- name: leave_out
-- A copy that was stored stays; it is only what has not come in that is left out.
UPDATE mail_copy c SET state = 'skipped', reason = g.reason, received_at = g.received_at,
    settled_at = CASE WHEN c.state = 'skipped' THEN c.settled_at ELSE %(now)s END
FROM unnest(%(remote_ids)s::text[], %(reasons)s::text[], %(received)s::timestamptz[])
    AS g (remote_id, reason, received_at)
WHERE c.workspace_id = %(workspace)s AND c.mailbox_id = %(mailbox)s AND c.remote_id = g.remote_id
  AND c.state <> 'stored';
