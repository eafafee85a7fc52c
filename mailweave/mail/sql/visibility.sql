-- name: open
-- Whether what is linked opens to the viewer: without doors of theirs, all of it does.
{m}.linked AND (%(doors)s::text[] IS NULL OR {m}.doors && %(doors)s::text[])

-- name: copies
-- The copies of message m that the viewer sees, each with its level.
SELECT c.mailbox_id, c.remote_id, c.state, c.seen, c.bcc, see.level
FROM mail_copy c
CROSS JOIN LATERAL (
    SELECT mail_level(
        c.mailbox_id, {open: m}, %(mailboxes)s::bigint[], %(levels)s::integer[], c.sharing
    ) AS level
) see
WHERE c.workspace_id = %(workspace)s AND c.message_id = m.id
  AND c.state IN ('stored', 'gone') AND see.level IS NOT NULL
