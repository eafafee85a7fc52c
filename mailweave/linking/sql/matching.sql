-- Every query starts from the ids it is given and looks each up (LATERAL): a plan that holds however
-- little the planner knows of a workspace that has just begun to fill.

-- name: outsider
(cardinality(%(own)s::text[]) = 0 OR EXISTS (
    SELECT 1 FROM mail_participant q
    JOIN mail_address b ON b.workspace_id = %(workspace)s AND b.id = q.address_id
    WHERE q.workspace_id = %(workspace)s AND q.message_id = {message} AND q.role IN (1, 2, 4, 5)
      AND b.address <> ALL(%(own)s::text[])
      AND split_part(b.address, '@', -1) <> ALL(%(own_domains)s::text[])
) OR EXISTS (
    SELECT 1 FROM (
        SELECT bcc FROM mail_copy
        WHERE workspace_id = %(workspace)s AND message_id = {message} OFFSET 0
    ) q
    CROSS JOIN unnest(q.bcc) AS b (address)
    WHERE b.address <> ALL(%(own)s::text[])
      AND split_part(b.address, '@', -1) <> ALL(%(own_domains)s::text[])
))

-- name: internal
SELECT m.id FROM unnest(%(messages)s::bigint[]) AS m (id) WHERE NOT {outsider};

-- name: drop_links
DELETE FROM linking_link l
USING considered c
WHERE l.workspace_id = %(workspace)s AND l.message_id = c.message_id AND NOT l.pinned
  AND NOT EXISTS (
    SELECT 1 FROM would w
    WHERE w.message_id = l.message_id AND w.kind = l.kind AND w.record_id = l.record_id);

-- name: write_links
INSERT INTO linking_link AS l (workspace_id, message_id, kind, record_id, linked, pinned, reason,
    address_id, via_kind, via_record_id)
SELECT %(workspace)s, message_id, kind, record_id, true, false, reason, address_id, via_kind,
    via_record_id
FROM would WHERE reason NOT IN ('manual', 'filed')
ON CONFLICT (workspace_id, message_id, kind, record_id) DO UPDATE SET
    reason = excluded.reason, address_id = excluded.address_id,
    via_kind = excluded.via_kind, via_record_id = excluded.via_record_id
WHERE NOT l.pinned AND (l.reason, l.address_id, l.via_kind, l.via_record_id)
    IS DISTINCT FROM (excluded.reason, excluded.address_id, excluded.via_kind, excluded.via_record_id);

-- name: threads_of_addresses
SELECT DISTINCT m.thread_id FROM mail_message m
JOIN (
    SELECT message_id FROM mail_participant
    WHERE workspace_id = %(workspace)s AND address_id = ANY(%(addresses)s::bigint[])
    UNION
    SELECT c.message_id FROM mail_copy c
    JOIN mail_address a ON a.workspace_id = c.workspace_id AND a.address = ANY(c.bcc)
    WHERE c.workspace_id = %(workspace)s AND c.bcc <> '{}' AND c.message_id IS NOT NULL
      AND a.id = ANY(%(addresses)s::bigint[])
) f ON f.message_id = m.id
WHERE m.workspace_id = %(workspace)s;

-- name: threads_of_messages
SELECT DISTINCT thread_id FROM mail_message
WHERE workspace_id = %(workspace)s AND id = ANY(%(messages)s::bigint[]);

-- name: doors_in_threads
-- Messages whose doors are others than those of the records they are linked to: for each its
-- module's, and its owner's (0 if it has none).
SELECT m.id, l.doors
FROM unnest(%(threads)s::bigint[]) AS g (thread_id)
CROSS JOIN LATERAL (
    SELECT id, linked, doors FROM mail_message
    WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
) m
CROSS JOIN LATERAL (
    SELECT coalesce(string_agg(DISTINCT d.door, ',' ORDER BY d.door), '') AS doors
    FROM (
        SELECT kind, record_id, split_part(kind, '.', 1) AS module FROM linking_link
        WHERE workspace_id = %(workspace)s AND message_id = m.id AND linked OFFSET 0
    ) l
    LEFT JOIN LATERAL (
        SELECT owner_id FROM linking_recordowner
        WHERE workspace_id = %(workspace)s AND kind = l.kind AND record_id = l.record_id LIMIT 1
    ) o ON true
    CROSS JOIN LATERAL (VALUES (l.module), (l.module || ':' || coalesce(o.owner_id, 0))) AS d (door)
) l
WHERE l.doors <> array_to_string(m.doors, ',') OR m.linked <> (l.doors <> '');

-- name: drop_thread_records
DELETE FROM linking_threadrecord t
USING unnest(%(threads)s::bigint[]) AS g (thread_id)
CROSS JOIN LATERAL (
    SELECT id, kind, record_id FROM linking_threadrecord
    WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
) d
WHERE t.id = d.id AND t.workspace_id = %(workspace)s
  AND NOT EXISTS (
    SELECT 1 FROM (
        SELECT id FROM mail_message
        WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
    ) m
    CROSS JOIN LATERAL (
        SELECT kind, record_id FROM linking_link
        WHERE workspace_id = %(workspace)s AND message_id = m.id AND linked OFFSET 0
    ) l
    WHERE l.kind = d.kind AND l.record_id = d.record_id)
RETURNING t.kind, t.record_id;

-- name: derive_thread_records
INSERT INTO linking_threadrecord (workspace_id, thread_id, kind, record_id, last_at, message_count)
SELECT %(workspace)s, g.thread_id, l.kind, l.record_id, max(m.sent_at), count(*)
FROM unnest(%(threads)s::bigint[]) AS g (thread_id)
CROSS JOIN LATERAL (
    SELECT id, sent_at FROM mail_message
    WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
) m
CROSS JOIN LATERAL (
    SELECT kind, record_id FROM linking_link
    WHERE workspace_id = %(workspace)s AND message_id = m.id AND linked OFFSET 0
) l
GROUP BY g.thread_id, l.kind, l.record_id
ON CONFLICT (workspace_id, thread_id, kind, record_id) DO UPDATE SET
    last_at = excluded.last_at, message_count = excluded.message_count
    WHERE (linking_threadrecord.last_at, linking_threadrecord.message_count)
        IS DISTINCT FROM (excluded.last_at, excluded.message_count);
