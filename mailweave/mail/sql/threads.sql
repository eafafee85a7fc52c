-- name: move_messages
UPDATE mail_message m SET thread_id = g.winner
FROM unnest(%(losers)s::bigint[], %(winners)s::bigint[]) AS g (loser, winner)
WHERE m.workspace_id = %(workspace)s AND m.thread_id = g.loser;

-- name: move_copies
UPDATE mail_copy c SET thread_id = g.winner
FROM unnest(%(losers)s::bigint[], %(winners)s::bigint[]) AS g (loser, winner)
WHERE c.workspace_id = %(workspace)s AND c.thread_id = g.loser;

-- name: settle_sharing
-- What was said of threads that are one now holds for all of it, the stricter where it differs.
UPDATE mail_copy c SET sharing = s.sharing
FROM (
    SELECT k.thread_id, k.mailbox_id, CASE WHEN bool_or(k.sharing IS NULL) AND min(k.sharing) >= min(
        CASE WHEN b.delegate_id IS NOT NULL THEN 4
        ELSE array_position('{private,metadata,subject,full}', b.sharing::text) - 1 END
    ) THEN NULL ELSE min(k.sharing) END AS sharing
    FROM (
        SELECT DISTINCT thread_id, mailbox_id FROM mail_copy
        WHERE workspace_id = %(workspace)s AND thread_id = ANY(%(threads)s::bigint[])
          AND sharing IS NOT NULL
    ) said
    JOIN mail_mailbox b ON b.workspace_id = %(workspace)s AND b.id = said.mailbox_id
    JOIN mail_copy k ON k.workspace_id = %(workspace)s AND k.thread_id = said.thread_id
        AND k.mailbox_id = said.mailbox_id
    GROUP BY k.thread_id, k.mailbox_id
) s
WHERE c.workspace_id = %(workspace)s AND c.thread_id = s.thread_id
  AND c.mailbox_id = s.mailbox_id AND c.sharing IS DISTINCT FROM s.sharing;

-- name: move_remote_threads
UPDATE mail_remotethread r SET thread_id = g.winner
FROM unnest(%(losers)s::bigint[], %(winners)s::bigint[]) AS g (loser, winner)
WHERE r.workspace_id = %(workspace)s AND r.thread_id = g.loser;

-- name: move_keys
UPDATE mail_threadkey k SET thread_id = g.winner
FROM unnest(%(losers)s::bigint[], %(winners)s::bigint[]) AS g (loser, winner)
WHERE k.workspace_id = %(workspace)s AND k.thread_id = g.loser
  AND k.id = (
    SELECT min(o.id) FROM mail_threadkey o
    JOIN unnest(%(losers)s::bigint[], %(winners)s::bigint[]) AS h (loser, winner)
        ON h.loser = o.thread_id AND h.winner = g.winner
    WHERE o.workspace_id = %(workspace)s AND o.key = k.key)
  AND NOT EXISTS (
    SELECT 1 FROM mail_threadkey o
    WHERE o.workspace_id = %(workspace)s AND o.key = k.key AND o.thread_id = g.winner);

-- name: drop_threads
DELETE FROM mail_thread WHERE workspace_id = %(workspace)s AND id = ANY(%(losers)s::bigint[]);

-- name: refresh_threads
UPDATE mail_thread t
SET first_at = m.first_at, last_at = m.last_at, message_count = m.n, subject = m.subject
FROM unnest(%(threads)s::bigint[]) AS g (id)
CROSS JOIN LATERAL (
    SELECT min(sent_at) AS first_at, max(sent_at) AS last_at, count(*) AS n,
        (array_agg(subject ORDER BY sent_at, id))[1] AS subject
    FROM (
        SELECT id, sent_at, subject FROM mail_message
        WHERE workspace_id = %(workspace)s AND thread_id = g.id OFFSET 0
    ) one
) m
WHERE t.workspace_id = %(workspace)s AND t.id = g.id AND m.n > 0;

-- name: refresh_mailboxes
INSERT INTO mail_threadmailbox (
    workspace_id, thread_id, mailbox_id, last_at, last_message_id, message_count, unread_count,
    attachment_count, linked, doors, sharing)
SELECT %(workspace)s, n.thread_id, n.mailbox_id, n.last_at, n.last_message_id, n.messages, n.unread,
    n.attachments, n.linked,
    ARRAY(SELECT DISTINCT unnest(string_to_array(n.doors, ',')) ORDER BY 1), n.sharing
FROM (
SELECT g.id AS thread_id, c.mailbox_id, max(m.sent_at) AS last_at,
    (array_agg(m.id ORDER BY m.sent_at DESC, m.id DESC))[1] AS last_message_id,
    count(DISTINCT m.id) AS messages,
    count(*) FILTER (WHERE NOT c.seen AND c.state = 'stored') AS unread,
    sum(m.attachment_count) AS attachments, bool_or(m.linked) AS linked,
    string_agg(DISTINCT array_to_string(m.doors, ','), ',') FILTER (WHERE m.linked) AS doors,
    min(c.sharing) AS sharing
FROM unnest(%(threads)s::bigint[]) AS g (id)
CROSS JOIN LATERAL (
    SELECT id, sent_at, attachment_count, linked, doors FROM mail_message
    WHERE workspace_id = %(workspace)s AND thread_id = g.id OFFSET 0
) m
CROSS JOIN LATERAL (
    SELECT mailbox_id, seen, state, sharing FROM mail_copy
    WHERE workspace_id = %(workspace)s AND message_id = m.id
      AND state IN ('stored', 'gone') OFFSET 0
) c
GROUP BY g.id, c.mailbox_id
) n
ON CONFLICT (workspace_id, thread_id, mailbox_id) DO UPDATE SET
    last_at = excluded.last_at, last_message_id = excluded.last_message_id,
    message_count = excluded.message_count, unread_count = excluded.unread_count,
    attachment_count = excluded.attachment_count, linked = excluded.linked,
    doors = excluded.doors, sharing = excluded.sharing;

-- name: mark_doors
-- Each message with its doors, in one text.
UPDATE mail_message m
SET linked = g.doors <> '', doors = string_to_array(g.doors, ',')
FROM unnest(%(messages)s::bigint[], %(doors)s::text[]) AS g (id, doors)
WHERE m.workspace_id = %(workspace)s AND m.id = g.id;

-- name: recount
UPDATE mail_threadmailbox t SET unread_count = (
    SELECT count(*) FROM mail_copy c
    WHERE c.workspace_id = %(workspace)s AND c.thread_id = t.thread_id
      AND c.mailbox_id = t.mailbox_id AND NOT c.seen AND c.state = 'stored')
WHERE t.workspace_id = %(workspace)s AND t.thread_id = ANY(%(threads)s::bigint[]);

-- name: drop_emptied
DELETE FROM mail_threadmailbox t
WHERE t.workspace_id = %(workspace)s AND t.thread_id = ANY(%(threads)s::bigint[])
  AND NOT EXISTS (
    SELECT 1 FROM mail_copy c
    WHERE c.workspace_id = %(workspace)s AND c.thread_id = t.thread_id
      AND c.mailbox_id = t.mailbox_id AND c.state IN ('stored', 'gone'));
