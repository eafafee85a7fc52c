-- name: waits
-- What the rows of one mailbox ask for; each is found by an index of its own.
SELECT
    EXISTS (SELECT FROM mail_copy WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s
        AND state = 'listed' AND place < %(new_below)s),
    EXISTS (SELECT FROM sync_backfill WHERE workspace_id = %(workspace)s
        AND mailbox_id = %(mailbox)s AND state = 'running'),
    EXISTS (SELECT FROM sync_backfill WHERE workspace_id = %(workspace)s
        AND mailbox_id = %(mailbox)s AND state IN ('running', 'paused')),
    EXISTS (SELECT FROM sync_refill WHERE workspace_id = %(workspace)s
        AND mailbox_id = %(mailbox)s AND ended_at IS NULL),
    EXISTS (SELECT FROM sync_wakeup WHERE workspace_id = %(workspace)s
        AND mailbox_id = %(mailbox)s),
    (SELECT due_at FROM sync_seenmark WHERE workspace_id = %(workspace)s
        AND mailbox_id = %(mailbox)s ORDER BY due_at LIMIT 1),
    (SELECT missing_since FROM mail_copy WHERE workspace_id = %(workspace)s
        AND mailbox_id = %(mailbox)s AND missing_since IS NOT NULL ORDER BY missing_since LIMIT 1);
