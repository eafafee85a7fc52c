-- name: rows
-- Per wanted thread its newest visible messages (and the one in focus), with totals over all of
-- them. Messages count if a mailbox of the list's scope shows them; their level is the highest.
SELECT w.place, w.focus_id, v.*, boxes.ids, boxes.kinds
FROM unnest(%(threads)s::bigint[], %(focus)s::bigint[])
    WITH ORDINALITY AS w (thread_id, focus_id, place)
CROSS JOIN LATERAL (
    SELECT array_agg(b.id ORDER BY b.id) AS ids, array_agg(b.kind::text ORDER BY b.id) AS kinds
    FROM (
        SELECT mailbox_id, linked, doors, sharing FROM mail_threadmailbox
        WHERE workspace_id = %(workspace)s AND thread_id = w.thread_id OFFSET 0
    ) t
    JOIN mail_mailbox b ON b.workspace_id = %(workspace)s AND b.id = t.mailbox_id
    WHERE t.mailbox_id = ANY(%(scope)s::bigint[])
      AND mail_level(
          t.mailbox_id, {open: t}, %(mailboxes)s::bigint[], %(levels)s::integer[], t.sharing
      ) IS NOT NULL
) boxes
CROSS JOIN LATERAL (
    SELECT x.id, x.sent_at, x.direction, x.level, x.sender_name,
        (SELECT a.address FROM mail_address a
         WHERE a.workspace_id = %(workspace)s AND a.id = x.sender_id) AS sender_address,
        CASE WHEN x.level >= 2 THEN x.subject END AS subject,
        CASE WHEN x.level >= 3 THEN x.preview END AS preview,
        count(*) OVER all_of AS messages,
        count(*) FILTER (WHERE x.unread) OVER all_of AS unread,
        sum(CASE WHEN x.level >= 3 THEN x.attachment_count ELSE 0 END) OVER all_of AS attachments,
        row_number() OVER (ORDER BY x.sent_at DESC, x.id DESC) AS rank
    FROM (
        SELECT m.*, see.level, see.unread
        FROM mail_message m
        CROSS JOIN LATERAL (
            SELECT max(c.level) AS level,
                bool_or(c.level = 4 AND c.state = 'stored' AND NOT c.seen) AS unread,
                bool_or(c.mailbox_id = ANY(%(scope)s::bigint[])) AS in_scope
            FROM ({copies}) c
        ) see
        WHERE m.workspace_id = %(workspace)s AND m.thread_id = w.thread_id AND see.in_scope
          {about}
        ORDER BY m.sent_at DESC, m.id DESC
        LIMIT %(depth)s
    ) x
    WINDOW all_of AS ()
) v
WHERE v.rank <= %(senders)s OR v.id = w.focus_id
ORDER BY w.place, v.rank;
