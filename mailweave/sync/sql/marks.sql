-- name: mark
-- One statement for one message or a hundred thousand, each looked up by itself.
WITH chosen AS MATERIALIZED (
    SELECT c.id, c.mailbox_id, c.thread_id FROM mail_copy c
    WHERE c.workspace_id = %(workspace)s AND c.mailbox_id = ANY(%(mailboxes)s::bigint[])
      AND c.state = 'stored' AND c.seen <> %(seen)s AND {which}
), changed AS (
    UPDATE mail_copy c SET seen = %(seen)s FROM chosen
    WHERE c.workspace_id = %(workspace)s AND c.id = chosen.id
), noted AS (
    INSERT INTO sync_seenmark (
        workspace_id, mailbox_id, copy_id, seen, before, made_by_id, made_at, due_at, asked_at,
        attempts)
    SELECT %(workspace)s, mailbox_id, id, %(seen)s, NOT %(seen)s, %(user)s, %(now)s, %(now)s, NULL, 0
    FROM chosen
    ON CONFLICT (workspace_id, copy_id) DO UPDATE SET
        seen = excluded.seen, made_by_id = excluded.made_by_id, made_at = excluded.made_at,
        due_at = excluded.due_at, attempts = 0
), kept AS (
    INSERT INTO sync_marking (workspace_id, made_by_id, made_at, seen, copy_ids)
    SELECT %(workspace)s, %(user)s, %(now)s, %(seen)s, array_agg(id)
    FROM chosen HAVING count(*) > 0
    RETURNING id
)
SELECT (SELECT id FROM kept), count(*), coalesce(array_agg(DISTINCT thread_id), '{}'),
    coalesce(array_agg(DISTINCT mailbox_id), '{}')
FROM chosen;

-- name: drop_needless
-- A mark back to what the provider says is none, unless it may have been told otherwise by now.
DELETE FROM sync_seenmark
WHERE workspace_id = %(workspace)s AND mailbox_id = ANY(%(mailboxes)s::bigint[])
  AND seen = before AND asked_at IS NULL;

-- name: count
SELECT count(*) FROM mail_copy c
WHERE c.workspace_id = %(workspace)s AND c.mailbox_id = ANY(%(mailboxes)s::bigint[])
  AND c.state = 'stored' AND c.seen <> %(seen)s AND {which};

-- name: of_all
true

-- name: of_messages
c.message_id = ANY(%(messages)s::bigint[])

-- name: of_threads
c.thread_id = ANY(%(threads)s::bigint[])

-- name: of_newest
-- The newest message of a thread that was received, as far as it lies in these mailboxes.
c.message_id = (
    SELECT m.id FROM mail_message m
    WHERE m.workspace_id = %(workspace)s AND m.thread_id = %(thread)s AND EXISTS (
        SELECT 1 FROM mail_copy o
        WHERE o.workspace_id = %(workspace)s AND o.message_id = m.id AND o.state = 'stored'
          AND o.mailbox_id = ANY(%(mailboxes)s::bigint[]))
    ORDER BY m.direction = 'in' DESC, m.sent_at DESC, m.id DESC LIMIT 1)

-- name: of_address
-- Threads in which an address takes part.
c.thread_id IN (
    SELECT m.thread_id FROM mail_participant p
    JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = p.address_id
    JOIN mail_message m ON m.workspace_id = %(workspace)s AND m.id = p.message_id
    WHERE p.workspace_id = %(workspace)s AND a.address = %(address)s)

-- name: of_marking
c.id IN (
    SELECT unnest(g.copy_ids) FROM sync_marking g
    WHERE g.workspace_id = %(workspace)s AND g.id = %(marking)s)

-- name: take
-- The next of those that have waited for longest, all of one kind.
WITH next AS (
    SELECT k.id FROM sync_seenmark k
    WHERE k.workspace_id = %(workspace)s AND k.mailbox_id = %(mailbox)s AND k.due_at <= %(now)s
      AND k.seen = (
        SELECT o.seen FROM sync_seenmark o
        WHERE o.workspace_id = %(workspace)s AND o.mailbox_id = %(mailbox)s AND o.due_at <= %(now)s
        ORDER BY o.due_at, o.id LIMIT 1)
    ORDER BY k.due_at, k.id LIMIT %(limit)s
)
UPDATE sync_seenmark k SET asked_at = %(now)s FROM next, mail_copy c
WHERE k.workspace_id = %(workspace)s AND k.id = next.id
  AND c.workspace_id = %(workspace)s AND c.id = k.copy_id
RETURNING c.remote_id, k.id, k.seen;

-- name: written
-- Exactly what was written goes; what was changed meanwhile stays, and the provider says otherwise.
WITH done AS (
    DELETE FROM sync_seenmark
    WHERE workspace_id = %(workspace)s AND id = ANY(%(marks)s::bigint[]) AND seen = %(seen)s
)
UPDATE sync_seenmark SET before = %(seen)s, asked_at = NULL, attempts = 0
WHERE workspace_id = %(workspace)s AND id = ANY(%(marks)s::bigint[]) AND seen <> %(seen)s;

-- name: give_up
-- The copy shows what the provider says again.
WITH dropped AS (
    DELETE FROM sync_seenmark
    WHERE workspace_id = %(workspace)s AND id = ANY(%(marks)s::bigint[])
    RETURNING copy_id, before
)
UPDATE mail_copy c SET seen = dropped.before FROM dropped
WHERE c.workspace_id = %(workspace)s AND c.id = dropped.copy_id AND c.seen <> dropped.before
RETURNING c.thread_id;

-- name: put_off
UPDATE sync_seenmark SET attempts = attempts + 1,
    due_at = %(now)s::timestamptz + interval '30 seconds' * power(2, attempts)
WHERE workspace_id = %(workspace)s AND id = ANY(%(marks)s::bigint[])
RETURNING id, attempts;
