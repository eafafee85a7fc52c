-- name: outline
-- The visible messages of a thread before a place, newest first: which, how much of each is seen,
-- and whether it was read.
SELECT m.id, m.sent_at, see.level, coalesce(see.seen, true)
FROM mail_message m
CROSS JOIN LATERAL (
    SELECT max(c.level) AS level, bool_and(c.seen OR c.state <> 'stored') FILTER (WHERE c.level = 4) AS seen
    FROM ({copies}) c
) see
WHERE m.workspace_id = %(workspace)s AND m.thread_id = %(thread)s
  AND m.sent_at <= %(at)s AND (m.sent_at, m.id) < (%(at)s, %(id)s) AND see.level IS NOT NULL
ORDER BY m.sent_at DESC, m.id DESC
LIMIT %(limit)s;
