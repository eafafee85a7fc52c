-- name: wake
-- In the order of numbers, so that two who wake several never wait for each other in a circle.
WITH woken AS (
    INSERT INTO sync_wakeup (workspace_id, mailbox_id, told_at)
    SELECT m.workspace_id, m.id, %(now)s FROM mail_mailbox m
    WHERE m.workspace_id = %(workspace)s AND m.id = ANY(%(mailboxes)s::bigint[])
      AND m.disconnected_at IS NULL
    ORDER BY m.id
    ON CONFLICT (workspace_id, mailbox_id) DO NOTHING
    RETURNING mailbox_id
)
SELECT s.id FROM sync_sync s
WHERE s.workspace_id = %(workspace)s AND s.mailbox_id IN (SELECT mailbox_id FROM woken);

-- name: listeners
SELECT workspace_id, mailbox_id FROM sync_listeners(%(address)s);
