-- name: refresh
-- The newest mail of each record that these threads are about, and of further ones. Of a thread
-- counts what lies in mailboxes that are not private.
INSERT INTO linking_activity (workspace_id, kind, record_id, mail_at)
SELECT %(workspace)s, r.kind, r.record_id, newest.at
FROM (
    SELECT kind, record_id FROM linking_threadrecord
    WHERE workspace_id = %(workspace)s AND thread_id = ANY(%(threads)s::bigint[])
    UNION SELECT * FROM unnest(%(kinds)s::text[], %(records)s::bigint[])
) r
LEFT JOIN LATERAL (
    SELECT least(t.last_at, shared.at) AS at
    FROM linking_threadrecord t
    CROSS JOIN LATERAL (
        SELECT max(tm.last_at) AS at
        FROM mail_threadmailbox tm
        JOIN mail_mailbox b ON b.workspace_id = %(workspace)s AND b.id = tm.mailbox_id
        WHERE tm.workspace_id = %(workspace)s AND tm.thread_id = t.thread_id
          AND b.sharing <> 'private'
    ) shared
    WHERE t.workspace_id = %(workspace)s AND t.kind = r.kind AND t.record_id = r.record_id
      AND shared.at IS NOT NULL
    ORDER BY t.last_at DESC LIMIT 1
) newest ON true
ORDER BY r.kind, r.record_id
ON CONFLICT (workspace_id, kind, record_id) DO UPDATE SET mail_at = excluded.mail_at
    WHERE linking_activity.mail_at IS DISTINCT FROM excluded.mail_at;
