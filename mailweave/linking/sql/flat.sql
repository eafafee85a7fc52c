-- name: messages
-- Messages about the records, newest first from a place: by links, and by addresses where no link
-- has been made yet. Both run from new to old, so that below the horizon, where one of them was
-- cut, nothing is known.
WITH wanted AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(records)s::bigint[]) AS w (kind, record_id)
), by_link AS (
    SELECT l.* FROM wanted w
    CROSS JOIN LATERAL (
        SELECT l.sent_at AS at, l.message_id, row_number() OVER (
            ORDER BY l.sent_at DESC, l.message_id DESC) AS rank
        FROM (
            SELECT l.sent_at, l.message_id FROM linking_link l
            WHERE l.workspace_id = %(workspace)s AND l.kind = w.kind AND l.record_id = w.record_id
              AND l.linked AND l.sent_at <= %(at)s
            ORDER BY l.sent_at DESC, l.message_id DESC LIMIT %(batch)s
        ) l
    ) l
), by_address AS (
    SELECT p.* FROM unnest(%(addresses)s::bigint[]) AS a (address_id)
    CROSS JOIN LATERAL (
        SELECT p.sent_at AS at, p.message_id, row_number() OVER (
            ORDER BY p.sent_at DESC, p.message_id DESC) AS rank
        FROM (
            SELECT p.sent_at, p.message_id FROM mail_participant p
            WHERE p.workspace_id = %(workspace)s AND p.address_id = a.address_id
              AND p.sent_at <= %(at)s
            ORDER BY p.sent_at DESC LIMIT %(batch)s
        ) p
    ) p
), horizon AS (
    SELECT max(at) AS at FROM (
        SELECT at FROM by_link WHERE rank = %(batch)s
        UNION ALL SELECT at FROM by_address WHERE rank = %(batch)s
    ) ends
), candidates AS (
    SELECT c.at, c.message_id, bool_or(c.is_linked) AS is_linked
    FROM (
        SELECT at, message_id, true AS is_linked FROM by_link
        UNION ALL SELECT at, message_id, false FROM by_address
    ) c, horizon h
    WHERE (h.at IS NULL OR c.at > h.at) AND (c.at, c.message_id) < (%(at)s, %(id)s)
    GROUP BY c.at, c.message_id
)
SELECT g.at, g.id, h.at
FROM horizon h
LEFT JOIN LATERAL (
    SELECT c.at, m.id
    FROM candidates c
    CROSS JOIN LATERAL (
        SELECT * FROM mail_message
        WHERE workspace_id = %(workspace)s AND id = c.message_id LIMIT 1
    ) m
    WHERE (%(way)s = '' OR m.direction = %(way)s)
      AND (c.is_linked OR {about}) AND EXISTS ({copies})
    ORDER BY c.at DESC, m.id DESC LIMIT %(limit)s
) g ON true
ORDER BY g.at DESC, g.id DESC;

-- name: rows
-- These messages as lines of a list, each as far as the viewer sees it, with who sent it or to
-- whom it went.
SELECT m.id, m.thread_id, m.sent_at, m.direction, see.level, see.unread, see.kinds,
    CASE WHEN see.level >= 2 THEN m.subject END, CASE WHEN see.level >= 3 THEN m.preview END,
    CASE WHEN see.level >= 3 THEN m.attachment_count ELSE 0 END,
    who.names, who.addresses, who.people
FROM unnest(%(messages)s::bigint[]) WITH ORDINALITY AS w (id, place)
CROSS JOIN LATERAL (
    SELECT * FROM mail_message WHERE workspace_id = %(workspace)s AND id = w.id LIMIT 1
) m
CROSS JOIN LATERAL (
    SELECT max(c.level) AS level,
        bool_or(c.level = 4 AND c.state = 'stored' AND NOT c.seen) AS unread,
        array_agg((SELECT b.kind::text FROM mail_mailbox b
                   WHERE b.workspace_id = %(workspace)s AND b.id = c.mailbox_id)
                  ORDER BY c.mailbox_id) AS kinds
    FROM ({copies} OFFSET 0) c
) see
CROSS JOIN LATERAL (
    SELECT array_agg(q.name ORDER BY q.nr) FILTER (WHERE q.nr <= %(named)s) AS names,
        array_agg((SELECT a.address FROM mail_address a
                   WHERE a.workspace_id = %(workspace)s AND a.id = q.address_id)
                  ORDER BY q.nr) FILTER (WHERE q.nr <= %(named)s) AS addresses,
        count(*) AS people
    FROM (
        SELECT p.name, p.address_id, row_number() OVER (ORDER BY p.role, p.position) AS nr
        FROM mail_participant p
        WHERE p.workspace_id = %(workspace)s AND p.message_id = m.id
          AND CASE m.direction WHEN 'in' THEN p.role = 1 ELSE p.role IN (4, 5) END
    ) q
) who
WHERE see.level IS NOT NULL
ORDER BY w.place;
