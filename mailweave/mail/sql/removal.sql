-- name: held
SELECT message_id, thread_id FROM mail_copy
WHERE workspace_id = %(workspace)s AND id = ANY(%(copies)s::bigint[]) AND message_id IS NOT NULL;

-- name: empty
UPDATE mail_copy SET message_id = NULL, thread_id = NULL, bcc = '{}', folder_ids = '{}',
    seen = false, flagged = false
WHERE workspace_id = %(workspace)s AND id = ANY(%(copies)s::bigint[]);

-- name: orphans
SELECT b.message_id, octet_length(b.text) + coalesce(octet_length(b.html_zstd), 0)
    + coalesce(octet_length(b.shown), 0) + octet_length(b.headers_zstd)
FROM mail_body b
WHERE b.workspace_id = %(workspace)s AND b.message_id = ANY(%(messages)s::bigint[])
  AND NOT EXISTS (
    SELECT 1 FROM mail_copy c
    WHERE c.workspace_id = %(workspace)s AND c.message_id = b.message_id);

-- name: delete_messages
-- What hangs on them goes along: bodies, participants, parts, words, links.
DELETE FROM mail_message WHERE workspace_id = %(workspace)s AND id = ANY(%(messages)s::bigint[]);

-- name: forget_names
UPDATE mail_address a SET name = ''
WHERE a.workspace_id = %(workspace)s AND a.id = ANY(%(people)s::bigint[]) AND a.name <> ''
  AND NOT EXISTS (
    SELECT 1 FROM mail_participant p WHERE p.workspace_id = %(workspace)s AND p.address_id = a.id);

-- name: prune_threads
-- Threads without a message go, and the ids of the others are told.
WITH gone AS (
    DELETE FROM mail_thread t
    WHERE t.workspace_id = %(workspace)s AND t.id = ANY(%(threads)s::bigint[])
      AND NOT EXISTS (
        SELECT 1 FROM mail_message m
        WHERE m.workspace_id = %(workspace)s AND m.thread_id = t.id)
    RETURNING t.id
)
SELECT g.id FROM unnest(%(threads)s::bigint[]) AS g (id)
WHERE g.id NOT IN (SELECT id FROM gone);
