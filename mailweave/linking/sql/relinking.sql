-- name: count
SELECT coalesce(sum(message_count), 0)::int FROM mail_thread
WHERE workspace_id = %(workspace)s AND id = ANY(%(threads)s::bigint[]);

-- name: mentions
SELECT count(*)::int FROM mail_participant
WHERE workspace_id = %(workspace)s AND address_id = ANY(%(addresses)s::bigint[]);

-- name: next
-- Threads that are still to be looked at, the newest first, with how many messages they have: all
-- there are, or those that the row names, in order, of which some may be no more.
WITH given AS MATERIALIZED (
    SELECT threads, width_bucket(%(before)s - 1, threads) AS rest
    FROM linking_relinking WHERE workspace_id = %(workspace)s AND id = %(row)s
), named AS MATERIALIZED (
    SELECT n.id FROM given g
    CROSS JOIN unnest(g.threads[greatest(1, g.rest - %(limit)s + 1):g.rest]) AS n (id)
)
SELECT n.id, coalesce((
    SELECT greatest(t.message_count, 1) FROM mail_thread t
    WHERE t.workspace_id = %(workspace)s AND t.id = n.id), 0) AS messages
FROM named n
UNION ALL (
    SELECT t.id, greatest(t.message_count, 1) FROM mail_thread t
    WHERE t.workspace_id = %(workspace)s AND (SELECT threads IS NULL FROM given)
      AND t.id < %(before)s
    ORDER BY t.id DESC LIMIT %(limit)s
)
ORDER BY id DESC;

-- name: changes
-- How many links would come and how many would go, of those in the tables that imagining filled.
SELECT
    (SELECT count(*)::int FROM would w WHERE w.reason NOT IN ('manual', 'filed') AND NOT EXISTS (
        SELECT 1 FROM linking_link l
        WHERE l.workspace_id = %(workspace)s AND l.message_id = w.message_id
          AND l.kind = w.kind AND l.record_id = w.record_id)),
    (SELECT count(*)::int FROM considered c
        CROSS JOIN LATERAL (
            SELECT kind, record_id FROM linking_link
            WHERE workspace_id = %(workspace)s AND message_id = c.message_id AND NOT pinned OFFSET 0
        ) l
        WHERE NOT EXISTS (
            SELECT 1 FROM would w
            WHERE w.message_id = c.message_id AND w.kind = l.kind AND w.record_id = l.record_id));

-- name: left_out
-- Messages about no record, which a workspace that keeps only what is about one would leave out.
SELECT count(*)::int FROM considered c
WHERE NOT EXISTS (SELECT 1 FROM would w WHERE w.message_id = c.message_id)
  AND NOT ((%(inherits)s OR c.direction = 'out') AND EXISTS (
    SELECT 1 FROM would o WHERE o.thread_id = c.thread_id))
  AND NOT EXISTS (
    SELECT 1 FROM linking_link l
    WHERE l.workspace_id = %(workspace)s AND l.message_id = c.message_id AND l.pinned);

-- name: people
-- Who would appear on a deal that has none of their mail now.
SELECT DISTINCT w.via_kind || ':' || w.via_record_id FROM would w
WHERE w.reason = 'deal' AND NOT EXISTS (
    SELECT 1 FROM linking_link l
    WHERE l.workspace_id = %(workspace)s AND l.kind = w.kind AND l.record_id = w.record_id
      AND l.linked AND (l.via_kind = w.via_kind AND l.via_record_id = w.via_record_id OR EXISTS (
        SELECT 1 FROM linking_link p
        WHERE p.workspace_id = %(workspace)s AND p.message_id = l.message_id
          AND p.kind = w.via_kind AND p.record_id = w.via_record_id AND p.linked)));

-- name: coming
SELECT w.message_id, w.kind, w.record_id, w.reason, w.via_kind, w.via_record_id,
    (SELECT a.address FROM mail_address a
     WHERE a.workspace_id = %(workspace)s AND a.id = w.address_id AND EXISTS (
        SELECT 1 FROM mail_participant p
        WHERE p.workspace_id = %(workspace)s AND p.message_id = w.message_id
          AND p.address_id = w.address_id))
FROM would w JOIN considered c ON c.message_id = w.message_id
WHERE w.reason NOT IN ('manual', 'filed') AND NOT EXISTS (
    SELECT 1 FROM linking_link l
    WHERE l.workspace_id = %(workspace)s AND l.message_id = w.message_id
      AND l.kind = w.kind AND l.record_id = w.record_id)
ORDER BY c.sent_at DESC, w.message_id, w.kind, w.record_id LIMIT %(limit)s;

-- name: going
SELECT c.message_id, l.kind, l.record_id, l.reason, l.via_kind, l.via_record_id,
    (SELECT a.address FROM mail_address a
     WHERE a.workspace_id = %(workspace)s AND a.id = l.address_id AND EXISTS (
        SELECT 1 FROM mail_participant p
        WHERE p.workspace_id = %(workspace)s AND p.message_id = c.message_id
          AND p.address_id = l.address_id))
FROM considered c
CROSS JOIN LATERAL (
    SELECT kind, record_id, reason, via_kind, via_record_id, address_id FROM linking_link
    WHERE workspace_id = %(workspace)s AND message_id = c.message_id AND NOT pinned OFFSET 0
) l
WHERE NOT EXISTS (
    SELECT 1 FROM would w
    WHERE w.message_id = c.message_id AND w.kind = l.kind AND w.record_id = l.record_id)
ORDER BY c.sent_at DESC, c.message_id, l.kind, l.record_id LIMIT %(limit)s;
