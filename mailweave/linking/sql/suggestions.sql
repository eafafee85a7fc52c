-- name: alike
-- Records whose addresses resemble one: the address without what stands behind its "+", and those
-- with the same words before the "@" elsewhere.
SELECT r.kind, r.record_id, a.address
FROM (
    SELECT id, address FROM mail_address
    WHERE workspace_id = %(workspace)s AND address = %(base)s
    UNION
    SELECT id, address FROM mail_address
    WHERE %(elsewhere)s AND workspace_id = %(workspace)s
      AND address >= %(local)s || '@' AND address < %(local)s || 'A'
) a
CROSS JOIN LATERAL (
    SELECT kind, record_id FROM linking_recordaddress
    WHERE workspace_id = %(workspace)s AND address_id = a.id OFFSET 0
) r
WHERE a.address <> %(address)s
ORDER BY a.address <> %(base)s, a.address, r.kind, r.record_id LIMIT %(limit)s;

-- name: beside
-- Records of other messages in the same threads, as far as the viewer sees those.
SELECT l.kind, l.record_id, max(l.sent_at) AS at
FROM unnest(%(threads)s::bigint[]) AS g (thread_id)
CROSS JOIN LATERAL (
    SELECT m.sent_at, l.kind, l.record_id
    FROM (
        SELECT id, sent_at, linked, doors FROM mail_message
        WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id AND linked
        ORDER BY sent_at DESC LIMIT 50
    ) m
    CROSS JOIN LATERAL (
        SELECT kind, record_id FROM linking_link
        WHERE workspace_id = %(workspace)s AND message_id = m.id AND linked OFFSET 0
    ) l
    WHERE EXISTS ({copies})
) l
GROUP BY l.kind, l.record_id ORDER BY at DESC LIMIT %(limit)s;

-- name: recent
-- Records that the newest visible mail with an address is linked to.
SELECT l.kind, l.record_id, max(p.sent_at) AS at
FROM (
    SELECT p.message_id, p.sent_at FROM mail_participant p
    WHERE p.workspace_id = %(workspace)s AND p.address_id = (
        SELECT id FROM mail_address WHERE workspace_id = %(workspace)s AND address = %(address)s)
    ORDER BY p.sent_at DESC LIMIT 100
) p
CROSS JOIN LATERAL (
    SELECT id, linked, doors FROM mail_message
    WHERE workspace_id = %(workspace)s AND id = p.message_id AND linked LIMIT 1
) m
CROSS JOIN LATERAL (
    SELECT kind, record_id FROM linking_link
    WHERE workspace_id = %(workspace)s AND message_id = m.id AND linked OFFSET 0
) l
WHERE EXISTS ({copies})
GROUP BY l.kind, l.record_id ORDER BY at DESC LIMIT %(limit)s;

-- name: contacted
-- When there was mail about these records last, of what the viewer sees.
SELECT w.place, max(n.at)
FROM unnest(%(places)s::bigint[], %(kinds)s::text[], %(records)s::bigint[])
    AS w (place, kind, record_id)
CROSS JOIN LATERAL (
    SELECT t.thread_id FROM linking_threadrecord t
    WHERE t.workspace_id = %(workspace)s AND t.kind = w.kind AND t.record_id = w.record_id
    ORDER BY t.last_at DESC, t.thread_id DESC LIMIT 20
) t
CROSS JOIN LATERAL (
    SELECT m.sent_at AS at FROM mail_message m
    WHERE m.workspace_id = %(workspace)s AND m.thread_id = t.thread_id AND EXISTS (
        SELECT 1 FROM linking_link l
        WHERE l.workspace_id = %(workspace)s AND l.message_id = m.id AND l.linked
          AND l.kind = w.kind AND l.record_id = w.record_id
    ) AND EXISTS ({copies})
    ORDER BY m.sent_at DESC LIMIT 1
) n
GROUP BY w.place;

-- name: known_by
-- An address of each of these records that has a text in it.
SELECT DISTINCT ON (r.kind, r.record_id) r.kind, r.record_id, a.address
FROM unnest(%(kinds)s::text[], %(records)s::bigint[]) AS w (kind, record_id)
JOIN linking_recordaddress r
    ON r.workspace_id = %(workspace)s AND r.kind = w.kind AND r.record_id = w.record_id
JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = r.address_id
WHERE position(%(text)s IN a.address) > 0
ORDER BY r.kind, r.record_id, r.address_kind DESC, a.address;

-- name: reached_at
-- The addresses of these records, foremost first.
SELECT r.kind, r.record_id, a.address
FROM unnest(%(kinds)s::text[], %(records)s::bigint[]) AS w (kind, record_id)
JOIN linking_recordaddress r
    ON r.workspace_id = %(workspace)s AND r.kind = w.kind AND r.record_id = w.record_id
JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = r.address_id
ORDER BY r.address_kind DESC, r.id;
