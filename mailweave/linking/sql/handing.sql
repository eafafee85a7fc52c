-- name: hand
-- Where nobody watches anything, the first table is empty and nothing else is looked at. Mail from
-- before a reader began is the past, however new it is here.
INSERT INTO linking_handed (workspace_id, reader, message_id, mailbox_id, received_at, due_at)
SELECT %(workspace)s, w.reader, c.message_id, %(mailbox)s, c.received_at, %(now)s
FROM (
    SELECT reader, min(since) AS since, min(since) FILTER (WHERE mailbox_id = %(mailbox)s) AS here
    FROM linking_watch WHERE workspace_id = %(workspace)s GROUP BY reader
) w
CROSS JOIN unnest(%(messages)s::bigint[]) AS g (id)
CROSS JOIN LATERAL (
    SELECT message_id, thread_id, received_at FROM mail_copy
    WHERE workspace_id = %(workspace)s AND message_id = g.id AND mailbox_id = %(mailbox)s
      AND state = 'stored'
    ORDER BY received_at LIMIT 1
) c
WHERE c.received_at >= w.here OR c.received_at >= w.since AND EXISTS (
    SELECT 1 FROM (
        SELECT kind FROM linking_threadrecord
        WHERE workspace_id = %(workspace)s AND thread_id = c.thread_id OFFSET 0
    ) t
    WHERE split_part(t.kind, '.', 1) = w.reader)
ORDER BY c.received_at, c.message_id
ON CONFLICT (workspace_id, reader, message_id) DO NOTHING
RETURNING reader;
