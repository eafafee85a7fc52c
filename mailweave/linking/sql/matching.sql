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
USING standing s
WHERE l.workspace_id = %(workspace)s AND l.id = s.id AND NOT s.pinned
  AND NOT EXISTS (
    SELECT 1 FROM would w
    WHERE w.message_id = s.message_id AND w.kind = s.kind AND w.record_id = s.record_id);

-- name: write_links
-- Those that are new, and those that have another reason now.
INSERT INTO linking_link AS l (workspace_id, message_id, kind, record_id, linked, pinned, reason,
    address_id, via_kind, via_record_id)
SELECT %(workspace)s, w.message_id, w.kind, w.record_id, true, false, w.reason, w.address_id,
    w.via_kind, w.via_record_id
FROM would w
WHERE w.reason NOT IN ('manual', 'filed') AND NOT EXISTS (
    SELECT 1 FROM standing s
    WHERE s.message_id = w.message_id AND s.kind = w.kind AND s.record_id = w.record_id
      AND (s.reason, s.address_id, s.via_kind, s.via_record_id)
        IS NOT DISTINCT FROM (w.reason, w.address_id, w.via_kind, w.via_record_id))
ON CONFLICT (workspace_id, message_id, kind, record_id) DO UPDATE SET
    reason = excluded.reason, address_id = excluded.address_id,
    via_kind = excluded.via_kind, via_record_id = excluded.via_record_id
WHERE NOT l.pinned;

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

-- name: doors
-- Messages whose doors are others than those of the records they are linked to, with their thread:
-- for each record its module's, and its owner's (0 if it has none).
WITH doors AS MATERIALIZED (
    SELECT r.kind, r.record_id, d.door
    FROM (
        SELECT kind, record_id, split_part(kind, '.', 1) AS module FROM would
        GROUP BY kind, record_id
    ) r
    LEFT JOIN LATERAL (
        SELECT owner_id FROM linking_recordowner
        WHERE workspace_id = %(workspace)s AND kind = r.kind AND record_id = r.record_id LIMIT 1
    ) o ON true
    CROSS JOIN LATERAL (VALUES (r.module), (r.module || ':' || coalesce(o.owner_id, 0))) AS d (door)
)
SELECT c.message_id, coalesce(l.doors, ''), c.thread_id
FROM considered c
LEFT JOIN (
    SELECT w.message_id, string_agg(DISTINCT d.door, ',' ORDER BY d.door) AS doors
    FROM would w JOIN doors d ON d.kind = w.kind AND d.record_id = w.record_id
    GROUP BY w.message_id
) l ON l.message_id = c.message_id
WHERE coalesce(l.doors, '') <> c.doors OR c.linked <> (l.doors IS NOT NULL);

-- name: thread_records
-- Which records each thread is about; returns those of which a thread came, went or changed.
WITH wanted AS MATERIALIZED (
    SELECT w.thread_id, w.kind, w.record_id, max(c.sent_at) AS last_at, count(*) AS messages
    FROM would w JOIN considered c ON c.message_id = w.message_id
    GROUP BY w.thread_id, w.kind, w.record_id
), known AS MATERIALIZED (
    SELECT t.* FROM unnest(%(threads)s::bigint[]) AS g (thread_id)
    CROSS JOIN LATERAL (
        SELECT * FROM linking_threadrecord
        WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
    ) t
), gone AS (
    DELETE FROM linking_threadrecord t
    USING known k
    WHERE t.workspace_id = %(workspace)s AND t.id = k.id AND NOT EXISTS (
        SELECT 1 FROM wanted w
        WHERE w.thread_id = k.thread_id AND w.kind = k.kind AND w.record_id = k.record_id)
    RETURNING t.kind, t.record_id
), written AS (
    INSERT INTO linking_threadrecord
        (workspace_id, thread_id, kind, record_id, last_at, message_count)
    SELECT %(workspace)s, w.thread_id, w.kind, w.record_id, w.last_at, w.messages
    FROM wanted w
    WHERE NOT EXISTS (
        SELECT 1 FROM known k
        WHERE k.thread_id = w.thread_id AND k.kind = w.kind AND k.record_id = w.record_id
          AND k.last_at = w.last_at AND k.message_count = w.messages)
    ON CONFLICT (workspace_id, thread_id, kind, record_id) DO UPDATE SET
        last_at = excluded.last_at, message_count = excluded.message_count
    RETURNING kind, record_id
)
SELECT kind, record_id FROM gone UNION SELECT kind, record_id FROM written;
