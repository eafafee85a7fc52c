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

-- name: match
INSERT INTO linking_link (workspace_id, message_id, kind, record_id, linked, pinned, reason, address_id)
SELECT DISTINCT ON (f.message_id, r.kind, r.record_id)
    %(workspace)s, f.message_id, r.kind, r.record_id, true, false,
    CASE WHEN f.role = 1 THEN 'sender' ELSE 'recipient' END, f.address_id
FROM unnest(%(messages)s::bigint[]) AS g (id)
CROSS JOIN LATERAL (
    SELECT id, direction FROM mail_message
    WHERE workspace_id = %(workspace)s AND id = g.id AND {outsider: g.id} LIMIT 1
) m
CROSS JOIN LATERAL (
    SELECT m.id AS message_id, p.address_id, p.role, p.position
    FROM mail_participant p
    WHERE p.workspace_id = %(workspace)s AND p.message_id = m.id
      AND p.role = ANY(CASE m.direction WHEN 'in' THEN %(roles_in)s::smallint[]
                                        ELSE %(roles_out)s::smallint[] END)
    UNION ALL
    SELECT m.id, a.id, 6, 0
    FROM mail_copy c
    CROSS JOIN unnest(c.bcc) AS b (address)
    CROSS JOIN LATERAL (
        SELECT id FROM mail_address
        WHERE workspace_id = %(workspace)s AND address = b.address LIMIT 1
    ) a
    WHERE %(bcc)s AND m.direction = 'out'
      AND c.workspace_id = %(workspace)s AND c.message_id = m.id
) f
CROSS JOIN LATERAL (
    SELECT kind, record_id FROM linking_recordaddress
    WHERE workspace_id = %(workspace)s AND address_id = f.address_id OFFSET 0
) r
ORDER BY f.message_id, r.kind, r.record_id, f.role, f.position
ON CONFLICT (workspace_id, message_id, kind, record_id) DO NOTHING;

-- name: inherit
INSERT INTO linking_link (workspace_id, message_id, kind, record_id, linked, pinned, reason, address_id)
SELECT %(workspace)s, n.id, about.kind, about.record_id, true, false, 'thread', about.address_id
FROM unnest(%(threads)s::bigint[]) AS g (thread_id)
CROSS JOIN LATERAL (
    SELECT l.kind, l.record_id, min(l.address_id) AS address_id,
        array_agg(DISTINCT l.message_id) AS message_ids
    FROM (
        SELECT id FROM mail_message
        WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
    ) m
    CROSS JOIN LATERAL (
        SELECT message_id, kind, record_id, address_id FROM linking_link
        WHERE workspace_id = %(workspace)s AND message_id = m.id
          AND linked AND reason <> 'thread' OFFSET 0
    ) l
    GROUP BY l.kind, l.record_id
) about
CROSS JOIN LATERAL (
    SELECT id, direction, sender_id FROM mail_message
    WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id
      AND id <> ALL(about.message_ids) OFFSET 0
) n
WHERE {outsider: n.id} AND (n.direction = 'out' OR EXISTS (
    SELECT 1 FROM unnest(about.message_ids) AS o (id)
    CROSS JOIN LATERAL (
        SELECT 1 FROM mail_participant
        WHERE workspace_id = %(workspace)s AND message_id = o.id AND address_id = n.sender_id
        LIMIT 1
    ) p
))
ON CONFLICT (workspace_id, message_id, kind, record_id) DO NOTHING;

-- name: drop_stale
DELETE FROM linking_link l
WHERE l.workspace_id = %(workspace)s AND l.address_id = ANY(%(addresses)s::bigint[])
  AND NOT l.pinned AND l.linked
  AND NOT EXISTS (
    SELECT 1 FROM linking_recordaddress r
    WHERE r.workspace_id = l.workspace_id AND r.kind = l.kind AND r.record_id = l.record_id
      AND r.address_id = l.address_id)
RETURNING l.message_id;

-- name: drop_matched
DELETE FROM linking_link
WHERE workspace_id = %(workspace)s AND message_id = ANY(%(messages)s::bigint[]) AND NOT pinned;

-- name: drop_inherited
DELETE FROM linking_link l
USING unnest(%(threads)s::bigint[]) AS g (thread_id)
CROSS JOIN LATERAL (
    SELECT id FROM mail_message
    WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
) m
WHERE l.workspace_id = %(workspace)s AND l.message_id = m.id
  AND l.reason = 'thread' AND NOT l.pinned;

-- name: messages_of_addresses
SELECT DISTINCT message_id FROM mail_participant
WHERE workspace_id = %(workspace)s AND address_id = ANY(%(addresses)s::bigint[])
UNION
SELECT c.message_id FROM mail_copy c
JOIN mail_address a ON a.workspace_id = c.workspace_id AND a.address = ANY(c.bcc)
WHERE c.workspace_id = %(workspace)s AND c.bcc <> '{}' AND c.message_id IS NOT NULL
  AND a.id = ANY(%(addresses)s::bigint[]);

-- name: threads_of_messages
SELECT DISTINCT thread_id FROM mail_message
WHERE workspace_id = %(workspace)s AND id = ANY(%(messages)s::bigint[]);

-- name: linked_in_threads
SELECT m.id, l.linked
FROM unnest(%(threads)s::bigint[]) AS g (thread_id)
CROSS JOIN LATERAL (
    SELECT id, linked FROM mail_message
    WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
) m
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT 1 FROM linking_link
        WHERE workspace_id = %(workspace)s AND message_id = m.id AND linked
    ) AS linked
) l
WHERE l.linked <> m.linked;

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
        SELECT 1 FROM linking_link
        WHERE workspace_id = %(workspace)s AND message_id = m.id
          AND kind = d.kind AND record_id = d.record_id AND linked LIMIT 1
    ) l);

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
