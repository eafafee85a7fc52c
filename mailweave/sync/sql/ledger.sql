-- name: lines
-- What the provider named beside what we have of it, by stretches of time. What the audit named is
-- known by its mark; what came after it ended does not count, though a later one may have marked it.
WITH provider AS (
    SELECT date_trunc(%(unit)s, day::timestamp)::date AS day, sum(named) AS named FROM sync_auditday
    WHERE workspace_id = %(workspace)s AND audit_id = %(audit)s AND day >= %(start)s AND day < %(end)s
    GROUP BY 1
), ours AS (
    SELECT date_trunc(%(unit)s, received_at AT TIME ZONE 'UTC')::date AS day,
        count(*) FILTER (WHERE named AND state = 'stored') AS stored,
        count(*) FILTER (WHERE named AND state = 'skipped') AS left_out,
        count(*) FILTER (WHERE named AND state = 'stuck') AS aside,
        count(*) FILTER (WHERE named AND state = 'listed' AND attempts = 0) AS waiting,
        count(*) FILTER (WHERE named AND state = 'listed' AND attempts > 0) AS failing,
        count(*) FILTER (WHERE named AND state = 'gone') AS gone,
        count(*) FILTER (WHERE NOT named AND state IN ('stored', 'listed', 'stuck')) AS besides
    FROM (
        SELECT received_at, state, attempts,
            listing >= %(number)s AND (named_at IS NULL OR named_at <= %(ended_at)s) AS named
        FROM mail_copy
        WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s
          AND received_at >= %(start)s::timestamp AT TIME ZONE 'UTC'
          AND received_at < %(end)s::timestamp AT TIME ZONE 'UTC'
    ) c
    GROUP BY 1
)
SELECT day, coalesce(named, 0)::bigint, coalesce(stored, 0), coalesce(left_out, 0),
    coalesce(aside, 0), coalesce(waiting, 0), coalesce(failing, 0), coalesce(gone, 0),
    coalesce(besides, 0)
FROM provider FULL JOIN ours USING (day)
ORDER BY day DESC;

-- name: undated
-- The same for messages of which nobody has told the day yet.
SELECT NULL::date, coalesce((
        SELECT named FROM sync_auditday
        WHERE workspace_id = %(workspace)s AND audit_id = %(audit)s AND day IS NULL), 0)::bigint,
    0, count(*) FILTER (WHERE named AND state = 'skipped'),
    count(*) FILTER (WHERE named AND state = 'stuck'),
    count(*) FILTER (WHERE named AND state = 'listed' AND attempts = 0),
    count(*) FILTER (WHERE named AND state = 'listed' AND attempts > 0),
    count(*) FILTER (WHERE named AND state = 'gone'),
    count(*) FILTER (WHERE NOT named AND state IN ('listed', 'stuck'))
FROM (
    SELECT state, attempts,
        listing >= %(number)s AND (named_at IS NULL OR named_at <= %(ended_at)s) AS named
    FROM mail_copy
    WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s AND received_at IS NULL
) c;

-- name: reasons
SELECT reason, count(*) FROM mail_copy
WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s AND state = 'skipped'
GROUP BY reason ORDER BY 2 DESC, 1;

-- name: findings
SELECT f.id, f.remote_id, f.what, f.received_at, f.confirmed_at, coalesce(c.state, ''),
    coalesce(c.reason, ''), c.message_id
FROM sync_finding f
LEFT JOIN mail_copy c ON c.workspace_id = f.workspace_id AND c.mailbox_id = f.mailbox_id
    AND c.remote_id = f.remote_id
WHERE f.workspace_id = %(workspace)s AND f.mailbox_id = %(mailbox)s AND f.confirmed_at IS NOT NULL
ORDER BY f.id DESC LIMIT %(limit)s;
