-- name: newest
-- The newest threads after a place, merged from the newest of each mailbox. A row is left out when
-- another mailbox of the list has the thread at a newer place. Where one mailbox's batch ends
-- (the horizon), the merge is no longer complete: the caller goes on from there.
WITH found AS (
    SELECT t.last_at, t.thread_id, row_number() OVER (
        PARTITION BY t.mailbox_id ORDER BY t.last_at DESC, t.thread_id DESC) AS rank
    FROM (
        {stretches}
    ) t
), horizon AS (
    SELECT last_at, thread_id FROM found WHERE rank = %(batch)s
    ORDER BY last_at DESC, thread_id DESC LIMIT 1
), merged AS (
    SELECT f.thread_id, max(f.last_at) AS last_at FROM found f
    WHERE NOT EXISTS (
        SELECT 1 FROM horizon h WHERE (f.last_at, f.thread_id) < (h.last_at, h.thread_id)
    )
    GROUP BY f.thread_id
)
SELECT g.last_at, g.thread_id, g.thread_id, h.last_at, h.thread_id
FROM (SELECT 1) one
LEFT JOIN horizon h ON true
LEFT JOIN LATERAL (
    SELECT n.last_at, n.thread_id FROM merged n
    WHERE NOT EXISTS (
        SELECT 1 FROM (
            SELECT * FROM mail_threadmailbox
            WHERE workspace_id = %(workspace)s AND thread_id = n.thread_id OFFSET 0
        ) tm
        WHERE tm.last_at > n.last_at {passes} AND tm.mailbox_id = ANY(%(scope)s::bigint[])
          AND mail_level(
            tm.mailbox_id, {open: tm}, %(mailboxes)s::bigint[], %(levels)s::integer[], tm.sharing
          ) IS NOT NULL
    )
    ORDER BY n.last_at DESC, n.thread_id DESC LIMIT %(limit)s
) g ON true
ORDER BY g.last_at DESC, g.thread_id DESC;

-- name: stretch
-- The next threads of each of some mailboxes, so far as these show them.
SELECT t.* FROM unnest(%({boxes})s::bigint[]) AS box (mailbox_id)
CROSS JOIN LATERAL (
    SELECT tm.mailbox_id, tm.last_at, tm.thread_id FROM mail_threadmailbox tm
    WHERE tm.workspace_id = %(workspace)s AND tm.mailbox_id = box.mailbox_id {shows} {passes}
      AND (tm.last_at, tm.thread_id) < (%(at)s, %(id)s)
    ORDER BY tm.last_at DESC, tm.thread_id DESC LIMIT %(batch)s
) t

-- name: with_address
-- The threads in which an address takes part, each at its newest visible message that names it:
-- of the address's next messages (a batch) those that no newer one of their thread makes needless.
-- Each is looked up by itself, whatever the planner thinks of how many there are.
WITH batch AS MATERIALIZED (
    SELECT p.sent_at, p.message_id FROM mail_participant p
    WHERE p.workspace_id = %(workspace)s AND p.address_id = %(address)s
      AND p.sent_at <= %(at)s AND (p.sent_at, p.message_id) < (%(at)s, %(id)s)
    ORDER BY p.sent_at DESC, p.message_id DESC LIMIT %(batch)s
), horizon AS (
    SELECT sent_at, message_id FROM batch
    ORDER BY sent_at DESC, message_id DESC OFFSET %(batch)s - 1 LIMIT 1
)
SELECT f.sent_at, f.message_id, f.thread_id, h.sent_at, h.message_id
FROM (SELECT 1) one
LEFT JOIN horizon h ON true
LEFT JOIN LATERAL (
    SELECT p.sent_at, p.message_id, m.thread_id
    FROM (SELECT DISTINCT sent_at, message_id FROM batch) p
    CROSS JOIN LATERAL (
        SELECT o.id, o.thread_id, o.linked, o.doors FROM mail_message o
        WHERE o.workspace_id = %(workspace)s AND o.id = p.message_id LIMIT 1
    ) m
    WHERE {shown} {passes}
      AND NOT EXISTS (
        SELECT 1 FROM (
            SELECT n.id, n.linked, n.doors FROM mail_message n
            WHERE n.workspace_id = %(workspace)s AND n.thread_id = m.thread_id
              AND n.sent_at >= p.sent_at AND (n.sent_at, n.id) > (p.sent_at, p.message_id) OFFSET 0
        ) m
        WHERE {shown} AND EXISTS (
            SELECT 1 FROM (
                SELECT q.address_id FROM mail_participant q
                WHERE q.workspace_id = %(workspace)s AND q.message_id = m.id OFFSET 0
            ) q
            WHERE q.address_id = %(address)s
        )
      )
    ORDER BY p.sent_at DESC, p.message_id DESC LIMIT %(limit)s
) f ON true
ORDER BY f.sent_at DESC, f.message_id DESC;

-- name: address
SELECT id FROM mail_address WHERE workspace_id = %(workspace)s AND address = %(address)s;

-- name: shown
EXISTS (SELECT 1 FROM ({copies}) c WHERE c.mailbox_id = ANY(%(scope)s::bigint[]))

-- name: unread
AND tm.unread_count > 0 AND mail_level(
    tm.mailbox_id, false, %(mailboxes)s::bigint[], %(levels)s::integer[], tm.sharing
) = 4

-- name: unread_thread
AND EXISTS (
    SELECT 1 FROM (
        SELECT mailbox_id, unread_count, sharing FROM mail_threadmailbox
        WHERE workspace_id = %(workspace)s AND thread_id = m.thread_id OFFSET 0
    ) tm
    WHERE tm.mailbox_id = ANY(%(scope)s::bigint[]) {unread}
)
