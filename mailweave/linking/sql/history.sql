-- name: addresses
SELECT DISTINCT r.address_id
FROM linking_recordaddress r
JOIN unnest(%(kinds)s::text[], %(records)s::bigint[]) AS w (kind, record_id)
    ON r.kind = w.kind AND r.record_id = w.record_id
WHERE r.workspace_id = %(workspace)s AND r.address_kind = ANY(%(address_kinds)s::text[])
  AND (cardinality(%(types)s::text[]) = 0 OR r.kind = ANY(%(types)s::text[]));

-- name: threads
-- Threads that may be about the records, newest first from a place: by links, and by addresses
-- where no link has been made yet (of messages more than of threads, which have several). Both run
-- from new to old, so that below the horizon, where one of them was cut, nothing is known. ``late``
-- are threads whose newest mail about the records may be hidden from the viewer (it lies in
-- mailboxes that are not shared), so that they belong further down than their row says.
WITH wanted AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(records)s::bigint[]) AS w (kind, record_id)
), by_link AS (
    SELECT t.* FROM wanted w
    CROSS JOIN LATERAL (
        SELECT t.last_at AS at, t.thread_id, row_number() OVER (
            ORDER BY t.last_at DESC, t.thread_id DESC) AS rank
        FROM (
            SELECT t.last_at, t.thread_id FROM linking_threadrecord t
            WHERE t.workspace_id = %(workspace)s AND t.kind = w.kind AND t.record_id = w.record_id
              AND t.last_at <= %(at)s
            ORDER BY t.last_at DESC, t.thread_id DESC LIMIT %(batch)s
        ) t
    ) t
), by_address AS (
    SELECT p.* FROM unnest(%(addresses)s::bigint[]) AS a (address_id)
    CROSS JOIN LATERAL (
        SELECT p.sent_at AS at, p.message_id, row_number() OVER (
            ORDER BY p.sent_at DESC, p.message_id DESC) AS rank
        FROM (
            SELECT p.sent_at, p.message_id FROM mail_participant p
            WHERE p.workspace_id = %(workspace)s AND p.address_id = a.address_id
              AND p.sent_at <= %(at)s
            ORDER BY p.sent_at DESC LIMIT 3 * %(batch)s
        ) p
    ) p
), horizon AS (
    SELECT max(at) AS at FROM (
        SELECT at FROM by_link WHERE rank = %(batch)s
        UNION ALL SELECT at FROM by_address WHERE rank = 3 * %(batch)s
    ) ends
), late AS (
    SELECT t.thread_id FROM wanted w
    JOIN linking_threadrecord t ON t.workspace_id = %(workspace)s
        AND t.kind = w.kind AND t.record_id = w.record_id AND t.last_at > %(at)s
    WHERE EXISTS (
        SELECT 1 FROM mail_threadmailbox tm
        WHERE tm.workspace_id = %(workspace)s AND tm.thread_id = t.thread_id
          AND tm.mailbox_id <> ALL(%(mailboxes)s::bigint[])
    )
), candidates AS (
    SELECT l.thread_id FROM by_link l, horizon h WHERE h.at IS NULL OR l.at > h.at
    UNION SELECT m.thread_id FROM (
            -- The OFFSET keeps those below the horizon from being looked up.
            SELECT DISTINCT a.message_id FROM by_address a, horizon h
            WHERE h.at IS NULL OR a.at > h.at OFFSET 0
        ) a
        JOIN mail_message m ON m.workspace_id = %(workspace)s AND m.id = a.message_id
    UNION SELECT thread_id FROM late WHERE EXISTS (
        SELECT 1 FROM mail_mailbox b
        WHERE b.workspace_id = %(workspace)s AND b.id <> ALL(%(mailboxes)s::bigint[]))
)
SELECT g.at, g.thread_id, h.at
FROM horizon h
LEFT JOIN LATERAL (
    SELECT newest.at, c.thread_id
    FROM candidates c
    CROSS JOIN LATERAL (
        SELECT m.sent_at AS at FROM mail_message m
        WHERE m.workspace_id = %(workspace)s AND m.thread_id = c.thread_id
          AND {about} AND EXISTS ({copies})
        ORDER BY m.sent_at DESC LIMIT 1
    ) newest
    WHERE (newest.at, c.thread_id) < (%(at)s, %(id)s)
      AND (h.at IS NULL OR newest.at > h.at)
    ORDER BY newest.at DESC, c.thread_id DESC LIMIT %(limit)s
) g ON true
ORDER BY g.at DESC, g.thread_id DESC;

-- name: about
-- Whether message m is about one of the records: a link says so, or an address of theirs takes part
-- in a way that the policy matches; unless a person said that it is not, or only colleagues took
-- part and that is hidden, or one record is taken and another has it.
EXISTS (
    SELECT 1 FROM unnest(%(kinds)s::text[], %(records)s::bigint[]) AS w (kind, record_id)
    LEFT JOIN linking_link l ON l.workspace_id = %(workspace)s AND l.message_id = m.id
        AND l.kind = w.kind AND l.record_id = w.record_id
    WHERE l.linked OR NOT coalesce(l.pinned, false) AND {outsider} AND EXISTS (
        SELECT 1 FROM mail_participant p
        JOIN linking_recordaddress r ON r.workspace_id = %(workspace)s
            AND r.address_id = p.address_id AND r.kind = w.kind AND r.record_id = w.record_id
            AND r.address_kind = ANY(%(address_kinds)s::text[])
            AND (cardinality(%(types)s::text[]) = 0 OR r.kind = ANY(%(types)s::text[]))
        WHERE p.workspace_id = %(workspace)s AND p.message_id = m.id
          AND p.role = ANY(CASE m.direction WHEN 'out' THEN %(roles_out)s::smallint[]
                           ELSE %(roles_in)s::smallint[] END)
    ) AND NOT (%(takes_first)s AND EXISTS (
        SELECT 1 FROM linking_link o
        WHERE o.workspace_id = %(workspace)s AND o.message_id = m.id AND o.linked
          AND o.reason <> 'filed'
    ))
)

-- name: reasons
-- Every link and decision of these messages. An address is named if it can be read off the
-- thread: a Bcc that led to a link cannot.
SELECT l.message_id, l.kind, l.record_id, l.reason, l.linked, l.pinned, u.name, l.made_at,
    l.via_kind, l.via_record_id, l.rule,
    CASE WHEN EXISTS (
        SELECT 1 FROM mail_message m
        JOIN mail_message n ON n.workspace_id = m.workspace_id
            AND (n.id = m.id OR l.reason = 'thread' AND n.thread_id = m.thread_id)
        JOIN mail_participant p ON p.workspace_id = n.workspace_id AND p.message_id = n.id
            AND p.address_id = l.address_id
        WHERE m.workspace_id = %(workspace)s AND m.id = l.message_id
    ) THEN (SELECT a.address FROM mail_address a
            WHERE a.workspace_id = %(workspace)s AND a.id = l.address_id) END AS address
FROM linking_link l
LEFT JOIN people_user u ON u.id = l.made_by_id
WHERE l.workspace_id = %(workspace)s AND l.message_id = ANY(%(messages)s::bigint[])
ORDER BY l.message_id, l.linked DESC, l.kind, l.record_id;

-- name: telling
-- For each record these messages are linked to, the one whose link says it most plainly.
SELECT DISTINCT ON (l.kind, l.record_id) l.message_id
FROM linking_link l
WHERE l.workspace_id = %(workspace)s AND l.message_id = ANY(%(messages)s::bigint[]) AND l.linked
ORDER BY l.kind, l.record_id, l.reason = 'thread', l.message_id;
