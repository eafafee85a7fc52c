-- name: known
SELECT remote_id, state, reason, received_at, listing, message_id IS NOT NULL FROM mail_copy
WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s
  AND remote_id = ANY(%(remote_ids)s::text[]);

-- name: count_days
INSERT INTO sync_auditday (workspace_id, audit_id, day, named)
SELECT %(workspace)s, %(audit)s, g.day, g.named
FROM unnest(%(days)s::date[], %(counts)s::integer[]) AS g (day, named)
ON CONFLICT (workspace_id, audit_id, day) DO UPDATE SET named = sync_auditday.named + excluded.named;

-- name: candidates
-- What was noted, with the state that we have of it by now (none: still unknown).
SELECT f.remote_id, f.remote_thread_id, f.received_at, f.what, c.state
FROM (
    SELECT * FROM sync_finding
    WHERE workspace_id = %(workspace)s AND audit_id = %(audit)s AND confirmed_at IS NULL
      AND what <> 'named'
    ORDER BY id LIMIT %(limit)s
) f
LEFT JOIN mail_copy c ON c.workspace_id = f.workspace_id AND c.mailbox_id = f.mailbox_id
    AND c.remote_id = f.remote_id;

-- name: mark_found
UPDATE mail_copy c SET listing = %(number)s
FROM sync_finding f
WHERE f.workspace_id = %(workspace)s AND f.audit_id = %(audit)s AND f.what <> 'missing'
  AND c.workspace_id = f.workspace_id AND c.mailbox_id = f.mailbox_id
  AND c.remote_id = f.remote_id AND c.listing < %(number)s;

-- name: count_found
INSERT INTO sync_auditday (workspace_id, audit_id, day, named)
SELECT f.workspace_id, f.audit_id, (c.received_at AT TIME ZONE 'UTC')::date, count(*)
FROM sync_finding f
LEFT JOIN mail_copy c ON c.workspace_id = f.workspace_id AND c.mailbox_id = f.mailbox_id
    AND c.remote_id = f.remote_id
WHERE f.workspace_id = %(workspace)s AND f.audit_id = %(audit)s AND f.what <> 'missing'
GROUP BY 1, 2, 3
ON CONFLICT (workspace_id, audit_id, day) DO UPDATE SET named = sync_auditday.named + excluded.named;

-- name: unbalanced
-- Days on which what the provider named is not what we have in some state.
SELECT count(*) FROM (
    SELECT day, named FROM sync_auditday
    WHERE workspace_id = %(workspace)s AND audit_id = %(audit)s
) p
FULL JOIN (
    SELECT (received_at AT TIME ZONE 'UTC')::date AS day, count(*) AS known FROM mail_copy
    WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s AND listing = %(number)s
    GROUP BY 1
) o ON coalesce(o.day, '-infinity') = coalesce(p.day, '-infinity')
WHERE coalesce(p.named, 0) <> coalesce(o.known, 0);
