-- name: move_messages
UPDATE mail_message m SET thread_id = g.winner
FROM unnest(%(losers)s::bigint[], %(winners)s::bigint[]) AS g (loser, winner)
WHERE m.workspace_id = %(workspace)s AND m.thread_id = g.loser;

-- name: move_copies
UPDATE mail_copy c SET thread_id = g.winner
FROM unnest(%(losers)s::bigint[], %(winners)s::bigint[]) AS g (loser, winner)
WHERE c.workspace_id = %(workspace)s AND c.thread_id = g.loser;

-- name: move_remote_threads
UPDATE mail_remotethread r SET thread_id = g.winner
FROM unnest(%(losers)s::bigint[], %(winners)s::bigint[]) AS g (loser, winner)
WHERE r.workspace_id = %(workspace)s AND r.thread_id = g.loser;

-- name: move_keys
UPDATE mail_threadkey k SET thread_id = g.winner
FROM unnest(%(losers)s::bigint[], %(winners)s::bigint[]) AS g (loser, winner)
WHERE k.workspace_id = %(workspace)s AND k.thread_id = g.loser;

-- name: drop_threads
DELETE FROM mail_thread WHERE workspace_id = %(workspace)s AND id = ANY(%(losers)s::bigint[]);

-- name: refresh_threads
UPDATE mail_thread t
SET first_at = m.first_at, last_at = m.last_at, message_count = m.n, subject = m.subject
FROM (
    SELECT thread_id, min(sent_at) AS first_at, max(sent_at) AS last_at, count(*) AS n,
        (array_agg(subject ORDER BY sent_at, id))[1] AS subject
    FROM mail_message
    WHERE workspace_id = %(workspace)s AND thread_id = ANY(%(threads)s::bigint[])
    GROUP BY thread_id
) m
WHERE t.workspace_id = %(workspace)s AND t.id = m.thread_id;

-- name: refresh_mailboxes
INSERT INTO mail_threadmailbox (
    workspace_id, thread_id, mailbox_id, last_at, last_message_id, message_count, unread_count,
    attachment_count, linked)
SELECT %(workspace)s, c.thread_id, c.mailbox_id, max(m.sent_at),
    (array_agg(m.id ORDER BY m.sent_at DESC, m.id DESC))[1], count(DISTINCT m.id),
    count(*) FILTER (WHERE NOT c.seen AND c.state = 'stored'), sum(m.attachment_count),
    bool_or(m.linked)
FROM mail_copy c
JOIN mail_message m ON m.workspace_id = c.workspace_id AND m.id = c.message_id
WHERE c.workspace_id = %(workspace)s AND c.thread_id = ANY(%(threads)s::bigint[])
  AND c.state IN ('stored', 'gone')
GROUP BY c.thread_id, c.mailbox_id
ON CONFLICT (workspace_id, thread_id, mailbox_id) DO UPDATE SET
    last_at = excluded.last_at, last_message_id = excluded.last_message_id,
    message_count = excluded.message_count, unread_count = excluded.unread_count,
    attachment_count = excluded.attachment_count, linked = excluded.linked;
