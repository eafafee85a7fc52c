-- name: match
INSERT INTO linking_link (workspace_id, message_id, kind, record_id, linked, pinned, reason, address_id)
SELECT DISTINCT ON (f.message_id, r.kind, r.record_id)
    %(workspace)s, f.message_id, r.kind, r.record_id, true, false,
    CASE WHEN f.role = 1 THEN 'sender' ELSE 'recipient' END, f.address_id
FROM (
    SELECT m.id AS message_id, p.address_id, p.role, p.position
    FROM mail_message m
    JOIN mail_participant p ON p.workspace_id = m.workspace_id AND p.message_id = m.id
    WHERE m.workspace_id = %(workspace)s AND m.id = ANY(%(messages)s::bigint[])
      AND (m.direction = 'in' AND p.role = ANY(%(roles_in)s::smallint[])
        OR m.direction = 'out' AND p.role = ANY(%(roles_out)s::smallint[]))
    UNION ALL
    SELECT c.message_id, a.id, 6, 0
    FROM mail_copy c
    CROSS JOIN unnest(c.bcc) AS b (address)
    JOIN mail_address a ON a.workspace_id = c.workspace_id AND a.address = b.address
    WHERE %(bcc)s AND c.workspace_id = %(workspace)s AND c.message_id = ANY(%(messages)s::bigint[])
      AND c.bcc <> '{}'
) f
JOIN linking_recordaddress r ON r.workspace_id = %(workspace)s AND r.address_id = f.address_id
ORDER BY f.message_id, r.kind, r.record_id, f.role, f.position
ON CONFLICT (workspace_id, message_id, kind, record_id) DO NOTHING;

-- name: inherit
INSERT INTO linking_link (workspace_id, message_id, kind, record_id, linked, pinned, reason, address_id)
SELECT %(workspace)s, n.id, about.kind, about.record_id, true, false, 'thread', about.address_id
FROM (
    SELECT m.thread_id, l.kind, l.record_id, min(l.address_id) AS address_id,
        array_agg(DISTINCT l.message_id) AS message_ids
    FROM mail_message m
    JOIN linking_link l ON l.workspace_id = m.workspace_id AND l.message_id = m.id
    WHERE m.workspace_id = %(workspace)s AND m.thread_id = ANY(%(threads)s::bigint[])
      AND l.linked AND l.reason <> 'thread'
    GROUP BY m.thread_id, l.kind, l.record_id
) about
JOIN mail_message n ON n.workspace_id = %(workspace)s AND n.thread_id = about.thread_id
    AND n.id <> ALL(about.message_ids)
WHERE n.direction = 'out' OR EXISTS (
    SELECT 1 FROM mail_participant p
    WHERE p.workspace_id = %(workspace)s AND p.message_id = ANY(about.message_ids)
      AND p.address_id = n.sender_id
)
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
SELECT m.id, coalesce(bool_or(l.linked), false) AS linked
FROM mail_message m
LEFT JOIN linking_link l ON l.workspace_id = m.workspace_id AND l.message_id = m.id
WHERE m.workspace_id = %(workspace)s AND m.thread_id = ANY(%(threads)s::bigint[])
GROUP BY m.id, m.linked
HAVING coalesce(bool_or(l.linked), false) <> m.linked;

-- name: drop_thread_records
DELETE FROM linking_threadrecord t
WHERE t.workspace_id = %(workspace)s AND t.thread_id = ANY(%(threads)s::bigint[])
  AND NOT EXISTS (
    SELECT 1 FROM mail_message m
    JOIN linking_link l ON l.workspace_id = m.workspace_id AND l.message_id = m.id
    WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.thread_id
      AND l.kind = t.kind AND l.record_id = t.record_id AND l.linked);

-- name: derive_thread_records
INSERT INTO linking_threadrecord (workspace_id, thread_id, kind, record_id, last_at, message_count)
SELECT %(workspace)s, m.thread_id, l.kind, l.record_id, max(m.sent_at), count(*)
FROM mail_message m
JOIN linking_link l ON l.workspace_id = m.workspace_id AND l.message_id = m.id
WHERE m.workspace_id = %(workspace)s AND m.thread_id = ANY(%(threads)s::bigint[]) AND l.linked
GROUP BY m.thread_id, l.kind, l.record_id
ON CONFLICT (workspace_id, thread_id, kind, record_id) DO UPDATE SET
    last_at = excluded.last_at, message_count = excluded.message_count;
